"""Shares with intervals that hold for the error of the model, from a hand-coded random sample.

A share of predicted labels is not the share of true ones; a coded sample says by how much. The
sample is split by what the model predicted, each part has a Wilson interval, and Zou and Donner's
MOVER (2008, https://doi.org/10.1002/sim.3095) puts the parts together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

MIN_EXPECTED = 10
"""Sentences with a label that a coded sample must be expected to hold, by the model's share, before
anything is said of the label. To ask instead for so many found by hand picks the samples that have
too many by chance: estimates are then too high, and intervals hold less often than they say
(``bench.intervals``)."""


@dataclass(frozen=True, slots=True)
class CodedCounts:
    """One label in a corpus and in its coded sample.

    ``n_predicted`` of ``n_sentences`` have the label by the model. Of the coded sample ``n_with``
    sentences have it by the model, ``true_with`` of which by hand as well; of the other
    ``n_without`` sentences ``true_without`` have it by hand.
    """

    n_sentences: int
    n_predicted: int
    n_with: int = 0
    true_with: int = 0
    n_without: int = 0
    true_without: int = 0

    @property
    def n_coded(self) -> int:
        """Sentences that were coded by hand."""
        return self.n_with + self.n_without

    @property
    def n_positives(self) -> int:
        """Coded sentences that have the label by hand."""
        return self.true_with + self.true_without

    @property
    def expected_positives(self) -> float:
        """Coded sentences that should have the label, were its share the model's."""
        return self.n_coded * self.n_predicted / self.n_sentences

    @property
    def is_estimable(self) -> bool:
        """Whether the sample says enough: large enough for the label, and each part of it seen."""
        parts = (
            (self.n_predicted, self.n_with),
            (self.n_sentences - self.n_predicted, self.n_without),
        )
        has_parts = all(n or not size for size, n in parts)
        return self.expected_positives >= MIN_EXPECTED and has_parts


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, or a difference of shares, with the interval around it."""

    value: float
    low: float
    high: float


def wilson(successes: int, n: int, z: float) -> tuple[float, float]:
    """Return Wilson's interval of a share; all of 0 to 1 where nothing was seen.

    >>> [round(bound, 3) for bound in wilson(8, 10, 1.96)]
    [0.49, 0.943]
    """
    if not n:
        return 0.0, 1.0
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def estimate_share(counts: CodedCounts, confidence: float = 0.95) -> Estimate:
    """Return the share of sentences that have a label, corrected by the coded sample.

    Args:
        counts: Of an estimable label.
        confidence: That the interval holds.
    """
    z = _z_of(confidence)
    with_label = counts.n_predicted / counts.n_sentences
    parts = (
        (with_label, counts.true_with, counts.n_with),
        (1 - with_label, counts.true_without, counts.n_without),
    )
    value = below = above = 0.0
    for weight, successes, n in parts:
        share = successes / n if n else 0.0
        low, high = wilson(successes, n, z)
        value += weight * share
        below += (weight * (share - low)) ** 2
        above += (weight * (high - share)) ** 2
    return Estimate(value, max(0.0, value - math.sqrt(below)), min(1.0, value + math.sqrt(above)))


def estimate_difference(
    first: CodedCounts, second: CodedCounts, confidence: float = 0.95
) -> Estimate:
    """Return the first share less the second, each corrected by a coded sample of its own."""
    one, other = estimate_share(first, confidence), estimate_share(second, confidence)
    value = one.value - other.value
    return Estimate(
        value,
        value - math.hypot(one.value - one.low, other.high - other.value),
        value + math.hypot(one.high - one.value, other.value - other.low),
    )


def p_value_of_difference(first: CodedCounts, second: CodedCounts) -> float:
    """Return one less the highest confidence at which the interval excludes no difference."""
    low, high = 0.0, 1.0 - 1e-12
    for _ in range(60):
        middle = (low + high) / 2
        found = estimate_difference(first, second, middle)
        if found.low <= 0 <= found.high:
            high = middle
        else:
            low = middle
    return 1 - low


def benjamini_hochberg(p_values: Sequence[float], n_tests: int | None = None) -> list[float]:
    """Return the false discovery rate at which each test would be called a finding.

    Args:
        p_values: Of the tests.
        n_tests: How many were made, where those with a p-value of 1 are left out.

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """
    n = n_tests or len(p_values)
    order = sorted(range(len(p_values)), key=lambda place: p_values[place], reverse=True)
    adjusted = [1.0] * len(p_values)
    lowest = 1.0
    for rank, place in zip(range(len(p_values), 0, -1), order, strict=True):
        lowest = min(lowest, p_values[place] * n / rank)
        adjusted[place] = lowest
    return adjusted


def _z_of(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
