import csv
import io

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.storage.csv_dialect import CsvWriter, encode_rows, guard, unguard

CELLS = st.text(
    alphabet=st.one_of(st.sampled_from("'=+-@\t\r\n\0＝＋－＠ab,\""), st.characters(codec="utf-8"))
)


@given(CELLS)
def test_guard_can_always_be_undone(cell):
    assert unguard(guard(cell)) == cell


@pytest.mark.parametrize("cell", ["=1+1", "- de Raad", "+x", "@x", "\tx", "'=x", "＝x"])
def test_cell_that_a_spreadsheet_would_run_is_guarded(cell):
    assert guard(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["De Raad", "'s avonds", "", "3 - 2"])
def test_harmless_cell_is_left_alone(cell):
    assert guard(cell) == cell


@given(st.lists(st.tuples(st.none() | CELLS, st.none() | st.integers(0, 9)), min_size=1))
def test_rows_are_those_of_the_csv_module_with_guarded_cells(rows):
    texts, numbers = zip(*rows, strict=True)
    table = pyarrow.table(
        {"t": pyarrow.array(texts, pyarrow.string()), "n": pyarrow.array(numbers, pyarrow.uint8())}
    )
    expected = io.StringIO(newline="")
    csv.writer(expected, lineterminator="\r\n").writerows(
        [guard(text) if text else text, number] for text, number in rows
    )
    assert encode_rows(table).decode() == expected.getvalue()


def test_part_of_a_table_is_encoded_alone():
    table = pyarrow.table({"a": ["x", "y", "z"]})
    assert encode_rows(table.slice(1, 1)) == b"y\r\n"
    assert encode_rows(table.slice(3)) == b""


def test_file_has_bom_and_crlf_and_reads_back(tmp_path):
    path = tmp_path / "table.csv"
    table = pyarrow.table(
        {"first": ["=HYPERLINK()", "two\nlines"], "second": ['a "quoted", cell', None]}
    )
    with CsvWriter(path, ["first", "second"]) as writer:
        writer.write(table)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbffirst,second\r\n")
    assert content.count(b"\r\n") == 3
    with path.open(encoding="utf-8-sig", newline="") as stream:
        read_back = [[unguard(cell) for cell in row] for row in csv.reader(stream)][1:]
    assert read_back == [["=HYPERLINK()", 'a "quoted", cell'], ["two\nlines", ""]]
