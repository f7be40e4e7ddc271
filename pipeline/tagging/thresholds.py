"""What a person should look at again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Scores


def find_doubtful(scores: Scores, thresholds: Scores, margin: float) -> NDArray[np.bool_]:
    """Return, per sentence, whether a label's probability is within ``margin`` of its threshold.

    Args:
        scores: Probabilities in [0, 1], shape (n_sentences, n_labels).
        thresholds: Lowest probability that counts, shape (n_labels,).
        margin: A probability.
    """
    return np.asarray((np.abs(scores - thresholds) <= margin).any(axis=1))
