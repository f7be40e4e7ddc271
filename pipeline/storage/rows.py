"""The tables that ``label`` writes: their columns and types, and the rows of one input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import pyarrow

from pipeline.codebook import Codebook
from pipeline.records import REVIEW_COLUMN, UNIT_COLUMNS

TABLES = ("sentences", "scores", "evidence", "references")
"""Tables with rows about sentences."""

Tables = Mapping[str, pyarrow.Schema]

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
_NUMBERS = frozenset({"position", "page", "char_start", "char_end"})


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One row of ``documents.csv``: an input and what became of it.

    ``status`` is ``labelled``, ``segmented`` (the model does not cover the language),
    ``duplicate`` or ``failed``; ``code`` and ``message`` say why, or what to look at;
    ``found_in`` says where identity, language, title and date were found.
    """

    doc_id: str = ""
    language: str = ""
    source: str = ""
    sha256: str = ""
    title: str = ""
    date: str = ""
    pages: int | None = None
    units: int = 0
    status: str = ""
    code: str = ""
    message: str = ""
    number: str = ""
    revision: str = ""
    celex: str = ""
    found_in: str = ""


DOCUMENT_COLUMNS = tuple(field.name for field in fields(DocumentRow))


@dataclass(frozen=True, slots=True)
class SourceText:
    """A document's canonical text, by which offsets count, or a further part of it."""

    doc_id: str
    language: str
    text: str
    continues: bool = False


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Everything that one input adds to the output: its row, its texts, a batch per table.

    A long table comes in parts, of which all but the first ``continues``.
    """

    document: DocumentRow
    texts: tuple[SourceText, ...]
    tables: Mapping[str, pyarrow.RecordBatch]
    continues: bool = False


def join_ids(ids: Iterable[str]) -> str:
    """Return distinct ids, in their order, as one cell.

    >>> join_ids(["a", "b", "a"])
    'a|b'
    """
    return "|".join(dict.fromkeys(ids))


def table_schemas(codebook: Codebook) -> Tables:
    """Return the columns and types of every table in ``TABLES``."""
    text, number = pyarrow.string(), pyarrow.int32()
    flag = pyarrow.uint8()
    unit_fields = [(name, number if name in _NUMBERS else text) for name in UNIT_COLUMNS]
    coding_fields = [
        *((dimension, text) for dimension in codebook.dimensions),
        *((name, flag) for name in (REVIEW_COLUMN, *codebook.label_ids)),
    ]
    span_fields = [("char_start", number), ("char_end", number), ("text", text)]
    score_fields = [(label_id, pyarrow.float32()) for label_id in codebook.label_ids]
    sentence_id = ("sentence_id", text)
    return {
        "sentences": pyarrow.schema([*unit_fields, *coding_fields]),
        "scores": pyarrow.schema([sentence_id, *score_fields]),
        "evidence": pyarrow.schema(
            [sentence_id, ("label", text), *span_fields, ("weight", pyarrow.float32())]
        ),
        "references": pyarrow.schema([sentence_id, *span_fields, ("kind", text), ("target", text)]),
    }


def document_table(rows: Sequence[DocumentRow]) -> pyarrow.Table:
    """Return rows of ``documents.csv``."""
    numbers = frozenset({"pages", "units"})
    return pyarrow.table(
        {
            name: pyarrow.array(
                [getattr(row, name) for row in rows],
                pyarrow.int32() if name in numbers else pyarrow.string(),
            )
            for name in DOCUMENT_COLUMNS
        }
    )


def codebook_table(codebook: Codebook) -> pyarrow.Table:
    """Return the rows of ``codebook.csv``: the labels that columns stand for."""
    rows = [
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
        for label in codebook.labels
    ]
    columns = zip(*rows, strict=True)
    return pyarrow.table(
        {
            name: pyarrow.array(column, pyarrow.string())
            for name, column in zip(CODEBOOK_COLUMNS, columns, strict=True)
        }
    )
