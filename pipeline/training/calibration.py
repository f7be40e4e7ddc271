"""Probabilities that mean what they say, and the thresholds above which they count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIN_POSITIVES_FOR_PLATT = 15
MIN_POSITIVES_FOR_THRESHOLD = 50
"""Positive contents below which a label shares calibration or threshold with all others.

Simulated at a prevalence of 5 %: with fewer positives a calibration or threshold of one's own
measures worse on new data than the shared one.
"""
SLOPE_RIDGE = 4.0
INTERCEPT_RIDGE = 1.0
"""Pull of Platt scaling towards "leave as it is", in units of observations' log-loss."""
MAX_NEWTON_STEPS = 50
NEGLIGIBLE_F1 = 0.003
"""Micro-F1 that moves more than this from sample to sample; F1 is flat around its optimum."""
THRESHOLD_GRID = np.round(np.arange(0.15, 0.651, 0.01), 2)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def fit_platt(log_odds: Floats, gold: Bools, weights: Floats | None = None) -> tuple[float, float]:
    """Return slope and intercept of Platt scaling, with a ridge towards (1, 0).

    Newton's method on the penalised log-loss of ``sigmoid(slope * log_odds + intercept)``; Platt
    (1999), "Probabilistic Outputs for Support Vector Machines".

    Args:
        log_odds: Of one label, shape (n_sentences,).
        gold: Whether each sentence carries the label.
        weights: How many observations each sentence stands for, None for one each; language
            versions of a content are one observation together.
    """
    counted = np.ones_like(log_odds) if weights is None else weights
    inputs = np.stack([log_odds, np.ones_like(log_odds)], axis=1)
    ridge = np.array([SLOPE_RIDGE, INTERCEPT_RIDGE])
    neutral = np.array([1.0, 0.0])
    found = neutral.copy()
    for _ in range(MAX_NEWTON_STEPS):
        probabilities = 0.5 * (1 + np.tanh(0.5 * (inputs @ found)))
        gradient = inputs.T @ (counted * (probabilities - gold)) + ridge * (found - neutral)
        spread = counted * probabilities * (1 - probabilities)
        hessian = (inputs * spread[:, None]).T @ inputs + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        found -= np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    return float(found[0]), float(found[1])


def choose_thresholds(probabilities: Floats, gold: Bools, positives: Sequence[int]) -> Floats:
    """Return the threshold of each label, shape (n_labels,).

    One threshold is shared by all labels: of those that make micro-F1 as good as largest, the one
    next to half of it, where calibrated probabilities have their optimum (Lipton, Elkan and
    Naryanaswamy (2014), "Optimal Thresholding of Classifiers to Maximize F1 Measure"). A label with
    enough positive contents gets the one that makes its own F1 largest, half way back to the
    shared one.

    Args:
        probabilities: Held-out, shape (n_sentences, n_labels).
        gold: Same shape.
        positives: Positive contents of each label; language versions count once.
    """
    micro_f1 = np.array([_f1(probabilities >= t, gold) for t in THRESHOLD_GRID])
    as_good = THRESHOLD_GRID[micro_f1 >= micro_f1.max() - NEGLIGIBLE_F1]
    shared = as_good[int(np.argmin(np.abs(as_good - micro_f1.max() / 2)))]
    thresholds = np.full(gold.shape[1], shared)
    for label, count in enumerate(positives):
        if count >= MIN_POSITIVES_FOR_THRESHOLD:
            scores = [_f1(probabilities[:, label] >= t, gold[:, label]) for t in THRESHOLD_GRID]
            thresholds[label] = (shared + THRESHOLD_GRID[int(np.argmax(scores))]) / 2
    return thresholds


def _f1(predicted: Bools, gold: Bools) -> float:
    both = np.count_nonzero(predicted & gold)
    total = np.count_nonzero(predicted) + np.count_nonzero(gold)
    return 2 * both / total if total else 0.0
