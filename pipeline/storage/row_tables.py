"""Tables whose columns are the fields of a class: written as CSV, described for programs.

A field is annotated with its type and what it means: ``n: Annotated[int, "how many"]``.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pyarrow

from pipeline import __version__
from pipeline.storage.csv_dialect import CsvWriter
from pipeline.storage.data_package import (
    GUARD_NOTE,
    PACKAGE_FILE,
    PROFILE,
    describe_csv,
    describe_field,
)
from pipeline.storage.json_files import write_json

DECIMALS = 6
"""Of numbers in a table; more tell nothing and differ from machine to machine."""


@dataclass(frozen=True)
class ExtraColumn:
    """A column that only the codebook knows, with a cell for each row."""

    type: type[str] | type[int]
    meaning: str
    cells: Sequence[str | int]


@dataclass(frozen=True)
class RowTable:
    """``<name>.csv``: rows of one class, and columns beside its fields."""

    name: str
    row_type: type
    rows: Sequence[Any]
    extra: Mapping[str, ExtraColumn] = field(default_factory=dict)


def write_tables(folder: Path, title: str, tables: Sequence[RowTable]) -> None:
    """Write each table, and ``datapackage.json`` (Frictionless Data Package 2.0) about them."""
    resources = []
    for table in tables:
        columns = _columns_of(table)
        with CsvWriter(folder / f"{table.name}.csv", list(columns)) as writer:
            writer.write(pyarrow.table({name: cells for name, (cells, _) in columns.items()}))
        described = [meaning for _, meaning in columns.values()]
        about = {"description": inspect.cleandoc(table.row_type.__doc__ or "")}
        resources.append(describe_csv(folder, table.name, described, {}) | about)
    package = {
        "$schema": PROFILE,
        "name": "conclabel-comparison",
        "title": title,
        "description": GUARD_NOTE,
        "version": __version__,
        "resources": resources,
    }
    write_json(folder / PACKAGE_FILE, package, indent=1)


def _columns_of(table: RowTable) -> dict[str, tuple[pyarrow.Array, dict[str, Any]]]:
    """Return the cells of each column and what the data package says of it."""
    columns = {}
    hints = get_type_hints(table.row_type, include_extras=True)
    for column in fields(table.row_type):
        annotated, meaning = get_args(hints[column.name])
        cells = [getattr(row, column.name) for row in table.rows]
        columns[column.name] = _column(column.name, annotated, meaning, cells)
    for name, extra in table.extra.items():
        columns[name] = _column(name, extra.type, extra.meaning, extra.cells)
    return columns


def _column(
    name: str, annotated: Any, meaning: str, cells: Sequence[Any]
) -> tuple[pyarrow.Array, dict[str, Any]]:
    type_ = next(part for part in (get_args(annotated) or (annotated,)) if part is not type(None))
    arrow_type = _ARROW_TYPES[type_]
    if type_ is float:
        cells = [_rounded(cell) for cell in cells]
    return pyarrow.array(cells, arrow_type), describe_field(name, arrow_type, meaning)


def _rounded(cell: float | None) -> float | None:
    """Return a number as tables have it; what cannot be said is an empty cell."""
    return None if cell is None or not np.isfinite(cell) else round(float(cell), DECIMALS)


_ARROW_TYPES = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
