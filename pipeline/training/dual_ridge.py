"""Ridge regression in dual form: one factorisation, from which rows can be taken out again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, lapack
from scipy.sparse import csr_matrix

MAX_ROWS = 32_767
"""Their inner products then take 4.3 GB.

They are kept in single precision, which the penalty makes enough: against double precision,
predictions change by less than 0.0001, and without the extra features by 0.001. Scipy's LAPACK
counts bytes in 32 bits and crashes from 32,768 rows on.
"""
ROWS_MULTIPLIED_TOGETHER = 2_048

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


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
