import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.storage.csv_dialect import CsvWriter, guard, unguard


@given(st.text(alphabet=st.one_of(st.sampled_from("'=+-@\t\r\n\0＝＋－＠ab"), st.characters())))
def test_guard_can_always_be_undone(cell):
    assert unguard(guard(cell)) == cell


@pytest.mark.parametrize("cell", ["=1+1", "- de Raad", "+x", "@x", "\tx", "'=x", "＝x"])
def test_cell_that_a_spreadsheet_would_run_is_guarded(cell):
    assert guard(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["De Raad", "'s avonds", "", "3 - 2"])
def test_harmless_cell_is_left_alone(cell):
    assert guard(cell) == cell


def test_file_has_bom_and_crlf_and_reads_back(tmp_path):
    path = tmp_path / "table.csv"
    rows = [["=HYPERLINK()", 'a "quoted", cell'], ["two\nlines", None]]
    with CsvWriter(path, ["first", "second"]) as table:
        table.write_rows(rows)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbffirst,second\r\n")
    assert content.count(b"\r\n") == 3
    with path.open(encoding="utf-8-sig", newline="") as stream:
        read_back = [[unguard(cell) for cell in row] for row in csv.reader(stream)][1:]
    assert read_back == [["=HYPERLINK()", 'a "quoted", cell'], ["two\nlines", ""]]
