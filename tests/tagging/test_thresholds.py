import numpy as np

from pipeline.tagging.thresholds import find_doubtful

SCORES = np.array([[0.9, 0.2], [0.5, 0.5], [0.0, 0.1]], dtype=np.float32)
THRESHOLDS = np.array([0.5, 0.4], dtype=np.float32)


def test_doubtful_is_near_a_threshold():
    assert find_doubtful(SCORES, THRESHOLDS, 0.1).tolist() == [False, True, False]
