import numpy as np
import pytest

from pipeline.training.calibration import choose_thresholds, fit_platt

RNG = np.random.default_rng(0)


def sample(slope: float, intercept: float, n: int = 4000):
    log_odds = RNG.normal(-1, 2, n)
    probability = 1 / (1 + np.exp(-(slope * log_odds + intercept)))
    return log_odds, RNG.random(n) < probability


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (1.6, 0.7)])
def test_platt_finds_the_distortion_it_was_given(slope, intercept):
    found = fit_platt(*sample(slope, intercept))
    assert found == pytest.approx((slope, intercept), abs=0.2)


def test_platt_with_little_to_go_on_stays_near_neutral():
    slope, intercept = fit_platt(np.array([2.0, -2.0]), np.array([False, True]))
    assert 0.3 < slope <= 1
    assert abs(intercept) < 0.5


def test_platt_does_not_run_away_when_classes_part_cleanly():
    slope, _ = fit_platt(np.array([-4.0] * 20 + [4.0] * 20), np.arange(40) >= 20)
    assert 0.9 < slope < 3


def test_shared_threshold_makes_micro_f1_largest():
    probabilities = np.array([[0.3], [0.3], [0.2], [0.1]])
    gold = np.array([[True], [True], [False], [False]])
    (threshold,) = choose_thresholds(probabilities, gold, [2])
    assert 0.2 < threshold <= 0.3


def test_label_with_many_positives_moves_half_way_to_its_own():
    probabilities = np.array([[0.6, 0.3], [0.5, 0.3], [0.2, 0.2]])
    gold = np.array([[True, True], [False, True], [False, False]])
    shared = choose_thresholds(probabilities, gold, [0, 0])
    own = choose_thresholds(probabilities, gold, [60, 0])
    assert own[0] > shared[0]
    assert own[1] == shared[1]
