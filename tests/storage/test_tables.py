import json

import pyarrow
import pyarrow.parquet
import pytest

from pipeline.errors import DataError
from pipeline.storage.tables import iterate_table, read_table


def texts(path) -> list[str]:
    return [row.text_of("text") for row in read_table(path, ("text",))]


def test_csv_with_quotes_line_breaks_and_guard(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes('\ufefftext,n\r\n"a ""b"", c",1\r\n"two\nlines",2\r\n\'=x,3\r\n'.encode())
    rows = read_table(path, ("text",))
    assert [row.text_of("text") for row in rows] == ['a "b", c', "two\nlines", "=x"]
    assert [row.line for row in rows] == [2, 3, 5]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_csv_of_other_spreadsheets(tmp_path, separator):
    path = tmp_path / "t.csv"
    path.write_text(f"id{separator}text\n1{separator}One, two.\n", encoding="utf-8")
    assert texts(path) == ["One, two."]


def test_jsonl_is_not_cut_at_unicode_line_separators(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({"text": "a\u2028b"}, ensure_ascii=False) + "\n\n", encoding="utf-8")
    assert texts(path) == ["a\u2028b"]


def test_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": ["One.", None]}), path)
    assert texts(path) == ["One.", ""]


def test_rows_come_before_the_table_is_read_to_its_end(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"text\n" + b"One.\n" * 100_000 + b"\xff\n")
    rows = iterate_table(path, ("text",))
    assert next(rows).text_of("text") == "One."
    with pytest.raises(DataError, match="byte 500005 is not UTF-8"):
        list(rows)


def test_missing_values_of_pandas_stay_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text\nNA\nnull\n", encoding="utf-8")
    assert texts(path) == ["NA", "null"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"tekst,n\nx,1\n", r"column 'text' is missing \(found: tekst, n\)"),
        ("t.csv", b"text\n", "has no rows"),
        ("t.csv", b"text\nx,y\n", "line 2: 2 cells, expected 1"),
        ("t.csv", b'text\n"x\n', "line 2: is not CSV"),
        ("t.csv", b"text\n\xff\xfe\n", "byte 5 is not UTF-8"),
        ("t.jsonl", b'{"text": "x"}\n{"text": \n', "line 2: is not JSON"),
        ("t.jsonl", b'["x"]\n', "line 1: expected an object"),
        ("t.parquet", b"PAR1 not really", "is not a Parquet file"),
        ("t.xlsx", b"x", r"'\.xlsx' is no table"),
    ],
)
def test_bad_table_is_named_with_file_and_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_table(path, ("text",))


def test_missing_table_says_so(tmp_path):
    with pytest.raises(DataError, match="cannot be opened"):
        read_table(tmp_path / "gone.csv", ("text",))
