import numpy as np
import pytest

from pipeline.tagging.thresholds import find_doubtful, pick_labels

SCORES = np.array([[0.9, 0.2], [0.5, 0.5], [0.0, 0.1]], dtype=np.float32)
THRESHOLDS = np.array([0.5, 0.4], dtype=np.float32)


def test_labels_reach_their_own_threshold():
    assert pick_labels(SCORES, THRESHOLDS, ("a", "b")) == [("a",), ("a", "b"), ()]


def test_sizes_that_disagree_are_refused():
    with pytest.raises(ValueError, match="scores have 2 columns"):
        pick_labels(SCORES, THRESHOLDS, ("a",))


def test_doubtful_is_near_a_threshold():
    assert find_doubtful(SCORES, THRESHOLDS, 0.1).tolist() == [False, True, False]
