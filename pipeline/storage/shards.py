"""Finished parts of a run, each under a key of what it was made from, so that none is made twice.

A shard's folder appears under its key only when it is whole and on disk: what a killed run leaves
behind is either complete or not there.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow

from pipeline.storage.atomic import flush_to_disk
from pipeline.storage.rows import TABLES, DocumentRow, SourceRows, SourceText, Tables

_SOURCES = "sources.jsonl"


@dataclass(frozen=True, slots=True)
class ShardStore:
    """Where the finished shards of a run lie."""

    folder: Path

    def has(self, key: str) -> bool:
        """Whether the shard with this key is finished."""
        return (self.folder / key).is_dir()

    def write(self, key: str, results: Iterable[SourceRows], schemas: Tables) -> None:
        """Write what came of a shard's sources, in their order, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".", dir=self.folder))
        try:
            _write_results(staging, results, schemas)
            flush_to_disk(staging)
            try:
                staging.rename(self.folder / key)
            except OSError:  # another process, believed dead, has finished the same shard
                if not self.has(key):
                    raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def read(self, key: str) -> Iterator[SourceRows]:
        """Yield what came of a shard's sources, one at a time."""
        folder = self.folder / key
        with (folder / _SOURCES).open(encoding="utf-8", newline="\n") as lines:
            readers = [_open_table(folder / f"{table}.arrow") for table in TABLES]
            for number, line in enumerate(lines):
                content = json.loads(line)
                yield SourceRows(
                    document=DocumentRow(**content["document"]),
                    texts=tuple(SourceText(**text) for text in content["texts"]),
                    tables=dict(
                        zip(TABLES, (reader.get_batch(number) for reader in readers), strict=True)
                    ),
                    continues=content["continues"],
                )


def _write_results(folder: Path, results: Iterable[SourceRows], schemas: Tables) -> None:
    """Write one line and, in each table, one record batch for every source."""
    options = pyarrow.ipc.IpcWriteOptions()
    writers = [
        pyarrow.ipc.new_file(folder / f"{table}.arrow", schemas[table], options=options)
        for table in TABLES
    ]
    with (folder / _SOURCES).open("w", encoding="utf-8", newline="\n") as lines:
        for result in results:
            content = {
                "document": asdict(result.document),
                "texts": [asdict(text) for text in result.texts],
                "continues": result.continues,
            }
            lines.write(json.dumps(content, ensure_ascii=False) + "\n")
            for table, writer in zip(TABLES, writers, strict=True):
                writer.write_batch(result.tables[table])
    for writer in writers:
        writer.close()


def _open_table(path: Path) -> pyarrow.ipc.RecordBatchFileReader:
    return pyarrow.ipc.open_file(pyarrow.memory_map(os.fspath(path)))
