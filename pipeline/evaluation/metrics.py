"""Multi-label metrics: every number with the count it rests on, None where nothing can be said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelMetrics:
    """How well one label is found; precision is None where it was never predicted, and so on."""

    label: str
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None


@dataclass(frozen=True, slots=True)
class Metrics:
    """How well a set of sentences is labelled.

    ``micro_f1`` pools all decisions; ``macro_f1`` averages F1 over the labels that occur in the
    gold, whose number is ``n_labels``. ``interval`` is a 95 % interval of micro-F1 from resampled
    documents, None with fewer than two.
    """

    n_sentences: int
    n_documents: int
    n_labels: int
    support: int
    micro_precision: float | None
    micro_recall: float | None
    micro_f1: float | None
    macro_f1: float | None
    exact_match: float | None
    interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """Return the numbers rounded to four digits."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def measure(
    gold: Bools,
    predicted: Bools,
    document_ids: Sequence[str],
    n_resamples: int = 0,
    seed: int = 0,
) -> Metrics:
    """Return metrics over all sentences and labels given.

    Args:
        gold: Shape (n_sentences, n_labels).
        predicted: Same shape.
        document_ids: The document of each sentence; resampling draws whole documents, because
            sentences of one document are not independent.
        n_resamples: Bootstrap resamples for the interval; 0 for none.
        seed: Of the resampling.
    """
    both = (gold & predicted).sum(axis=0)
    n_gold, n_predicted = gold.sum(axis=0), predicted.sum(axis=0)
    label_f1 = [
        _f1(int(hits), int(golden), int(given))
        for hits, golden, given in zip(both, n_gold, n_predicted, strict=True)
        if golden
    ]
    found = [f1 for f1 in label_f1 if f1 is not None]
    return Metrics(
        n_sentences=len(gold),
        n_documents=len(set(document_ids)),
        n_labels=len(label_f1),
        support=int(n_gold.sum()),
        micro_precision=_ratio(int(both.sum()), int(n_predicted.sum())),
        micro_recall=_ratio(int(both.sum()), int(n_gold.sum())),
        micro_f1=_f1(int(both.sum()), int(n_gold.sum()), int(n_predicted.sum())),
        macro_f1=float(np.mean(found)) if found else None,
        exact_match=float((gold == predicted).all(axis=1).mean()) if len(gold) else None,
        interval=_bootstrap(gold, predicted, document_ids, n_resamples, seed),
    )


def measure_labels(
    gold: Bools, predicted: Bools, probabilities: NDArray[np.float32], label_ids: Sequence[str]
) -> list[LabelMetrics]:
    """Return metrics for each label, in the order of ``label_ids``."""
    results = []
    for column, label in enumerate(label_ids):
        golden, given = gold[:, column], predicted[:, column]
        hits = int((golden & given).sum())
        support, n_predicted = int(golden.sum()), int(given.sum())
        results.append(
            LabelMetrics(
                label=label,
                support=support,
                predicted=n_predicted,
                precision=_ratio(hits, n_predicted),
                recall=_ratio(hits, support),
                f1=_f1(hits, support, n_predicted) if support else None,
                average_precision=average_precision(golden, probabilities[:, column]),
            )
        )
    return results


def average_precision(gold: Bools, probabilities: NDArray[np.float32]) -> float | None:
    """Return the mean precision at each positive, ties counted together; None without positives."""
    if not gold.any():
        return None
    order = np.argsort(-probabilities, kind="stable")
    ranked, values = gold[order], probabilities[order]
    last_of_tie = np.flatnonzero(np.append(values[1:] != values[:-1], True))
    hits = np.cumsum(ranked)[last_of_tie]
    precision = hits / (last_of_tie + 1)
    gained = np.diff(hits, prepend=0)
    return float((precision * gained).sum() / hits[-1])


def expected_calibration_error(
    gold: Bools, probabilities: NDArray[np.float32], n_bins: int = 10
) -> float:
    """Return the mean gap between probability and frequency over all sentence-label pairs.

    Bins of equal width, weighted by their pairs; Naeini et al. (2015),
    https://ojs.aaai.org/index.php/AAAI/article/view/9602.
    """
    flat, hits = probabilities.ravel().astype(np.float64), gold.ravel()
    bins = np.minimum((flat * n_bins).astype(int), n_bins - 1)
    counts = np.bincount(bins, minlength=n_bins)
    gaps = np.bincount(bins, weights=flat - hits, minlength=n_bins)
    return float(np.abs(gaps).sum() / max(counts.sum(), 1))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Sentence-label pairs whose probability lies between two bounds, and how they turned out."""

    low: float
    high: float
    n_pairs: int
    mean_probability: float | None
    share_true: float | None


def reliability(
    gold: Bools, probabilities: NDArray[np.float32], n_bins: int = 10
) -> list[ReliabilityBin]:
    """Return a reliability diagram's points: probability said against share that was true."""
    flat, hits = probabilities.ravel().astype(np.float64), gold.ravel()
    bins = np.minimum((flat * n_bins).astype(int), n_bins - 1)
    points = []
    for place in range(n_bins):
        inside = bins == place
        count = int(inside.sum())
        points.append(
            ReliabilityBin(
                low=place / n_bins,
                high=(place + 1) / n_bins,
                n_pairs=count,
                mean_probability=float(flat[inside].mean()) if count else None,
                share_true=float(hits[inside].mean()) if count else None,
            )
        )
    return points


@dataclass(frozen=True, slots=True)
class AbstentionPoint:
    """What is right among the sentences kept when the most doubtful are left to a person."""

    kept_fraction: float
    n_sentences: int
    micro_f1: float | None
    exact_match: float | None


def abstention_curve(
    gold: Bools,
    probabilities: NDArray[np.float32],
    thresholds: NDArray[np.float32],
    fractions: Sequence[float] = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5),
) -> list[AbstentionPoint]:
    """Return accuracy against the share of sentences kept, the surest first.

    A sentence is as sure as its label nearest to its threshold.
    """
    if not len(gold):
        return []
    distance = np.abs(probabilities - thresholds).min(axis=1)
    order = np.argsort(-distance, kind="stable")
    predicted = probabilities >= thresholds
    points = []
    for fraction in fractions:
        rows = order[: max(1, round(fraction * len(order)))]
        both = int((gold[rows] & predicted[rows]).sum())
        points.append(
            AbstentionPoint(
                kept_fraction=fraction,
                n_sentences=len(rows),
                micro_f1=_f1(both, int(gold[rows].sum()), int(predicted[rows].sum())),
                exact_match=float((gold[rows] == predicted[rows]).all(axis=1).mean()),
            )
        )
    return points


def split_by(
    keys: Sequence[str], measure_rows: Callable[[NDArray[np.int64]], Metrics]
) -> dict[str, Metrics]:
    """Return metrics for each distinct key, in alphabetical order; keys are one a sentence."""
    values = np.array(keys)
    return {key: measure_rows(np.flatnonzero(values == key)) for key in sorted(set(keys))}


def _bootstrap(
    gold: Bools, predicted: Bools, document_ids: Sequence[str], n_resamples: int, seed: int
) -> tuple[float, float] | None:
    names, documents = np.unique(np.array(document_ids), return_inverse=True)
    if len(names) < 2 or not n_resamples:
        return None
    counts = np.stack([(gold & predicted).sum(axis=1), gold.sum(axis=1), predicted.sum(axis=1)])
    per_document = np.stack([np.bincount(documents, weights=row) for row in counts])
    draws = np.random.default_rng(seed).integers(len(names), size=(n_resamples, len(names)))
    both, n_gold, n_predicted = per_document[:, draws].sum(axis=2)
    f1 = 2 * both / np.maximum(n_gold + n_predicted, 1)
    low, high = np.quantile(f1, [0.025, 0.975])
    return float(low), float(high)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _f1(both: int, n_gold: int, n_predicted: int) -> float | None:
    return _ratio(2 * both, n_gold + n_predicted)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    return [_rounded(part) for part in value] if isinstance(value, tuple) else value
