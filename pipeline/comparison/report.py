"""One page about a comparison, to be opened in any browser without a network."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.codebook import Codebook
from pipeline.comparison.contents import VersionAgreement
from pipeline.comparison.rows import (
    ContentRow,
    CorpusRow,
    DifferenceRow,
    DocumentRow,
    ReuseRow,
    ShareRow,
    SimilarRow,
    VersionPairRow,
)

TEMPLATE = "report.html"
MAX_DOCUMENTS = 40
"""Columns of the map of labels; a wider one cannot be read. Every corpus has its part of them."""
MAX_ROWS = 50
"""Of a list on the page, of which every corpus has its part too; the tables have all."""
MAX_NAMED = 5
"""Documents or labels in one cell."""
SETS_APART = 2.0
"""The z from which a label is said to set a document apart: 2 in 100 have it by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that a comparison found, as its tables have it."""

    codebook: Codebook
    documents: Sequence[DocumentRow]
    shares: Sequence[ShareRow]
    similar: Sequence[SimilarRow]
    reuse: Sequence[ReuseRow]
    corpora: Sequence[CorpusRow]
    differences: Sequence[DifferenceRow]
    pairs: Sequence[VersionPairRow]
    agreement: VersionAgreement | None
    contents: Sequence[ContentRow]
    confidence: float
    notices: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Whisker:
    """Where an estimate stands on a line from 0 to 100."""

    row: CorpusRow
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class _Reuse:
    """A sentence, the documents that have it with their number of copies, and its labels."""

    language: str
    text: str
    documents: list[tuple[str, int]]
    labels: str
    has_same_labels: bool


def render_report(report: Report) -> str:
    """Return the page as HTML; every text in it is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = _percent
    environment.filters["number"] = _number
    environment.filters["p_value"] = _p_value
    return environment.get_template(TEMPLATE).render(
        **_view(report), max_rows=MAX_ROWS, max_named=MAX_NAMED
    )


def _view(report: Report) -> dict[str, Any]:
    compared = [row for row in report.documents if row.is_compared]
    listed = _evenly(compared, MAX_ROWS)
    return {
        "report": report,
        "corpora": list(dict.fromkeys(row.corpus for row in report.documents)),
        "compared": compared,
        "listed": listed,
        "listed_keys": {(row.corpus, row.doc_id) for row in listed},
        "mapped": _evenly([row for row in compared if row.sentences], MAX_DOCUMENTS),
        "share_by_cell": _share_by_cell(report),
        "most_frequent": max((row.share for row in report.shares), default=0.0) or 1.0,
        "used_labels": {row.label for row in report.shares if row.labelled_sentences},
        "set_apart": _set_apart(report),
        "nearest": _nearest(report.similar),
        "reused": _grouped_reuse(report.reuse),
        "whiskers": _whiskers(report.corpora),
        "top_of_whiskers": _top(report.corpora),
        "share_by_corpus": {(row.corpus, row.label): row for row in report.corpora},
        "counted_corpora": list(dict.fromkeys(row.corpus for row in report.corpora)),
        "n_coded": sum({row.corpus: row.coded_sentences for row in report.corpora}.values()),
        "findings": sorted(
            (row for row in report.differences if row.p_value is not None),
            key=lambda row: (row.p_value, row.label),
        ),
        "language_pairs": _language_matrix(report.pairs),
        "split_contents": sorted(
            (row for row in report.contents if row.split_labels),
            key=lambda row: -row.split_labels.count("|"),
        ),
    }


def _share_by_cell(report: Report) -> dict[tuple[str, str, str], ShareRow]:
    """Return the share of every label in every document, of the version compared."""
    is_compared = {
        (row.corpus, row.doc_id, row.language) for row in report.documents if row.is_compared
    }
    return {
        (row.corpus, row.doc_id, row.label): row
        for row in report.shares
        if (row.corpus, row.doc_id, row.language) in is_compared
    }


def _set_apart(report: Report) -> list[tuple[str, str, list[ShareRow]]]:
    """Return, for each document, the labels that set it apart, surest first."""
    rows: dict[tuple[str, str], list[ShareRow]] = defaultdict(list)
    for row in report.shares:
        if row.z is not None and row.z >= SETS_APART:
            rows[row.corpus, row.doc_id].append(row)
    return [(*key, sorted(found, key=lambda row: -(row.z or 0.0))) for key, found in rows.items()]


def _evenly(rows: Sequence[DocumentRow], limit: int) -> list[DocumentRow]:
    """Return at most so many documents, the first of every corpus, in their order."""
    place_in_corpus: Counter[str] = Counter()
    ranked = []
    for place, row in enumerate(rows):
        ranked.append((place_in_corpus[row.corpus], place))
        place_in_corpus[row.corpus] += 1
    kept = sorted(place for _, place in sorted(ranked)[:limit])
    return [rows[place] for place in kept]


def _nearest(rows: Sequence[SimilarRow]) -> dict[tuple[str, str], list[SimilarRow]]:
    """Return the three documents most like each one, by all labels."""
    nearest: dict[tuple[str, str], list[SimilarRow]] = defaultdict(list)
    for row in rows:
        if row.dimension == "all" and row.rank <= 3:
            nearest[row.corpus, row.doc_id].append(row)
    return nearest


def _grouped_reuse(rows: Sequence[ReuseRow]) -> list[_Reuse]:
    """Return every reused sentence, those in most documents first."""
    copies: dict[int, list[ReuseRow]] = defaultdict(list)
    for row in rows:
        copies[row.reuse].append(row)
    reused = [
        _Reuse(
            language=found[0].language,
            text=found[0].text,
            documents=list(Counter(row.doc_id for row in found).items()),
            labels=found[0].labels,
            has_same_labels=bool(found[0].has_same_labels),
        )
        for found in copies.values()
    ]
    return sorted(reused, key=lambda sentence: -len(sentence.documents))


def _whiskers(rows: Sequence[CorpusRow]) -> dict[str, list[_Whisker]]:
    """Return the estimates of each label that has one, on a scale that fits the highest."""
    said = [row for row in rows if row.estimate is not None]
    top = _top(rows)
    whiskers: dict[str, list[_Whisker]] = defaultdict(list)
    for row in said:
        low, middle, high = (
            100 * (value or 0.0) / top for value in (row.low, row.estimate, row.high)
        )
        whiskers[row.label].append(_Whisker(row, low, middle, high))
    return whiskers


def _top(rows: Sequence[CorpusRow]) -> float:
    """Return the right end of the scale that intervals are drawn on."""
    return max((row.high or 0.0 for row in rows), default=0.0) or 1.0


def _language_matrix(pairs: Sequence[VersionPairRow]) -> dict[str, dict[str, float | None]]:
    """Return the disagreement of every two languages over all documents, by language."""
    labels: dict[tuple[str, str], int] = defaultdict(int)
    different: dict[tuple[str, str], float] = defaultdict(float)
    for row in pairs:
        for key in ((row.language, row.other_language), (row.other_language, row.language)):
            labels[key] += row.n_labels
            different[key] += row.n_labels * (row.disagreement or 0.0)
    languages = sorted({language for language, _ in labels})
    return {
        language: {
            other: different[language, other] / labels[language, other]
            if labels[language, other]
            else None
            for other in languages
        }
        for language in languages
    }


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}".replace("-0.0", "0.0")


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: float | None, decimals: int = 2) -> str:
    return "n/a" if value is None else f"{value:.{decimals}f}"
