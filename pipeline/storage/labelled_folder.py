"""The output folder of ``label``: every file, its columns, and how rows get there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from pipeline.codebook import Codebook
from pipeline.records import REVIEW_COLUMN, UNIT_COLUMNS, Document, LabelledSentence, Scores
from pipeline.storage.csv_dialect import CsvWriter

RUN_FILE = "run.json"
"""Written last: an output folder that has it is whole."""

DOCUMENT_COLUMNS = (
    "doc_id",
    "language",
    "source",
    "sha256",
    "title",
    "date",
    "pages",
    "units",
    "status",
    "code",
    "message",
    "number",
    "revision",
    "celex",
    "found_in",
)
CODEBOOK_COLUMNS = (
    "label",
    "dimension",
    "name",
    "family",
    "tool",
    "definition",
    "include",
    "exclude",
)
ROWS_IN_GROUP = 10_000
"""Rows of a Parquet row group, so that memory does not grow with the corpus."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One row of ``documents.csv``: an input and what became of it.

    ``status`` is ``labelled``, ``segmented`` (the model does not cover the language),
    ``duplicate`` or ``failed``; ``code`` and ``message`` say why, or what to look at;
    ``found_in`` says where identity, language, title and date were found.
    """

    source: str
    status: str
    doc_id: str = ""
    language: str = ""
    sha256: str = ""
    title: str = ""
    date: str = ""
    pages: int | None = None
    units: int = 0
    code: str = ""
    message: str = ""
    number: str = ""
    revision: str = ""
    celex: str = ""
    found_in: str = ""


def sentence_columns(codebook: Codebook) -> tuple[str, ...]:
    """Return the columns of ``sentences.csv`` in their order."""
    return (*UNIT_COLUMNS, *codebook.dimensions, REVIEW_COLUMN, *codebook.label_ids)


class LabelledFolderWriter:
    """Writes the files of an output folder row by row; use it as a context manager."""

    def __init__(self, folder: Path, codebook: Codebook) -> None:
        self._folder = folder
        self._codebook = codebook
        self._files = ExitStack()

    def __enter__(self) -> LabelledFolderWriter:
        (self._folder / "texts").mkdir()
        self._sentences = self._files.enter_context(
            CsvWriter(self._folder / "sentences.csv", sentence_columns(self._codebook))
        )
        self._documents = self._files.enter_context(
            CsvWriter(self._folder / "documents.csv", DOCUMENT_COLUMNS)
        )
        self._scores = self._files.enter_context(
            _ScoreWriter(self._folder / "scores.parquet", self._codebook.label_ids)
        )
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._files.close()

    def write_text(self, document: Document) -> None:
        """Write a document's canonical text, by which offsets count."""
        name = f"{document.doc_id}.{document.language}.txt"
        (self._folder / "texts" / name).write_text(document.text, encoding="utf-8", newline="")

    def write_sentences(self, labelled: Sequence[LabelledSentence], scores: Scores | None) -> None:
        """Append sentences; ``scores`` is None where the model does not cover their language."""
        self._sentences.write_rows(self._sentence_row(entry) for entry in labelled)
        self._scores.write([entry.sentence.sentence_id for entry in labelled], scores)

    def write_document(self, row: DocumentRow) -> None:
        """Append what became of one input."""
        self._documents.write_rows([[getattr(row, column) for column in DOCUMENT_COLUMNS]])

    def write_codebook(self) -> None:
        """Write the labels that the columns stand for."""
        with CsvWriter(self._folder / "codebook.csv", CODEBOOK_COLUMNS) as codebook:
            codebook.write_rows(
                (
                    label.id,
                    label.dimension,
                    label.name,
                    label.family,
                    label.tool,
                    label.definition,
                    "; ".join(label.include),
                    "; ".join(label.exclude),
                )
                for label in self._codebook.labels
            )

    def write_run(self, run: dict[str, Any]) -> None:
        """Write what was done, from what, and with which versions."""
        content = json.dumps(run, ensure_ascii=False, indent=2) + "\n"
        (self._folder / RUN_FILE).write_text(content, encoding="utf-8")

    def _sentence_row(self, entry: LabelledSentence) -> list[object]:
        sentence = entry.sentence
        row: list[object] = [
            sentence.sentence_id,
            sentence.doc_id,
            sentence.language,
            sentence.kind,
            sentence.section,
            sentence.paragraph,
            sentence.position,
            sentence.page,
            sentence.start,
            sentence.end,
            sentence.text,
        ]
        if entry.labels is None:  # not coded, which is not the same as coded with no label
            return row + [None] * (len(self._codebook.dimensions) + 1 + len(self._codebook.labels))
        row.extend(
            "|".join(label for label in self._codebook.ids_of(dimension) if label in entry.labels)
            for dimension in self._codebook.dimensions
        )
        row.append(int(entry.needs_review))
        row.extend(int(label in entry.labels) for label in self._codebook.label_ids)
        return row


class _ScoreWriter:
    """Writes ``scores.parquet`` in row groups of a fixed size, whatever the batches."""

    def __init__(self, path: Path, label_ids: Sequence[str]) -> None:
        fields = [("sentence_id", pyarrow.string())]
        fields += [(label_id, pyarrow.float32()) for label_id in label_ids]
        self._schema = pyarrow.schema(fields)
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema)
        self._ids: list[str] = []
        self._blocks: list[Scores] = []

    def write(self, sentence_ids: Sequence[str], scores: Scores | None) -> None:
        if scores is None:
            shape = (len(sentence_ids), len(self._schema.names) - 1)
            scores = np.full(shape, np.nan, dtype=np.float32)
        self._ids.extend(sentence_ids)
        self._blocks.append(scores)
        while len(self._ids) >= ROWS_IN_GROUP:
            self._write_group(ROWS_IN_GROUP)

    def _write_group(self, n_rows: int) -> None:
        scores = np.concatenate(self._blocks) if self._blocks else np.empty((0, 0), np.float32)
        group, rest = scores[:n_rows], scores[n_rows:]
        columns = [pyarrow.array(self._ids[:n_rows], pyarrow.string())]
        columns += [  # NaN is how "not scored" travels within; in the file it is null
            pyarrow.array(group[:, column], pyarrow.float32(), from_pandas=True)
            for column in range(len(self._schema.names) - 1)
        ]
        self._writer.write_table(pyarrow.table(columns, schema=self._schema))
        self._ids = self._ids[n_rows:]
        self._blocks = [rest]

    def __enter__(self) -> _ScoreWriter:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._ids and exc_type is None:
            self._write_group(len(self._ids))
        self._writer.close()
