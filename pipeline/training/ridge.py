"""Ridge regression of all labels at once, and what it says of rows it has not seen.

With fewer rows than features the problem is solved in its dual form: one factorisation of the
rows' inner products gives the weights and, without fitting again, the prediction for every fold
held out (the block form of the leave-one-out identity; Hastie, Tibshirani and Friedman (2009),
"The Elements of Statistical Learning", section 7.10). With many rows conjugate gradients are used,
and the folds begin where the fit of all rows ended.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from pipeline.config import count_cores
from pipeline.training.dual_ridge import MAX_ROWS as MAX_EXACT_ROWS
from pipeline.training.dual_ridge import DualRidge, RidgeHole
from pipeline.training.primal_ridge import PrimalRidge

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RidgeFit:
    """Weights (n_features, n_targets), bias (n_targets,), held-out predictions (n_rows, …).

    ``without_groups`` are predictions from rows of other folds and other groups; None where no
    groups were given, or more rows than are solved exactly.
    """

    weights: Floats
    bias: Floats
    held_out: Floats
    without_groups: Floats | None = None


def fit_ridge(
    inputs: csr_matrix,
    extra: csr_matrix,
    targets: NDArray[np.bool_],
    penalty: float,
    folds: Ints,
    groups: Ints | None = None,
) -> tuple[RidgeFit, RidgeFit]:
    """Fit all targets on inputs and a few extra features, and once more on the inputs alone.

    Every fold is also predicted from the others. The second fit follows from the first, which takes
    all the time.

    Args:
        inputs: Shape (n_rows, n_features).
        extra: Shape (n_rows, n_extra), with few columns; in the first fit they come last.
        targets: Shape (n_rows, n_targets), regressed as 0 and 1.
        penalty: On the squared weights; the bias is the targets' mean and free of it.
        folds: Of each row, shape (n_rows,).
        groups: Of each row too; asks the first fit for predictions without fold and group.
    """
    wanted = targets.astype(np.float32)
    both = hstack([inputs, extra], format="csr")
    if len(wanted) > MAX_EXACT_ROWS:
        fit = _fit_by_iteration(both, wanted, penalty, folds)
        alone = replace(fit, weights=fit.weights[: inputs.shape[1]])
        if extra.nnz:
            alone = _fit_by_iteration(inputs, wanted, penalty, folds, alone.weights)
        return fit, alone
    solver = DualRidge(both, wanted, penalty)
    fit = _fit_exactly(solver, both, folds, groups)
    alone = replace(fit, weights=fit.weights[: inputs.shape[1]], without_groups=None)
    if extra.nnz:
        solver.drop_columns(extra.toarray().astype(np.float32))
        alone = _fit_exactly(solver, inputs, folds, None)
    return fit, alone


def _fit_exactly(
    solver: DualRidge, inputs: csr_matrix, folds: Ints, groups: Ints | None
) -> RidgeFit:
    held_out, without_groups = np.empty_like(solver.dual), np.empty_like(solver.dual)
    for fold in np.unique(folds):
        hole = solver.without(np.flatnonzero(folds == fold))
        held_out[hole.rows] = hole.predict()
        if groups is not None:
            without_groups[hole.rows] = _predict_without_groups(hole, groups, folds == fold)
    return RidgeFit(
        weights=np.asarray(inputs.T @ solver.dual),
        bias=solver.bias,
        held_out=held_out,
        without_groups=None if groups is None else without_groups,
    )


def _predict_without_groups(hole: RidgeHole, groups: Ints, is_out: NDArray[np.bool_]) -> Floats:
    """Return what is said of the rows left out without the rows of their groups, either."""
    own_groups = groups[hole.rows]
    predicted = hole.predict()
    for group in np.unique(own_groups):
        more = np.flatnonzero((groups == group) & ~is_out)
        is_of_group = own_groups == group
        predicted[is_of_group] = hole.predict(more)[is_of_group]
    return predicted


def _fit_by_iteration(
    inputs: csr_matrix, wanted: Floats, penalty: float, folds: Ints, start: Floats | None = None
) -> RidgeFit:
    solver = PrimalRidge(inputs, wanted, penalty)
    weights = solver.solve(np.ones(len(wanted), dtype=np.bool_), start)
    held_out = np.empty_like(wanted)

    def hold_out(fold: int) -> None:
        outside = folds == fold
        without = solver.solve(~outside, weights)
        held_out[outside] = inputs[outside] @ without + solver.bias

    with ThreadPoolExecutor(count_cores()) as pool:
        list(pool.map(hold_out, np.unique(folds)))
    return RidgeFit(weights, solver.bias, held_out)
