"""Cross-validation folds that keep documents, and the language versions of a content, together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError


def grouped_folds(
    keys: Sequence[tuple[str, ...]], gold: NDArray[np.bool_], n_folds: int, seed: int
) -> NDArray[np.int64]:
    """Return the fold of every row; rows that share a key, directly or in steps, share a fold.

    Groups are dealt one by one, those with the rarest labels first, each to the fold that so far
    has least of its labels and rows. There are fewer folds where there are fewer groups.

    Args:
        keys: For every row what must stay together, such as its group and its document.
        gold: Labels, shape (n_rows, n_labels).
        n_folds: How many folds are wanted.
        seed: Breaks ties between groups.

    Raises:
        DataError: All rows hang together, so that nothing can be held out.
    """
    components = _components(keys)
    n_components = int(components.max()) + 1
    if n_components < 2:
        raise DataError(
            "all training sentences belong to one group; cross-validation needs at least two. "
            "Check the columns group_id and document_id."
        )
    share = _shares(gold)
    loads = np.zeros((n_components, share.shape[1]))
    np.add.at(loads, components, share)
    tie_breaks = np.random.default_rng(seed).random(n_components)
    order = np.lexsort((tie_breaks, -loads.max(axis=1)))
    fold_of_component = np.zeros(n_components, dtype=np.int64)
    fold_loads = np.zeros((min(n_folds, n_components), share.shape[1]))
    for component in order:
        costs = (fold_loads * loads[component]).sum(axis=1)
        fold = int(np.lexsort((fold_loads[:, -1], costs))[0])
        fold_of_component[component] = fold
        fold_loads[fold] += loads[component]
    return np.asarray(fold_of_component[components])


def largest_component_fraction(keys: Sequence[tuple[str, ...]]) -> float:
    """Return which share of all rows the most that share a key, directly or in steps, are."""
    return float(np.bincount(_components(keys)).max() / len(keys))


def _shares(gold: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return, per row, its share of each label's positives and, last, of all rows."""
    totals = np.maximum(gold.sum(axis=0), 1)
    rows = np.full((len(gold), 1), 1.0 / len(gold))
    return np.hstack([gold / totals, rows])


def _components(keys: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
    """Number the sets of rows that hang together, in the order of their first rows."""
    parent = list(range(len(keys)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first_row_by_key: dict[tuple[int, str], int] = {}
    for row, row_keys in enumerate(keys):
        for kind, key in enumerate(row_keys):
            first = first_row_by_key.setdefault((kind, key), row)
            low, high = sorted((root(first), root(row)))
            parent[high] = low
    number_by_root: dict[int, int] = {}
    return np.array(
        [number_by_root.setdefault(root(row), len(number_by_root)) for row in range(len(keys))]
    )
