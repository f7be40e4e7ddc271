import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.training.splits import grouped_folds


def test_documents_and_groups_stay_together():
    keys = [("g1", "d1"), ("g2", "d1"), ("g3", "d2"), ("g1", "d3"), ("g4", "d4")]
    folds = grouped_folds(keys, np.eye(5, 3, dtype=bool), 3, seed=0)
    assert folds[0] == folds[1] == folds[3]
    assert len({folds[0], folds[2], folds[4]}) == 3


def test_rare_label_is_spread_over_folds():
    keys = [(f"g{row}", f"d{row // 5}") for row in range(60)]
    gold = np.zeros((60, 2), dtype=bool)
    gold[[0, 5, 10], 0] = True
    folds = grouped_folds(keys, gold, 3, seed=0)
    assert len(set(folds[[0, 5, 10]])) == 3
    assert np.bincount(folds).max() <= 25


def test_same_seed_same_folds():
    keys = [(f"g{row}", f"d{row}") for row in range(30)]
    gold = np.ones((30, 1), dtype=bool)
    assert (grouped_folds(keys, gold, 4, 7) == grouped_folds(keys, gold, 4, 7)).all()


def test_few_groups_give_few_folds():
    assert set(grouped_folds([("a", "a"), ("b", "b")], np.ones((2, 1), bool), 5, 0)) == {0, 1}


def test_one_document_cannot_be_split():
    with pytest.raises(DataError, match="group_id and document_id"):
        grouped_folds([("a", "d"), ("b", "d")], np.ones((2, 1), bool), 5, 0)
