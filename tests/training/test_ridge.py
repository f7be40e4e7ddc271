import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack, random_array

from pipeline.training import dual_ridge, primal_ridge, ridge


def fit_ridge(inputs, *rest):
    """Fit on the inputs alone, without extra columns."""
    return ridge.fit_ridge(inputs, csr_matrix((inputs.shape[0], 0)), *rest)[0]


@pytest.fixture
def problem():
    dice = np.random.default_rng(5)
    inputs = csr_matrix(random_array((60, 90), density=0.1, rng=dice))
    targets = dice.random((60, 3)) < 0.3
    folds = np.arange(60) % 4
    return inputs, targets, folds


def test_weights_are_those_of_the_normal_equations(problem):
    inputs, targets, folds = problem
    fit = fit_ridge(inputs, targets, 0.5, folds)
    dense = inputs.toarray()
    centred = targets - targets.mean(axis=0)
    expected = np.linalg.solve(dense.T @ dense + 0.5 * np.eye(90), dense.T @ centred)
    assert np.allclose(fit.weights, expected, atol=1e-5)
    assert np.allclose(fit.bias, targets.mean(axis=0), atol=1e-5)


def test_held_out_rows_are_predicted_without_them(problem):
    inputs, targets, folds = problem
    fit = fit_ridge(inputs, targets, 0.5, folds)
    dense = inputs.toarray()
    centred = targets - targets.mean(axis=0)  # the bias is that of all rows
    for fold in range(4):
        inside = folds != fold
        without = np.linalg.solve(
            dense[inside].T @ dense[inside] + 0.5 * np.eye(90), dense[inside].T @ centred[inside]
        )
        predicted = dense[~inside] @ without + targets.mean(axis=0)
        assert np.allclose(fit.held_out[~inside], predicted, atol=1e-5)


@pytest.mark.parametrize("n_extra", [0, 3])
def test_iteration_agrees_with_the_exact_solution(problem, monkeypatch, n_extra):
    inputs, targets, folds = problem
    extra = csr_matrix(np.random.default_rng(1).normal(size=(60, n_extra)))
    exact = ridge.fit_ridge(inputs, extra, targets, 0.5, folds)
    monkeypatch.setattr(ridge, "MAX_EXACT_ROWS", 10)
    monkeypatch.setattr(primal_ridge, "TOLERANCE", 1e-4)
    iterated = ridge.fit_ridge(inputs, extra, targets, 0.5, folds)
    for found, expected in zip(iterated, exact, strict=True):
        assert np.allclose(found.weights, expected.weights, atol=1e-3)
        assert np.allclose(found.held_out, expected.held_out, atol=1e-3)


def test_inner_products_in_blocks_are_those_of_the_whole(problem, monkeypatch):
    inputs, targets, folds = problem
    whole = fit_ridge(inputs, targets, 0.5, folds)
    monkeypatch.setattr(dual_ridge, "ROWS_MULTIPLIED_TOGETHER", 7)
    assert np.allclose(fit_ridge(inputs, targets, 0.5, folds).weights, whole.weights, atol=1e-5)


def test_fit_without_the_extra_columns_is_that_of_the_rest_alone(problem):
    inputs, targets, folds = problem
    extra = csr_matrix(np.random.default_rng(1).normal(size=(60, 3)))
    found = ridge.fit_ridge(inputs, extra, targets, 0.5, folds)
    both = fit_ridge(hstack([inputs, extra], format="csr"), targets, 0.5, folds)
    for fit, expected in zip(found, (both, fit_ridge(*problem[:2], 0.5, folds)), strict=True):
        assert np.allclose(fit.weights, expected.weights, atol=1e-5)
        assert np.allclose(fit.held_out, expected.held_out, atol=1e-5)


def test_rows_are_predicted_without_their_fold_and_without_their_group(problem):
    inputs, targets, folds = problem
    groups = np.arange(60) % 3
    fit = fit_ridge(inputs, targets, 0.5, folds, groups)
    for fold, group in ((0, 0), (1, 2)):
        out = (folds == fold) | (groups == group)
        alone = fit_ridge(inputs, targets, 0.5, out.astype(int))
        both = (folds == fold) & (groups == group)
        assert np.allclose(fit.without_groups[both], alone.held_out[both], atol=1e-5)
    assert fit_ridge(inputs, targets, 0.5, folds).without_groups is None
