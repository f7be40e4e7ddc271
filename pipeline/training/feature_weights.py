"""How much features weigh before a linear layer is fitted: rare ones more, long rows less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


def inverse_document_frequency(inputs: csr_matrix, group_ids: Sequence[str]) -> NDArray[np.float32]:
    """Return how rare each feature is, shape (n_features,): log of contents per content with it.

    Language versions are weighed so that a content counts once, however many it has.
    """
    _, groups, counts = np.unique(np.array(group_ids), return_inverse=True, return_counts=True)
    weights = 1.0 / counts[groups]
    frequency = np.asarray(_presence(inputs).T @ weights)
    return np.log((len(counts) + 1) / (frequency + 1)).astype(np.float32)


def scale_to_lengths(
    inputs: csr_matrix, weights: NDArray[np.float32], fraction: float
) -> NDArray[np.float32]:
    """Return weights by which this fraction of the rows is shorter than 1.

    Args:
        inputs: What features each row has, shape (n_rows, n_features).
        weights: Of the features, shape (n_features,).
        fraction: Between 0 and 1.
    """
    lengths = np.sqrt(np.asarray(_presence(inputs) @ weights.astype(np.float64) ** 2))
    length = float(np.quantile(lengths, fraction))
    return weights if length == 0 else (weights / length).astype(np.float32)


def _presence(inputs: csr_matrix) -> csr_matrix:
    """Return 1 where a row has a feature, whatever it counts."""
    present = inputs.copy()
    present.data = np.ones_like(present.data)
    return present
