"""Sentences of a table on disk, from the process that read it to the one that labels them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow

from pipeline.records import Sentence

_SCHEMA = pyarrow.schema(
    [
        *((name, pyarrow.string()) for name in ("sentence_id", "doc_id", "language", "text")),
        *((name, pyarrow.int64()) for name in ("position", "start")),
    ]
)


def write_units(path: Path, sentences: Sequence[Sentence]) -> None:
    """Write sentences that have no place in a page or a section."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [[getattr(sentence, name) for sentence in sentences] for name in _SCHEMA.names]
    batch = pyarrow.record_batch(columns, schema=_SCHEMA)
    with pyarrow.ipc.new_file(path, _SCHEMA) as writer:
        writer.write_batch(batch)


def read_units_file(path: Path) -> list[Sentence]:
    """Return the sentences of a file that ``write_units`` has written."""
    with pyarrow.ipc.open_file(pyarrow.memory_map(os.fspath(path))) as reader:
        rows = reader.get_batch(0).to_pylist()
    return [Sentence(**row, end=row["start"] + len(row["text"]), kind="sentence") for row in rows]
