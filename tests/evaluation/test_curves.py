import numpy as np
import pytest

from pipeline.evaluation.metrics import abstention_curve, reliability

GOLD = np.array([[True, False], [False, False], [True, True], [False, True]])
PROBABILITIES = np.array([[0.95, 0.05], [0.55, 0.1], [0.91, 0.8], [0.45, 0.52]], dtype=np.float32)
THRESHOLDS = np.array([0.5, 0.5], dtype=np.float32)


def test_reliability_counts_every_pair_once():
    points = reliability(GOLD, PROBABILITIES)
    assert sum(point.n_pairs for point in points) == GOLD.size
    assert [point.n_pairs for point in points][:2] == [1, 1]
    assert points[2].mean_probability is None
    last = points[-1]
    assert last.share_true == 1
    assert last.mean_probability == pytest.approx(0.93)


def test_surest_sentences_are_kept_first():
    whole, half = abstention_curve(GOLD, PROBABILITIES, THRESHOLDS, (1.0, 0.5))
    assert (whole.n_sentences, half.n_sentences) == (4, 2)
    assert whole.exact_match == 0.75
    assert half.exact_match == 1


def test_nothing_to_measure_gives_no_curve():
    assert abstention_curve(GOLD[:0], PROBABILITIES[:0], THRESHOLDS) == []
