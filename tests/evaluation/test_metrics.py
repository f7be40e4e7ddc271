import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.evaluation.metrics import (
    average_precision,
    expected_calibration_error,
    measure,
    measure_labels,
    split_by,
)

RNG = np.random.default_rng(1)
GOLD = RNG.random((200, 5)) < 0.2
PROBABILITIES = np.clip(GOLD * 0.3 + RNG.random((200, 5)) * 0.6, 0, 1).astype(np.float32)
PREDICTED = PROBABILITIES >= 0.5
DOCUMENTS = [f"d{row % 7}" for row in range(200)]


def test_micro_and_macro_agree_with_scikit_learn():
    found = measure(GOLD, PREDICTED, DOCUMENTS)
    for average, value in (("micro", found.micro_f1), ("macro", found.macro_f1)):
        assert value == pytest.approx(reference.f1_score(GOLD, PREDICTED, average=average))
    assert found.micro_precision == pytest.approx(
        reference.precision_score(GOLD, PREDICTED, average="micro")
    )
    assert found.exact_match == pytest.approx(reference.accuracy_score(GOLD, PREDICTED))


@pytest.mark.parametrize("label", range(5))
def test_average_precision_agrees_with_scikit_learn(label):
    tied = np.round(PROBABILITIES[:, label], 1)
    assert average_precision(GOLD[:, label], tied) == pytest.approx(
        reference.average_precision_score(GOLD[:, label], tied)
    )


def test_interval_holds_the_estimate_and_is_reproducible():
    found = measure(GOLD, PREDICTED, DOCUMENTS, 500, seed=3)
    assert found.interval[0] < found.micro_f1 < found.interval[1]
    assert found == measure(GOLD, PREDICTED, DOCUMENTS, 500, seed=3)


def test_one_document_gives_no_interval():
    assert measure(GOLD, PREDICTED, ["d"] * 200, 500).interval is None


def test_what_cannot_be_estimated_is_none_and_never_nan():
    nothing = np.zeros((3, 2), dtype=bool)
    found = measure(nothing, nothing, ["a", "b", "c"], 10)
    assert (found.micro_f1, found.macro_f1, found.micro_precision) == (None, None, None)
    (first, _) = measure_labels(nothing, nothing, np.zeros((3, 2), np.float32), ("a", "b"))
    assert (first.precision, first.recall, first.f1, first.average_precision) == (None,) * 4


def test_label_never_found_has_recall_zero_and_no_precision():
    gold = np.array([[True], [False]])
    (label,) = measure_labels(gold, ~gold & False, np.zeros((2, 1), np.float32), ("a",))
    assert (label.precision, label.recall, label.f1, label.support) == (None, 0.0, 0.0, 1)


def test_calibration_error_of_a_constant():
    probabilities = np.full((10, 1), 0.3, dtype=np.float32)
    gold = np.arange(10)[:, None] < 5
    assert expected_calibration_error(gold, probabilities) == pytest.approx(0.2)


def test_split_by_measures_each_part():
    parts = split_by(
        ["b", "a", "b"], lambda rows: measure(GOLD[rows], PREDICTED[rows], ["d"] * len(rows))
    )
    assert {key: part.n_sentences for key, part in parts.items()} == {"a": 1, "b": 2}
