"""The frozen records that flow between the rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["sentence", "heading", "title", "cover", "footnote"]
KINDS: tuple[Kind, ...] = get_args(Kind)

EU_LANGUAGES = (
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr"),
    *("hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv"),
)
"""The official languages of the European Union, ISO 639-1."""

UNIT_COLUMNS = (
    "sentence_id",
    "doc_id",
    "language",
    "kind",
    "section",
    "paragraph",
    "position",
    "page",
    "char_start",
    "char_end",
    "text",
)
"""The columns that say what and where a unit is, before those that say how it was coded."""

MAX_WORDS_OF_COVER_DATE = 6
MAX_WORDS_OF_COVER_LABEL = 4
"""Words of "Brussels, 18 March 2031 (OR. en)", and of "No. prev. doc.:"."""

REVIEW_COLUMN = "needs_review"

Scores = NDArray[np.float32]
"""Probabilities in [0, 1], shape (n_sentences, n_labels), columns in codebook order."""

DocumentKey = tuple[str, str]
"""A document of a comparison: its corpus and ``doc_id``."""

LabelSet = tuple[str, ...]
"""Label ids in codebook order; empty is a valid answer."""


def is_cover_field(kind: Kind, text: str) -> bool:
    """Whether a text is a field of a cover page (a number, code, address) and not its sentence.

    Dates end in a stop in some languages: "2031. március 18."

    >>> is_cover_field("cover", "Брюксел, 18 март 2031 г.")
    True
    """
    if kind != "cover":
        return False
    words = text.split()
    is_sentence = text.endswith(".") and len(words) > MAX_WORDS_OF_COVER_DATE
    has_label = any(":" in word for word in words[:MAX_WORDS_OF_COVER_LABEL])
    return has_label or not is_sentence


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, title or cover line: the span ``[start, end)`` of a document's text.

    ``section`` is the heading above, ``paragraph`` the number as printed, both empty where there
    is none; ``page`` is 1-based and None where the source has no pages; ``lead_in`` is where the
    block begins that a list item completes ("The Council calls for:"), None where there is none.
    """

    start: int
    end: int
    kind: Kind
    section: str = ""
    paragraph: str = ""
    page: int | None = None
    lead_in: int | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reader of the output must know about a document that was read all the same."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document in one language: NFC text without page furniture, and its blocks in order.

    ``text`` holds one block a line; blocks ascend, do not overlap, and hold every non-space
    character. ``date`` is an ISO date or empty, ``pages`` None where the source has no pages.
    ``number`` (``9422/15``), ``revision`` (``REV 1``) and ``celex`` are empty where unknown;
    ``origins`` says where each was found: ``("date", "cover")``.
    """

    doc_id: str
    language: str
    source: str
    sha256: str
    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    date: str = ""
    pages: int | None = None
    number: str = ""
    revision: str = ""
    celex: str = ""
    origins: tuple[tuple[str, str], ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A unit of coding: ``document.text[start:end] == text``, positions count from 1."""

    sentence_id: str
    doc_id: str
    language: str
    position: int
    start: int
    end: int
    text: str
    kind: Kind
    section: str = ""
    paragraph: str = ""
    page: int | None = None

    @property
    def is_cover_field(self) -> bool:
        """Whether the unit is a field of a cover page, which says nothing to code."""
        return is_cover_field(self.kind, self.text)


class Evidence(NamedTuple):
    """Words that carried an assigned label: the span ``[start, end)`` of the sentence's text.

    ``weight`` is what the words add to the label's log-odds.
    """

    label: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """The evidence of a batch of sentences, as columns of one entry each.

    ``rows`` (the sentence) ascends, and within it ``labels``, which are places in ``label_ids``;
    ``starts``, ``ends`` and ``weights`` are as in ``Evidence``.
    """

    label_ids: tuple[str, ...]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    weights: NDArray[np.float64]

    def of(self, row: int) -> list[Evidence]:
        """Return one sentence's evidence."""
        entries = slice(*np.searchsorted(self.rows, (row, row + 1)))
        columns = (self.labels, self.starts, self.ends, self.weights)
        return [
            Evidence(self.label_ids[label], start, end, weight)
            for label, start, end, weight in zip(
                *(column[entries].tolist() for column in columns), strict=True
            )
        ]

    def take(self, entries: NDArray[np.int64], rows: NDArray[np.int64]) -> EvidenceTable:
        """Return some entries, said of the ``rows`` beside them."""
        return EvidenceTable(
            self.label_ids,
            rows,
            self.labels[entries],
            self.starts[entries],
            self.ends[entries],
            self.weights[entries],
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of another document: the span ``[start, end)`` of the sentence's text.

    ``kind`` says what sort of mention it is, ``target`` names what is meant in one spelling for all
    languages.
    """

    start: int
    end: int
    kind: str
    target: str


@dataclass(frozen=True, slots=True, eq=False)
class LabelledVersion:
    """One language version of a document as it was labelled: its units in order, cover left out.

    ``labels`` are as they stand, ``model_labels`` as the model gave them: where they differ a
    person has corrected them. Both and ``probabilities`` have shape (n_units, n_labels).
    ``counted`` are the places of the units that count when documents are compared, most often its
    sentences.
    """

    doc_id: str
    language: str
    title: str
    date: str
    units: tuple[Sentence, ...]
    labels: NDArray[np.bool_]
    model_labels: NDArray[np.bool_]
    probabilities: Scores
    counted: NDArray[np.int64]

    @property
    def counted_labels(self) -> NDArray[np.bool_]:
        """The labels of the units that count, shape (n_counted, n_labels)."""
        return self.labels[self.counted]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledDocument:
    """A document of a corpus: its versions by language, and the one that stands for it."""

    corpus: str
    doc_id: str
    versions: tuple[LabelledVersion, ...]
    compared: LabelledVersion

    @property
    def date(self) -> str:
        """The date of the version compared or, where it has none, of the first that has one."""
        dates = (version.date for version in (self.compared, *self.versions))
        return next(filter(None, dates), "")
