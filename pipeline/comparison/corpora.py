"""Labels in whole corpora, with intervals that hold where a person has coded a sample of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.codebook import Codebook
from pipeline.comparison.intervals import (
    MIN_EXPECTED,
    CodedCounts,
    benjamini_hochberg,
    estimate_difference,
    estimate_share,
    p_value_of_difference,
)
from pipeline.comparison.rows import CorpusRow, DifferenceRow
from pipeline.records import LabelledDocument

Bools = NDArray[np.bool_]

NOT_CODED = "not estimable: no sentence was coded by hand"


@dataclass(frozen=True, slots=True, eq=False)
class CodedLabels:
    """What the model and a person say of the same sentences, shape (n_coded, n_labels) each.

    ``predicted`` is what the model itself said, whatever was corrected since: a sample whose
    mistakes were taken out says nothing of those that are left elsewhere.
    """

    predicted: Bools
    by_hand: Bools


def count_labels(
    documents: Sequence[LabelledDocument], coded: CodedLabels | None, n_labels: int
) -> list[CodedCounts]:
    """Return the counts of every label by the model in one corpus, each document counted once."""
    found = np.concatenate(
        [document.compared.model_labels[document.compared.counted] for document in documents]
    )
    n_predicted = found.sum(axis=0)
    counts = [CodedCounts(len(found), int(n_predicted[column])) for column in range(n_labels)]
    if coded is None:
        return counts
    return [
        replace(
            entry,
            n_with=int(given.sum()),
            true_with=int((given & true).sum()),
            n_without=int((~given).sum()),
            true_without=int((~given & true).sum()),
        )
        for entry, given, true in zip(counts, coded.predicted.T, coded.by_hand.T, strict=True)
    ]


def describe_corpora(
    documents_by_corpus: Mapping[str, Sequence[LabelledDocument]],
    counts_by_corpus: Mapping[str, Sequence[CodedCounts]],
    codebook: Codebook,
    confidence: float,
) -> list[CorpusRow]:
    """Return a row for every label in every corpus that has a sentence that counts."""
    rows = []
    for corpus, counts in counts_by_corpus.items():
        documents = documents_by_corpus[corpus]
        expected = np.concatenate(
            [document.compared.probabilities[document.compared.counted] for document in documents]
        ).mean(axis=0, dtype=np.float64)
        n_labelled = _labelled_counts(documents)
        numbers = zip(codebook.labels, counts, n_labelled, expected.tolist(), strict=True)
        for label, entry, n_own, mean in numbers:
            found = estimate_share(entry, confidence) if entry.is_estimable else None
            rows.append(
                CorpusRow(
                    corpus=corpus,
                    dimension=label.dimension,
                    label=label.id,
                    documents=len(documents),
                    sentences=entry.n_sentences,
                    labelled_sentences=n_own,
                    share=n_own / entry.n_sentences,
                    expected_share=mean,
                    coded_sentences=entry.n_coded,
                    coded_with_label=entry.n_positives,
                    estimate=found.value if found else None,
                    low=found.low if found else None,
                    high=found.high if found else None,
                    note=_why_not(entry),
                )
            )
    return rows


def _labelled_counts(documents: Sequence[LabelledDocument]) -> list[int]:
    """Return how many sentences have each label as it stands, corrections included."""
    totals = np.sum(
        [document.compared.counted_labels.sum(axis=0) for document in documents], axis=0
    )
    return [int(total) for total in totals]


def compare_corpora(
    documents_by_corpus: Mapping[str, Sequence[LabelledDocument]],
    counts_by_corpus: Mapping[str, Sequence[CodedCounts]],
    codebook: Codebook,
    confidence: float,
) -> list[DifferenceRow]:
    """Return a row for every label in every two corpora."""
    rows = []
    shares = {
        corpus: np.array(_labelled_counts(documents)) / counts_by_corpus[corpus][0].n_sentences
        for corpus, documents in documents_by_corpus.items()
    }
    for corpus, other in combinations(counts_by_corpus, 2):
        pairs = zip(
            codebook.labels,
            counts_by_corpus[corpus],
            counts_by_corpus[other],
            (shares[corpus] - shares[other]).tolist(),
            strict=True,
        )
        for label, ours, theirs, share_difference in pairs:
            can_say = ours.is_estimable and theirs.is_estimable
            found = estimate_difference(ours, theirs, confidence) if can_say else None
            rows.append(
                DifferenceRow(
                    corpus=corpus,
                    other_corpus=other,
                    dimension=label.dimension,
                    label=label.id,
                    share_difference=share_difference,
                    estimate=found.value if found else None,
                    low=found.low if found else None,
                    high=found.high if found else None,
                    p_value=p_value_of_difference(ours, theirs) if can_say else None,
                    q_value=None,
                    note="; ".join(
                        f"{name}: {reason}"
                        for name, reason in ((corpus, _why_not(ours)), (other, _why_not(theirs)))
                        if reason
                    ),
                )
            )
    return _with_q_values(rows)


def _with_q_values(rows: Sequence[DifferenceRow]) -> list[DifferenceRow]:
    tested = [row.p_value for row in rows if row.p_value is not None]
    q_values = iter(benjamini_hochberg(tested))
    return [row if row.p_value is None else replace(row, q_value=next(q_values)) for row in rows]


def _why_not(counts: CodedCounts) -> str:
    """Return why a share cannot be estimated, empty where it can."""
    if counts.is_estimable:
        return ""
    if not counts.n_coded:
        return NOT_CODED
    if counts.expected_positives < MIN_EXPECTED:
        n_needed = math.ceil(MIN_EXPECTED * counts.n_sentences / max(counts.n_predicted, 1))
        if not counts.n_predicted or n_needed > counts.n_sentences:
            return "not estimable: by the model too few sentences have the label"
        return f"not estimable: code {n_needed} sentences, {counts.n_coded} are coded"
    missing = "with" if not counts.n_with else "without"
    return f"not estimable: no coded sentence {missing} the label by the model"
