"""The CSV that all our tables are written in: UTF-8 with BOM, CRLF, RFC 4180, guarded cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

ENCODING = "utf-8-sig"

_RUNS_AS_FORMULA = re.compile("^'*[=+\\-@\t\r\n\0＝＋－＠]")
_IS_GUARDED = re.compile("^'+[=+\\-@\t\r\n\0＝＋－＠]")


def guard(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula (OWASP ASVS 5.0, 1.2.10).

    >>> guard("- the Council"), guard("The Council")
    ("'- the Council", 'The Council')
    """
    return f"'{cell}" if _RUNS_AS_FORMULA.match(cell) else cell


def unguard(cell: str) -> str:
    """Undo ``guard``: for every cell, ``unguard(guard(cell)) == cell``."""
    return cell[1:] if _IS_GUARDED.match(cell) else cell


class CsvWriter:
    """Writes rows of a table whose columns are known from the start."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._stream = path.open("w", encoding=ENCODING, newline="")
        self._writer = csv.writer(self._stream, lineterminator="\r\n")
        self._writer.writerow(columns)

    def write_rows(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows; None becomes an empty cell, text is guarded."""
        self._writer.writerows(
            [guard(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
        )

    def __enter__(self) -> CsvWriter:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()
