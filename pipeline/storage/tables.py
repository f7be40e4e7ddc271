"""Reads tables of sentences: CSV, JSON Lines and Parquet, in one shape."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import DataError
from pipeline.storage.csv_dialect import unguard

csv.field_size_limit(2**31 - 1)  # the default of 131,072 characters cuts long cells


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row by column name, with the line it begins on; empty cells are left out."""

    line: int
    cells: dict[str, Any]

    def text_of(self, column: str) -> str:
        """Return a cell as text, empty where there is none."""
        return str(self.cells.get(column, ""))


def read_table(path: Path, required: tuple[str, ...]) -> list[TableRow]:
    """Return the rows of a table in order.

    Args:
        path: A ``.csv``, ``.jsonl`` or ``.parquet`` file.
        required: Columns without which the table is of no use.

    Raises:
        DataError: The table cannot be read, has no rows, or lacks a required column.
    """
    read = _READER_BY_SUFFIX.get(path.suffix.lower())
    if read is None:
        known = ", ".join(sorted(_READER_BY_SUFFIX))
        raise DataError(f"{path}: '{path.suffix}' is no table (known: {known}).")
    try:
        columns, rows = read(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte {error.start} is not UTF-8. Save the table as UTF-8."
        ) from error
    for column in required:
        if column not in columns:
            found = ", ".join(map(str, columns)) or "none"
            raise DataError(
                f"{path}: column '{column}' is missing (found: {found}). Rename the column."
            )
    if not rows:
        raise DataError(f"{path}: has no rows. Expected at least one below the header.")
    return rows


def _read_csv(path: Path) -> tuple[list[str], list[TableRow]]:
    text = path.read_text(encoding="utf-8-sig")
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)  # spreadsheets in many languages write ';'
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return _rows_of(path, reader)


def _read_tsv(path: Path) -> tuple[list[str], list[TableRow]]:
    """Read a table without quoting: a cell ends at a tab, a row at a line end."""
    lines = path.read_bytes().decode("utf-8-sig").split("\n")  # splitlines() cuts at U+2028
    rows = (line.rstrip("\r") for line in lines)
    text = (line for line in rows if line and not line.startswith("#"))
    return _rows_of(path, csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE))


def _rows_of(path: Path, reader: Any) -> tuple[list[str], list[TableRow]]:
    columns: list[str] = []
    rows = []
    line = 1
    try:
        columns = next(reader, [])
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(columns):
                raise DataError(
                    f"{path} line {line}: {len(cells)} cells, expected {len(columns)}. "
                    "Put cells that hold the separator in quotes."
                )
            filled = {
                column: unguard(cell) for column, cell in zip(columns, cells, strict=False) if cell
            }
            if cells:
                rows.append(TableRow(line, filled))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path} line {line}: is not CSV ({error}). Save the table again."
        ) from error
    return columns, rows


def _read_jsonl(path: Path) -> tuple[list[str], list[TableRow]]:
    rows = []
    columns: dict[str, None] = {}
    lines = path.read_bytes().decode("utf-8-sig").split("\n")  # splitlines() cuts at U+2028
    for line, raw_row in enumerate(lines, start=1):
        if not raw_row.strip():
            continue
        try:
            content = json.loads(raw_row)
        except json.JSONDecodeError as error:
            raise DataError(f"{path} line {line}: is not JSON ({error.msg}).") from error
        if not isinstance(content, dict):
            raise DataError(f"{path} line {line}: expected an object, found {raw_row:.40}.")
        columns.update(dict.fromkeys(content))
        rows.append(
            TableRow(line, {key: cell for key, cell in content.items() if cell is not None})
        )
    return list(columns), rows


def _read_parquet(path: Path) -> tuple[list[str], list[TableRow]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: is not a Parquet file ({error}).") from error
    return table.column_names, list(_parquet_rows(table))


def _parquet_rows(table: Any) -> Iterator[TableRow]:
    for line, content in enumerate(table.to_pylist(), start=1):
        yield TableRow(line, {key: cell for key, cell in content.items() if cell is not None})


_READER_BY_SUFFIX: dict[str, Callable[[Path], tuple[list[str], list[TableRow]]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
