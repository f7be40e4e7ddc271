"""The output folder of ``label``: every file, and how rows get there."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow

from pipeline.codebook import Codebook
from pipeline.storage.csv_dialect import CsvWriter
from pipeline.storage.data_package import RUN_FILE, TEXTS, write_data_package
from pipeline.storage.dataset_folder import DATASET_FOLDER, DatasetWriter
from pipeline.storage.json_files import write_json
from pipeline.storage.parquet_file import ParquetFile
from pipeline.storage.rows import (
    CODEBOOK_COLUMNS,
    DOCUMENT_COLUMNS,
    TABLES,
    DocumentRow,
    SourceRows,
    SourceText,
    codebook_table,
    document_table,
    join_ids,
    table_schemas,
)

ROWS_WRITTEN_TOGETHER = 10_000
SOURCES_WRITTEN_TOGETHER = 250
"""A call that writes many rows costs little more than one that writes few; but until then each
source keeps some 60 columns of its own, 40 KB, however few rows it has."""


class LabelledFolderWriter:
    """Writes the files of an output folder input by input; use it as a context manager."""

    def __init__(self, folder: Path, codebook: Codebook) -> None:
        self._folder = folder
        self._codebook = codebook
        self._files = ExitStack()
        self._waiting: list[SourceRows] = []
        self._waiting_rows: list[DocumentRow] = []
        self._n_waiting = 0

    def __enter__(self) -> LabelledFolderWriter:
        (self._folder / TEXTS).mkdir()
        schemas = table_schemas(self._codebook)
        enter = self._files.enter_context
        self._csv_files = {
            name: enter(CsvWriter(self._folder / f"{name}.csv", schemas[name].names))
            for name in ("sentences", "evidence", "references")
        }
        self._documents = enter(CsvWriter(self._folder / "documents.csv", DOCUMENT_COLUMNS))
        self._scores = enter(ParquetFile(self._folder / "scores.parquet", schemas["scores"]))
        self._dataset = enter(DatasetWriter(self._folder / DATASET_FOLDER, self._codebook))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            self._write_waiting()
        self._files.__exit__(exc_type, exc, traceback)

    def write(self, source: SourceRows, row: DocumentRow | None) -> None:
        """Append what came of one input, or of a part of it; with the last one its row."""
        for text in source.texts:
            path = self._folder / TEXTS / f"{text.doc_id}.{text.language}.txt"
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(f"\n{text.text}" if text.continues else text.text)
        self._waiting.append(source)
        if row is not None:
            self._waiting_rows.append(row)
        self._n_waiting += source.tables["sentences"].num_rows
        if (
            self._n_waiting >= ROWS_WRITTEN_TOGETHER
            or len(self._waiting) >= SOURCES_WRITTEN_TOGETHER
        ):
            self._write_waiting()

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        tables = {
            name: pyarrow.concat_batches([source.tables[name] for source in self._waiting])
            for name in TABLES
        }
        for name, file in self._csv_files.items():
            file.write(tables[name])
        self._scores.write(tables["scores"])
        self._dataset.write(tables["sentences"])
        self._documents.write(document_table(self._waiting_rows))
        self._waiting.clear()
        self._waiting_rows.clear()
        self._n_waiting = 0


def write_companions(folder: Path, codebook: Codebook, run: dict[str, Any]) -> None:
    """Write what says what the rows mean and where they come from, when all rows are written.

    Args:
        folder: The output folder.
        codebook: The labels that columns stand for.
        run: What was done, from what, and with which versions.
    """
    with CsvWriter(folder / "codebook.csv", CODEBOOK_COLUMNS) as file:
        file.write(codebook_table(codebook))
    write_data_package(folder, codebook)
    write_json(folder / RUN_FILE, run)


def with_doc_id(source: SourceRows, document: SourceText, doc_id: str) -> SourceRows:
    """Return an input's rows with one of its documents under another ``doc_id``.

    Ids of its sentences that begin with the old ``doc_id`` change with it.
    """
    prefix = f"{document.doc_id}.{document.language}."
    new_prefix = f"{doc_id}.{document.language}."

    def new_sentence_id(sentence_id: str) -> str:
        rest = sentence_id.removeprefix(prefix)
        return sentence_id if rest == sentence_id else new_prefix + rest

    tables = {}
    for name, batch in source.tables.items():
        ids = map(new_sentence_id, batch.column("sentence_id").to_pylist())
        tables[name] = _with_column(batch, "sentence_id", list(ids))
    sentences = tables["sentences"]
    keys = zip(
        sentences.column("doc_id").to_pylist(),
        sentences.column("language").to_pylist(),
        strict=True,
    )
    old = (document.doc_id, document.language)
    doc_ids = [doc_id if key == old else key[0] for key in keys]
    tables["sentences"] = _with_column(sentences, "doc_id", doc_ids)
    texts = tuple(
        replace(text, doc_id=doc_id) if text is document else text for text in source.texts
    )
    row = replace(source.document, doc_id=join_ids(text.doc_id for text in texts))
    return replace(source, document=row, texts=texts, tables=tables)


def _with_column(batch: pyarrow.RecordBatch, column: str, values: list[str]) -> pyarrow.RecordBatch:
    place = batch.schema.get_field_index(column)
    return batch.set_column(place, column, pyarrow.array(values, pyarrow.string()))
