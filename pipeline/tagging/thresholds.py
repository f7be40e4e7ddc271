"""Probabilities → label sets: what counts, and what a person should look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.records import LabelSet, Scores


def pick_labels(scores: Scores, thresholds: Scores, label_ids: Sequence[str]) -> list[LabelSet]:
    """Turn scores into label sets.

    Args:
        scores: Probabilities in [0, 1], shape (n_sentences, n_labels).
        thresholds: Lowest probability that counts, shape (n_labels,).
        label_ids: Column order of both arrays.

    Returns:
        One tuple per sentence, in codebook order; empty where nothing reaches its threshold.

    Raises:
        ValueError: The three do not agree on n_labels.
    """
    if not scores.shape[1] == len(thresholds) == len(label_ids):
        raise ValueError(
            f"scores have {scores.shape[1]} columns, thresholds {len(thresholds)}, "
            f"and there are {len(label_ids)} labels"
        )
    labels: list[list[str]] = [[] for _ in range(len(scores))]
    for row, column in zip(*np.nonzero(scores >= thresholds), strict=True):
        labels[row].append(label_ids[column])
    return [tuple(chosen) for chosen in labels]


def find_doubtful(scores: Scores, thresholds: Scores, margin: float) -> NDArray[np.bool_]:
    """Return, per sentence, whether a label's probability is within ``margin`` of its threshold."""
    return np.asarray((np.abs(scores - thresholds) <= margin).any(axis=1))
