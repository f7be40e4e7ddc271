"""Parquet files whose row groups have one size, whatever the batches in which rows arrive."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow
import pyarrow.parquet

ROWS_IN_GROUP = 10_000
"""Rows of a row group, so that memory does not grow with the corpus."""


class ParquetFile(AbstractContextManager["ParquetFile"]):
    """Writes record batches to a file; use it as a context manager."""

    def __init__(self, path: Path, schema: pyarrow.Schema) -> None:
        self._schema = schema
        self._writer = pyarrow.parquet.ParquetWriter(path, schema)
        self._batches: list[pyarrow.RecordBatch] = []
        self._n_rows = 0

    def write(self, batch: pyarrow.RecordBatch) -> None:
        """Append rows."""
        self._batches.append(batch)
        self._n_rows += batch.num_rows
        if self._n_rows >= ROWS_IN_GROUP:
            rows = pyarrow.Table.from_batches(self._batches, self._schema)
            whole = self._n_rows - self._n_rows % ROWS_IN_GROUP
            self._writer.write_table(rows.slice(0, whole), row_group_size=ROWS_IN_GROUP)
            self._batches = rows.slice(whole).to_batches()
            self._n_rows -= whole

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        if self._n_rows and error is None:
            self._writer.write_table(pyarrow.Table.from_batches(self._batches, self._schema))
        self._writer.close()
