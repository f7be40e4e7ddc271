"""Ridge regression of all labels at once, and what it says of rows it has not seen.

With fewer rows than features the problem is solved in its dual form: one factorisation of the
rows' inner products gives the weights and, without fitting again, the prediction for every fold
held out (the block form of the leave-one-out identity; Hastie, Tibshirani and Friedman (2009),
"The Elements of Statistical Learning", section 7.10). With many rows conjugate gradients are used,
and the folds begin where the fit of all rows ended.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, lapack
from scipy.sparse import csr_matrix, hstack

MAX_EXACT_ROWS = 32_767
"""Rows up to which inner products are kept: 4.3 GB; beyond, every fold is fitted by iteration.

They are kept in single precision, which the penalty makes enough: against double precision,
predictions change by less than 0.0001, and without the extra features by 0.001. Scipy's LAPACK
counts bytes in 32 bits and crashes from 32,768 rows on.
"""
ROWS_MULTIPLIED_TOGETHER = 2_048
TOLERANCE = 5e-3
"""Of the residual, beside the right-hand side. On 48,463 sentences held-out predictions are then
0.0002 from the converged ones on average, and 0.006 at most."""
MAX_STEPS = 300

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
    else:
        solver = DualRidge(both, wanted, penalty)
        fit = _fit_exactly(solver, both, folds, groups)
    same_weights = fit.weights[: inputs.shape[1]]
    if not extra.nnz:
        return fit, replace(fit, weights=same_weights, without_groups=None)
    if len(wanted) > MAX_EXACT_ROWS:
        return fit, _fit_by_iteration(inputs, wanted, penalty, folds, same_weights)
    solver.drop_columns(extra.toarray().astype(np.float32))
    return fit, _fit_exactly(solver, inputs, folds, None)


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


class DualRidge:
    """A ridge regression in dual form, from which rows can be taken out again."""

    def __init__(self, inputs: csr_matrix, wanted: Floats, penalty: float) -> None:
        self.bias: Floats = wanted.mean(axis=0)
        self._wanted = wanted
        self._inverse: Floats = _invert(_upper_inner_products(inputs, penalty))
        self.dual: Floats = self._inverse @ (wanted - self.bias)

    def drop_columns(self, columns: Floats) -> None:
        """Take some of the inputs' columns out again, shape (n_rows, n_columns).

        A change of low rank to the inner products is one to their inverse (Woodbury identity; Golub
        and Van Loan (2013), section 2.1).
        """
        solved = self._inverse @ columns
        core = np.linalg.inv(np.eye(columns.shape[1], dtype=np.float32) - columns.T @ solved)
        change = solved @ core
        for start in range(0, len(solved), ROWS_MULTIPLIED_TOGETHER):
            stop = start + ROWS_MULTIPLIED_TOGETHER
            self._inverse[start:stop] += change[start:stop] @ solved.T
        self.dual = self._inverse @ (self._wanted - self.bias)

    def without(self, rows: Ints) -> RidgeHole:
        """Return the fit without some rows."""
        return RidgeHole(self._inverse, self.dual, self._wanted, rows)


class RidgeHole:
    """A ridge regression without some rows.

    What it errs by on these is the solution of the inverse's block of them against their dual
    weights. Where further rows go out too, the block of the first is not factorised again (Schur
    complement; Golub and Van Loan (2013), "Matrix Computations", section 3.2).
    """

    def __init__(self, inverse: Floats, dual: Floats, wanted: Floats, rows: Ints) -> None:
        self.rows = rows
        self._inverse = inverse
        self._dual = dual
        self._wanted = wanted[rows]
        self._factor = cho_factor(inverse[np.ix_(rows, rows)], overwrite_a=True)
        self._errors: Floats = cho_solve(self._factor, dual[rows])

    def predict(self, more: Ints | None = None) -> Floats:
        """Return what is said of the rows left out, shape (len(rows), n_targets).

        Args:
            more: Further rows to do without.
        """
        if more is None or not len(more):
            return self._wanted - self._errors
        across = self._inverse[np.ix_(self.rows, more)]
        solved = cho_solve(self._factor, across)
        rest = self._inverse[np.ix_(more, more)] - across.T @ solved
        errors_of_more = np.linalg.solve(rest, self._dual[more] - across.T @ self._errors)
        predicted: Floats = self._wanted - (self._errors - solved @ errors_of_more)
        return predicted


def _upper_inner_products(inputs: csr_matrix, penalty: float) -> Floats:
    """Return the upper triangle of ``inputs @ inputs.T + penalty * identity``."""
    n_rows = inputs.shape[0]
    products = np.zeros((n_rows, n_rows), dtype=np.float32)
    for start in range(0, n_rows, ROWS_MULTIPLIED_TOGETHER):
        stop = start + ROWS_MULTIPLIED_TOGETHER
        products[start:stop, start:] = (inputs[start:stop] @ inputs[start:].T).toarray()
    products[np.diag_indices_from(products)] += penalty
    return products


def _invert(matrix: Floats) -> Floats:
    """Return the inverse of a symmetric positive definite matrix, in the matrix's own memory.

    Args:
        matrix: Its upper triangle.
    """
    factor, _ = lapack.spotrf(matrix.T, lower=True, overwrite_a=True)
    inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    for row in range(len(inverse)):
        inverse[row, row + 1 :] = inverse[row + 1 :, row]
    return np.asarray(inverse)


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

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(hold_out, np.unique(folds)))
    return RidgeFit(weights, solver.bias, held_out)


class PrimalRidge:
    """A ridge regression solved by conjugate gradients on the normal equations, a column a target.

    They are scaled by the features' squared lengths (Jacobi preconditioning; Golub and Van Loan
    (2013), "Matrix Computations", section 11.5). Several threads may solve at once.
    """

    def __init__(self, inputs: csr_matrix, wanted: Floats, penalty: float) -> None:
        self.bias: Floats = wanted.mean(axis=0)
        self._inputs = inputs
        self._transposed = inputs.T.tocsr()
        self._centred: Floats = wanted - self.bias
        self._penalty = penalty
        squares = np.asarray(inputs.multiply(inputs).sum(axis=0)).ravel()
        self._scale: Floats = (1 / (squares + penalty)).astype(np.float32)[:, None]

    def solve(self, is_in: NDArray[np.bool_], start: Floats | None = None) -> Floats:
        """Return the weights, (n_features, n_targets), fitted to some of the rows.

        Args:
            is_in: Which rows, shape (n_rows,).
            start: Weights to begin with.
        """
        kept = is_in[:, None]
        wanted = np.asarray(self._transposed @ (self._centred * kept))
        smallest = TOLERANCE**2 * (wanted**2 * self._scale).sum(axis=0)
        weights = np.zeros_like(wanted) if start is None else start.copy()
        residual = wanted if start is None else wanted - self._image(weights, kept)
        scaled = self._scale * residual
        direction, size = scaled, (residual * scaled).sum(axis=0)
        for _ in range(MAX_STEPS):
            if (size <= smallest).all():
                break
            image = self._image(direction, kept)
            step = size / np.maximum((direction * image).sum(axis=0), np.finfo(np.float32).tiny)
            weights += step * direction
            residual = residual - step * image
            scaled = self._scale * residual
            new_size = (residual * scaled).sum(axis=0)
            direction = scaled + new_size / np.maximum(size, np.finfo(np.float32).tiny) * direction
            size = new_size
        return weights

    def _image(self, weights: Floats, kept: NDArray[np.bool_]) -> Floats:
        predicted = np.asarray(self._inputs @ weights) * kept
        image: Floats = np.asarray(self._transposed @ predicted)
        image += np.float32(self._penalty) * weights
        return image


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
