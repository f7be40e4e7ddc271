import numpy as np
import pytest

from pipeline.comparison.measures import profile_similarity, set_apart


def test_a_label_that_only_one_document_has_sets_it_apart():
    contrast = set_apart(np.array([10, 10, 0]), np.array([100, 0, 50]))
    assert contrast.z[1] > 2
    assert contrast.log_odds[1] > 0
    assert contrast.z[2] < 0


def test_the_same_use_sets_nothing_apart():
    contrast = set_apart(np.array([10, 20]), np.array([100, 200]))
    assert contrast.z == pytest.approx([0, 0], abs=0.05)


def test_a_rare_label_is_less_sure_than_a_frequent_one_as_far_apart():
    few, many = (
        set_apart(np.array([2, 8]), np.array([10, 90])),
        set_apart(np.array([20, 80]), np.array([100, 900])),
    )
    assert 0 < few.z[0] < many.z[0]


def test_a_label_that_no_document_has_is_not_compared():
    contrast = set_apart(np.array([1, 0, 1]), np.array([1, 0, 3]))
    assert np.isnan(contrast.z[1])
    assert np.isfinite(contrast.z[[0, 2]]).all()


def test_documents_without_labels_are_compared_without_a_warning():
    nothing = np.zeros(2, dtype=int)
    assert np.isnan(set_apart(nothing, nothing).z).all()
    assert np.isfinite(set_apart(nothing, np.array([3, 1])).z).all()


def test_one_label_alone_has_nothing_to_be_compared_with():
    assert np.isfinite(set_apart(np.array([3]), np.array([5])).z).sum() in (0, 1)


def test_similarity_is_of_the_mix_and_not_of_the_amount():
    shares = np.array([[0.1, 0.2, 0.0], [0.2, 0.4, 0.0], [0.0, 0.0, 0.3], [0.0, 0.0, 0.0]])
    similarity = profile_similarity(shares)
    assert similarity[0, 1] == pytest.approx(1.0)
    assert similarity[0, 2] == 0.0
    assert np.isnan(similarity[3]).all()
