import numpy as np
import pytest

from pipeline.comparison.intervals import (
    CodedCounts,
    benjamini_hochberg,
    estimate_difference,
    estimate_share,
    p_value_of_difference,
    wilson,
)


def coded(n_predicted, n_with, true_with, n_without, true_without, n_sentences=1000):
    return CodedCounts(n_sentences, n_predicted, n_with, true_with, n_without, true_without)


def test_a_model_without_error_keeps_its_share():
    found = estimate_share(coded(200, 40, 40, 160, 0))
    assert found.value == pytest.approx(0.2)
    assert found.low < 0.2 < found.high


def test_misses_and_false_alarms_move_the_share():
    # 20 % predicted, of which three quarters are true; of the other 80 % a tenth is missed.
    found = estimate_share(coded(200, 40, 30, 160, 16))
    assert found.value == pytest.approx(0.2 * 0.75 + 0.8 * 0.1)


def test_more_coding_narrows_the_interval():
    few, many = (
        estimate_share(coded(200, 20, 15, 80, 4)),
        estimate_share(coded(200, 80, 60, 320, 16)),
    )
    assert few.value == pytest.approx(many.value)
    assert many.high - many.low < 0.7 * (few.high - few.low)


def test_intervals_hold_as_often_as_they_say():
    # The model finds 70 % of a label that 10 % of 5,000 sentences have, and 3 % of the others.
    random = np.random.default_rng(7)
    n_held, n_draws = 0, 400
    for _ in range(n_draws):
        true = random.random(5000) < 0.1
        predicted = np.where(true, random.random(5000) < 0.7, random.random(5000) < 0.03)
        drawn = random.choice(5000, 150, replace=False)
        given, hand = predicted[drawn], true[drawn]
        counts = CodedCounts(
            5000,
            int(predicted.sum()),
            int(given.sum()),
            int((given & hand).sum()),
            int((~given).sum()),
            int((~given & hand).sum()),
        )
        found = estimate_share(counts)
        n_held += found.low <= true.mean() <= found.high
    assert 0.92 <= n_held / n_draws <= 0.99


@pytest.mark.parametrize(
    ("counts", "is_estimable"),
    [
        (coded(200, 40, 10, 160, 0), True),
        (coded(200, 40, 9, 160, 0), False),  # too few positives
        (coded(200, 0, 0, 160, 12), False),  # nothing seen of what the model found
        (coded(0, 0, 0, 160, 12), True),  # there was nothing to see
        (coded(200, 0, 0, 0, 0), False),
    ],
)
def test_little_coding_says_nothing(counts, is_estimable):
    assert counts.is_estimable is is_estimable


def test_a_difference_of_equal_corpora_is_none():
    same = coded(200, 40, 30, 160, 16)
    found = estimate_difference(same, same)
    assert found.value == 0
    assert found.low == pytest.approx(-found.high)
    assert p_value_of_difference(same, same) == pytest.approx(1.0)


def test_p_value_agrees_with_the_interval():
    first, second = coded(300, 45, 40, 105, 8), coded(150, 25, 20, 125, 4)
    p_value = p_value_of_difference(first, second)
    assert estimate_difference(first, second, 1 - 0.9 * p_value).low < 0
    assert estimate_difference(first, second, 1 - 1.1 * p_value).low > 0


def test_wilson_stays_between_nothing_and_all():
    assert wilson(0, 0, 1.96) == (0.0, 1.0)
    assert wilson(0, 5, 1.96)[0] == 0.0
    assert wilson(5, 5, 1.96)[1] == 1.0


def test_false_discovery_rates_rise_with_p_and_count_untold_tests():
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([0.04, 0.001]) == [0.04, 0.002]
    assert benjamini_hochberg([0.01], n_tests=20) == [0.2]
