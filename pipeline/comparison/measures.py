"""What a document is about, in numbers: shares of labels, what sets it apart, what it is like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]

PRIOR_LABELS = 10.0
"""Assigned labels that the prior of ``set_apart`` is worth, spread as in all documents."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """How much more one document uses each label than all others do, shape (n_labels,).

    ``log_odds`` is the difference of log-odds, ``z`` that difference over its standard error; both
    are NaN for a label that no document has.
    """

    log_odds: NDArray[np.float64]
    z: NDArray[np.float64]


def set_apart(counts: Counts, others: Counts) -> Contrast:
    """Compare a document's label counts with those of all other documents.

    Log-odds with an informative Dirichlet prior ("fightin' words"), Monroe, Colaresi and Quinn
    (2008), https://doi.org/10.1093/pan/mpn018, of labels in place of words.

    Args:
        counts: Sentences of the document that have each label, shape (n_labels,).
        others: The same of all other documents together.
    """
    together = counts + others
    used = together > 0
    prior = PRIOR_LABELS * together[used] / max(int(together.sum()), 1)
    ours, theirs = counts[used], others[used]
    rest_of_ours = counts.sum() + PRIOR_LABELS - ours - prior
    rest_of_theirs = others.sum() + PRIOR_LABELS - theirs - prior
    # A single label that all documents have leaves no rest, and nothing to compare.
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.log((ours + prior) / rest_of_ours)
        difference -= np.log((theirs + prior) / rest_of_theirs)
        z = difference / np.sqrt(1 / (ours + prior) + 1 / (theirs + prior))
    log_odds, scores = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    log_odds[used], scores[used] = difference, z
    log_odds[~np.isfinite(log_odds)] = np.nan
    scores[~np.isfinite(scores)] = np.nan
    return Contrast(log_odds, scores)


def profile_similarity(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine of every two documents' shares, shape (n_documents, n_documents).

    Args:
        shares: Of sentences that have each label, shape (n_documents, n_labels).

    Returns:
        Between 0 and 1; NaN for a document without any label.
    """
    norms = np.linalg.norm(shares, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = shares / norms[:, None]
    similarity: NDArray[np.float64] = np.clip(unit @ unit.T, 0, 1)
    return similarity
