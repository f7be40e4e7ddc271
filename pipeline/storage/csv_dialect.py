"""The CSV that all our tables are written in: UTF-8 with BOM, CRLF, RFC 4180, guarded cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow
import pyarrow.compute

BOM = b"\xef\xbb\xbf"
LINE_END = "\r\n"

_RUNS_AS_FORMULA = "^'*[=+\\-@\t\r\n\0＝＋－＠]"
_IS_GUARDED = re.compile("^'+[=+\\-@\t\r\n\0＝＋－＠]")
_NEEDS_QUOTES = '[",\r\n]'

_formula = re.compile(_RUNS_AS_FORMULA)


def guard(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula (OWASP ASVS 5.0, 1.2.10).

    >>> guard("- the Council"), guard("The Council")
    ("'- the Council", 'The Council')
    """
    return f"'{cell}" if _formula.match(cell) else cell


def unguard(cell: str) -> str:
    """Undo ``guard``: for every cell, ``unguard(guard(cell)) == cell``."""
    return cell[1:] if _IS_GUARDED.match(cell) else cell


def encode_rows(table: pyarrow.Table | pyarrow.RecordBatch) -> bytes:
    """Return the rows of a table as CSV lines; null becomes an empty cell, text is guarded."""
    if not table.num_rows:
        return b""
    cells = [_encode_cells(column) for column in table.columns]
    lines = pyarrow.compute.binary_join_element_wise(
        *cells, ",", null_handling="replace", null_replacement=""
    )
    lines = pyarrow.compute.binary_join_element_wise(lines, "", LINE_END)
    if isinstance(lines, pyarrow.ChunkedArray):
        lines = lines.combine_chunks()
    first, last = lines.offset, lines.offset + len(lines)
    offsets = memoryview(lines.buffers()[1]).cast("i")
    return bytes(memoryview(lines.buffers()[2])[offsets[first] : offsets[last]])


def _encode_cells(column: pyarrow.Array) -> pyarrow.Array:
    """Return a column as text, guarded and in quotes where it must be."""
    compute = pyarrow.compute
    if not pyarrow.types.is_string(column.type):
        return column.cast(pyarrow.string())
    runs = compute.match_substring_regex(column, _RUNS_AS_FORMULA)
    column = compute.if_else(runs, compute.binary_join_element_wise("'", column, ""), column)
    quoted = compute.match_substring_regex(column, _NEEDS_QUOTES)
    if not compute.any(quoted).as_py():
        return column
    doubled = compute.replace_substring(column, '"', '""')
    return compute.if_else(quoted, compute.binary_join_element_wise('"', doubled, '"', ""), column)


class CsvWriter(AbstractContextManager["CsvWriter"]):
    """Writes rows of a table whose columns are known from the start."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._stream = path.open("wb")
        header = pyarrow.table({column: [column] for column in columns})
        self._stream.write(BOM + encode_rows(header))

    def write(self, table: pyarrow.Table | pyarrow.RecordBatch) -> None:
        """Append rows; see ``encode_rows``."""
        self._stream.write(encode_rows(table))

    def __exit__(self, *error: object) -> None:
        self._stream.close()
