"""A random sample of labelled sentences for a person to code, and its way back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow

from pipeline.codebook import Codebook
from pipeline.errors import DataError
from pipeline.records import LabelSet, Sentence
from pipeline.storage.csv_dialect import CsvWriter
from pipeline.storage.gold import parse_label_ids, text_digest
from pipeline.storage.tables import TableRow, read_table

NO_LABEL = "none"
"""What a coder writes where no label applies; no label can be called so."""
COLUMNS = (
    *("order", "corpus", "sentence_id", "doc_id", "language", "section", "text", "labels"),
    *("text_sha256", "sampling_prob", "frame_sha256"),
)

SHOWN_COLUMNS = ("doc_id", "language", "section", "text")
"""What the coder reads; the way back needs none of it."""


@dataclass(frozen=True, slots=True)
class DrawnSentence:
    """A sentence of a sample.

    ``sampling_prob`` is the probability that it had of being drawn, ``frame_sha256`` a digest of
    all sentences that it was drawn from.
    """

    corpus: str
    unit: Sentence
    sampling_prob: float
    frame_sha256: str


@dataclass(frozen=True, slots=True)
class CodedSentence:
    """A sentence of a sample on its way back.

    ``order`` counts in the order of drawing; ``labels`` is None where nobody has coded it yet;
    ``sampling_prob`` and ``frame_sha256`` are as it was drawn; ``origin`` is file and line.
    """

    order: int
    corpus: str
    sentence_id: str
    labels: LabelSet | None
    sampling_prob: float
    frame_sha256: str
    origin: str


def write_sample(path: Path, drawn: Sequence[DrawnSentence]) -> None:
    """Write sentences for a person to code: without the model's labels, in the given order."""
    rows = [
        (
            *(
                str(order),
                entry.corpus,
                entry.unit.sentence_id,
                entry.unit.doc_id,
                entry.unit.language,
            ),
            *(entry.unit.section, entry.unit.text, "", text_digest(entry.unit.text)),
            *(repr(entry.sampling_prob), entry.frame_sha256),
        )
        for order, entry in enumerate(drawn, start=1)
    ]
    columns = zip(*rows, strict=True)
    with CsvWriter(path, COLUMNS) as writer:
        writer.write(
            pyarrow.table(
                {
                    name: pyarrow.array(column, pyarrow.string())
                    for name, column in zip(COLUMNS, columns, strict=True)
                }
            )
        )


def read_sample(
    path: Path, codebook: Codebook, text_by_key: Mapping[tuple[str, str], str]
) -> list[CodedSentence]:
    """Return the rows of a sample in order.

    Args:
        path: What ``write_sample`` wrote, with ``labels`` filled in: ids joined with ``|`` (or
            commas), or ``none``; an empty cell is not coded yet.
        codebook: Of the labels.
        text_by_key: The sentences that may be in the sample, by corpus and ``sentence_id``.

    Raises:
        DataError: A row names a sentence that is not there, whose text has changed, or that stands
            twice, or a label that the codebook does not have; with file and line.
    """
    coded: list[CodedSentence] = []
    line_by_key: dict[tuple[str, str], int] = {}
    needed = tuple(name for name in COLUMNS if name not in SHOWN_COLUMNS)
    for row in read_table(path, required=needed):
        if not row.cells:
            continue  # spreadsheets end with empty lines
        origin = f"{path} line {row.line}"
        key = (row.text_of("corpus"), row.text_of("sentence_id"))
        if key in line_by_key:
            raise DataError(
                f"{origin}: sentence '{key[1]}' of {key[0]} stands already on line "
                f"{line_by_key[key]}. Keep one coding of each sentence."
            )
        line_by_key[key] = row.line
        _check_text(row, key, origin, text_by_key)
        coded.append(
            CodedSentence(
                _order_of(row, origin),
                *key,
                _labels_of(row, codebook, origin),
                _probability_of(row, origin),
                row.text_of("frame_sha256"),
                origin,
            )
        )
    return coded


def _labels_of(row: TableRow, codebook: Codebook, origin: str) -> LabelSet | None:
    cell = row.text_of("labels").strip().lower()
    if not cell:
        return None
    if cell == NO_LABEL:
        return ()
    hint = f"Write '{NO_LABEL}' where no label applies."
    labels = parse_label_ids(re.split("[|,;]", cell), codebook, origin, hint)
    if not labels:
        raise DataError(
            f"{origin}: labels is {cell!r}. Expected label ids joined with '|', '{NO_LABEL}', or "
            "nothing where it is not coded yet."
        )
    return labels


def _check_text(
    row: TableRow, key: tuple[str, str], origin: str, text_by_key: Mapping[tuple[str, str], str]
) -> None:
    text = text_by_key.get(key)
    if text is None:
        raise DataError(
            f"{origin}: corpus '{key[0]}' has no sentence '{key[1]}' to compare (corpora: "
            f"{', '.join(dict.fromkeys(corpus for corpus, _ in text_by_key))}). Name the folders "
            "and settings with which the sample was drawn."
        )
    if text_digest(text) != row.text_of("text_sha256"):
        raise DataError(
            f"{origin}: the text of '{key[1]}' is not the one that was drawn (its SHA-256 "
            "differs). Code it again, or restore the text."
        )


def _order_of(row: TableRow, origin: str) -> int:
    cell = row.text_of("order")
    if not cell.isdecimal():
        raise DataError(f"{origin}: order is {cell!r}, expected the number that it was drawn as.")
    return int(cell)


def _probability_of(row: TableRow, origin: str) -> float:
    cell = row.text_of("sampling_prob").replace(",", ".")  # what spreadsheets make of a point
    try:
        probability = float(cell)
    except ValueError:
        probability = 0.0
    if not 0 < probability <= 1:
        raise DataError(
            f"{origin}: sampling_prob is {cell!r}, expected a number above 0 and at most 1."
        )
    return probability
