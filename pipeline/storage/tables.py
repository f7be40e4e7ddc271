"""Reads tables of sentences: CSV, JSON Lines and Parquet, in one shape."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.errors import DataError
from pipeline.storage.csv_dialect import unguard

PARQUET_ROWS_TOGETHER = 10_000

Columns = dict[str, None]
"""The names of a table's columns in their order, put there by whoever reads the table."""

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
    """Return the rows of a table in order; see ``iterate_table``."""
    return list(iterate_table(path, required))


def iterate_table(path: Path, required: tuple[str, ...]) -> Iterator[TableRow]:
    """Yield the rows of a table in order, however many there are.

    Args:
        path: A ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` file.
        required: Columns without which the table is of no use.

    Raises:
        DataError: The table cannot be read, has no rows, or lacks a required column; perhaps only
            after rows that could be read.
    """
    read = _READER_BY_SUFFIX.get(path.suffix.lower())
    if read is None and not path.exists():
        raise DataError(f"{path}: no such file or folder. Check the path.")
    if read is None:
        known = ", ".join(sorted(_READER_BY_SUFFIX))
        raise DataError(f"{path}: '{path.suffix}' is no table (known: {known}).")
    columns: Columns = {}
    is_empty = True
    try:
        for row in read(path, columns):
            if is_empty and path.suffix.lower() != ".jsonl":  # there a later row may have more
                _refuse_missing(path, required, columns)
            is_empty = False
            yield row
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte {_first_bad_byte(path)} is not UTF-8. Save the table as UTF-8."
        ) from error
    _refuse_missing(path, required, columns)
    if is_empty:
        raise DataError(f"{path}: has no rows. Expected at least one below the header.")


def _refuse_missing(path: Path, required: tuple[str, ...], columns: Columns) -> None:
    for column in required:
        if column not in columns:
            found = ", ".join(map(str, columns)) or "none"
            raise DataError(
                f"{path}: column '{column}' is missing (found: {found}). Rename the column."
            )


def _first_bad_byte(path: Path) -> int:
    """Return where the first line that is not UTF-8 goes wrong; no letter has a line feed in it."""
    offset = 0
    with path.open("rb") as stream:
        for line in stream:
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return offset + error.start
            offset += len(line)
    return offset


def _read_csv(path: Path, columns: Columns) -> Iterator[TableRow]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = stream.readline()
        delimiter = max(",;\t", key=header.count)  # spreadsheets in many languages write ';'
        reader = csv.reader(chain([header], stream), delimiter=delimiter, strict=True)
        yield from _rows_of(path, reader, columns)


def _read_tsv(path: Path, columns: Columns) -> Iterator[TableRow]:
    """Read a table without quoting: a cell ends at a tab, a row at a line end."""
    with path.open(encoding="utf-8-sig", newline="\n") as stream:
        lines = (line.rstrip("\r\n") for line in stream)
        text = (line for line in lines if line and not line.startswith("#"))
        reader = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
        yield from _rows_of(path, reader, columns)


def _rows_of(path: Path, reader: Any, columns: Columns) -> Iterator[TableRow]:
    line = 1
    try:
        names: list[str] = next(reader, [])
        columns.update(dict.fromkeys(names))
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(names):
                raise DataError(
                    f"{path} line {line}: {len(cells)} cells, expected {len(names)}. "
                    "Put cells that hold the separator in quotes."
                )
            filled = {name: unguard(cell) for name, cell in zip(names, cells, strict=False) if cell}
            if cells:
                yield TableRow(line, filled)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path} line {line}: is not CSV ({error}). Save the table again."
        ) from error


def _read_jsonl(path: Path, columns: Columns) -> Iterator[TableRow]:
    with path.open(encoding="utf-8-sig", newline="\n") as stream:  # U+2028 ends no line
        for line, raw_row in enumerate(stream, start=1):
            if not raw_row.strip():
                continue
            try:
                content = json.loads(raw_row)
            except json.JSONDecodeError as error:
                raise DataError(f"{path} line {line}: is not JSON ({error.msg}).") from error
            if not isinstance(content, dict):
                raise DataError(f"{path} line {line}: expected an object, found {raw_row:.40}.")
            columns.update(dict.fromkeys(content))
            yield _filled_row(line, content)


def _read_parquet(path: Path, columns: Columns) -> Iterator[TableRow]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            columns.update(dict.fromkeys(file.schema_arrow.names))
            batches = file.iter_batches(PARQUET_ROWS_TOGETHER)
            contents = chain.from_iterable(batch.to_pylist() for batch in batches)
            for line, content in enumerate(contents, start=1):
                yield _filled_row(line, content)
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: is not a Parquet file ({error}).") from error


def _filled_row(line: int, content: dict[str, Any]) -> TableRow:
    return TableRow(line, {key: cell for key, cell in content.items() if cell is not None})


_READER_BY_SUFFIX: dict[str, Callable[[Path, Columns], Iterator[TableRow]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
