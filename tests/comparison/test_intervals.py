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


@pytest.mark.parametrize(("prevalence", "n_coded"), [(0.02, 400), (0.05, 250), (0.1, 150)])
def test_intervals_hold_as_often_as_they_say(prevalence, n_coded):
    # The model finds 70 % of a label that some of 5,000 sentences have, and 3 % of the others.
    random = np.random.default_rng(7)
    n_held, n_told = 0, 0
    for _ in range(400):
        true = random.random(5000) < prevalence
        predicted = np.where(true, random.random(5000) < 0.7, random.random(5000) < 0.03)
        drawn = random.choice(5000, n_coded, replace=False)
        given, hand = predicted[drawn], true[drawn]
        counts = CodedCounts(
            5000,
            int(predicted.sum()),
            int(given.sum()),
            int((given & hand).sum()),
            int((~given).sum()),
            int((~given & hand).sum()),
        )
        if not counts.is_estimable:
            continue
        n_told += 1
        found = estimate_share(counts)
        n_held += found.low <= true.mean() <= found.high
    assert n_told > 390
    assert 0.93 <= n_held / n_told <= 0.99


@pytest.mark.parametrize(
    ("counts", "is_estimable"),
    [
        (coded(50, 10, 1, 190, 0), True),  # 200 coded, of which the model has 10
        (coded(49, 10, 10, 190, 9), False),  # however many were found by hand
        (coded(50, 10, 0, 190, 0), True),  # however few
        (coded(50, 0, 0, 200, 12), False),  # nothing seen of what the model found
        (coded(1000, 20, 5, 0, 0), True),  # there was nothing else to see
        (coded(0, 0, 0, 160, 12), False),
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
