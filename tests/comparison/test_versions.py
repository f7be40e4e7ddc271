import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codebook import Codebook, Label
from pipeline.comparison.versions import (
    agree_in_pairs,
    agree_on_labels,
    find_biases,
    krippendorff_alpha,
    masi_alpha,
    pool_probabilities,
)

LANGUAGES = ("en", "fr", "nl")
CODEBOOK = Codebook("1", tuple(Label(id=name, name=name, dimension="d") for name in "abc"))


def sets(*contents):
    """Labels of contents by version, of labels 0 to 2; None where a version lacks the content."""
    labels = np.zeros((len(contents), len(contents[0]), 3), dtype=bool)
    is_there = np.ones(labels.shape[:2], dtype=bool)
    for row, versions in enumerate(contents):
        for column, given_labels in enumerate(versions):
            if given_labels is None:
                is_there[row, column] = False
            else:
                labels[row, column, list(given_labels)] = True
    return labels, is_there


def test_disagreement_of_a_pair_is_what_one_has_alone_over_what_either_has():
    labels, is_there = sets(({0, 1}, {0}, None), (set(), set(), {2}), ({2}, {2}, {2}))
    english_french, english_dutch, _ = agree_in_pairs(labels, is_there, LANGUAGES)
    assert (english_french.n_contents, english_french.n_labels) == (3, 3)
    assert english_french.disagreement == pytest.approx(1 / 3)
    assert english_dutch.disagreement == pytest.approx(1 / 2)


def test_disagreement_without_any_label_cannot_be_said():
    labels, is_there = sets((set(), set()))
    assert agree_in_pairs(labels, is_there, LANGUAGES[:2])[0].disagreement is None


def test_label_agreement_counts_split_contents():
    labels, is_there = sets(({0}, {0}, set()), ({0}, {0}, {0}), ({1}, None, None))
    first, second, third = agree_on_labels(labels, is_there, CODEBOOK)
    assert (first.contents, first.with_label, first.split) == (2, 2, 1)
    assert (second.with_label, second.alpha, third.alpha) == (0, None, None)


def test_alpha_is_the_published_one():
    # Krippendorff (2011), example C made binary: two coders, ten cases, alpha 0.095.
    coders = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]])
    alpha = krippendorff_alpha(coders.sum(axis=0), np.full(10, 2))
    assert alpha == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_full_agreement_is_one():
    labels, is_there = sets(({0}, {0}), (set(), set()), ({1, 2}, {1, 2}))
    assert masi_alpha(labels, is_there) == pytest.approx(1.0)
    assert agree_on_labels(labels, is_there, CODEBOOK)[0].alpha == pytest.approx(1.0)


def test_a_missing_label_weighs_less_than_another_one():
    part = masi_alpha(*sets(({0, 1}, {0}), ({2}, {2}), (set(), set())))
    other = masi_alpha(*sets(({0, 1}, {2}), ({2}, {2}), (set(), set())))
    assert other < part < 1


def test_alpha_without_two_versions_or_variation_cannot_be_said():
    assert masi_alpha(*sets(({0}, None))) is None
    assert masi_alpha(*sets(({0}, {0}), ({0}, {0}))) is None


def test_a_language_alone_with_a_label_is_named_first():
    labels, is_there = sets(*[({0}, set(), set())] * 8, ({1}, {1}, set()), (set(), set(), set()))
    biases = find_biases(labels, is_there, LANGUAGES, CODEBOOK)
    assert (biases[0].language, biases[0].label) == ("en", "a")
    assert (biases[0].more, biases[0].fewer, biases[0].contents) == (8, 0, 10)
    assert biases[0].p_value == pytest.approx(2 / 2**8)
    assert biases[0].q_value == pytest.approx(9 * 2 / 2**8)
    # Of the label that two of three have, the third has one fewer; the others see a tie.
    assert [(b.language, b.fewer) for b in biases if b.label == "b"] == [("nl", 1)]


def test_pooled_probability_is_the_mean_of_the_versions_that_are_there():
    probabilities = np.array([[[0.2], [0.6], [0.9]]], dtype=np.float32)
    has_say = np.array([[[True], [True], [False]]])
    assert pool_probabilities(probabilities, has_say) == pytest.approx(0.4)


def test_of_two_languages_each_difference_is_told_once():
    labels, is_there = sets(({0}, set()), ({0}, set()), ({1}, {1}))
    biases = find_biases(labels, is_there, ("en", "fr"), CODEBOOK)
    assert [(bias.language, bias.more, bias.fewer) for bias in biases] == [("en", 2, 0)]


@given(st.lists(st.tuples(st.integers(2, 5), st.integers(0, 5)), min_size=1, max_size=20))
def test_alpha_is_never_above_one(cases):
    n_coders = np.array([coders for coders, _ in cases])
    n_yes = np.minimum([yes for _, yes in cases], n_coders)
    alpha = krippendorff_alpha(n_yes, n_coders)
    assert alpha is None or alpha <= 1
