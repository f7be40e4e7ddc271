import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.training.feature_weights import inverse_document_frequency, scale_to_lengths


def test_frequent_features_weigh_less_and_language_versions_count_once():
    inputs = csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1]]))
    weights = inverse_document_frequency(inputs, ["a", "a", "b", "c"])
    assert weights[0] < weights[1] < weights[2]
    assert weights[1] == pytest.approx(np.log(4 / (1.5 + 1)))


def test_a_fraction_of_the_rows_is_shorter_than_one():
    inputs = csr_matrix(np.tril(np.ones((5, 5))))
    weights = scale_to_lengths(inputs, np.full(5, 7, dtype=np.float32), 0.25)
    lengths = np.sqrt(inputs @ weights**2)
    assert lengths[:2] == pytest.approx([np.sqrt(1 / 2), 1])
    assert (scale_to_lengths(inputs, np.zeros(5, dtype=np.float32), 0.25) == 0).all()
