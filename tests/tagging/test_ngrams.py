import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tagging.ngrams import NgramHasher

HASHER = NgramHasher(18, (3, 4), (1, 2))


def transform(texts):
    return HASHER.read(texts).matrix()


def expected_count(text: str) -> int:
    """Count distinct n-grams the slow way."""
    words = text.split()
    ngrams = {("words", *words[i : i + n]) for n in (1, 2) for i in range(len(words) - n + 1)}
    for word in words:
        padded = f" {word} "
        ngrams |= {
            ("characters", padded[i : i + n]) for n in (3, 4) for i in range(len(padded) - n + 1)
        }
    return len(ngrams)


@pytest.mark.parametrize("text", ["de raad van de unie", "a", "ναι και όχι", "x y z"])
def test_ngrams_are_those_of_the_slow_way(text):
    assert transform([text]).nnz == expected_count(text.replace("ό", "ο"))


def test_rows_have_unit_length():
    rows = transform(["De Raad van de Unie", "kort"])
    assert np.allclose(np.asarray(rows.multiply(rows).sum(axis=1)), 1)


def test_case_punctuation_and_digits_do_not_matter():
    first, second = transform(["De Raad, 20 juni 2022!", "de raad 3 JUNI 7"])
    assert (first != second).nnz == 0


@settings(max_examples=60)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_a_row_does_not_depend_on_its_batch(texts):
    batch = transform(texts)
    assert batch.shape == (len(texts), 2**18)
    for row, text in enumerate(texts):
        assert (batch[row] != transform([text])).nnz == 0


def test_no_texts_give_no_rows():
    assert transform([]).shape == (0, 2**18)


@pytest.mark.parametrize(
    "text", ["De Raad van de Unie, de Raad", "a", "ναι και όχι", "", "x y x y"]
)
def test_words_share_what_their_ngrams_weigh(text):
    weights = np.random.default_rng(0).normal(size=2**18).astype(np.float32)
    rarity = np.random.default_rng(1).random(2**18).astype(np.float32)
    batch = HASHER.read(["another one", text], rarity)
    words = batch.weigh_words(1, weights)
    assert len(words) == len(re.findall(r"[^\W_]+", text))
    assert words.sum() == pytest.approx((batch.matrix() @ weights)[1], abs=1e-4)


def test_word_that_carries_the_weight_is_the_heaviest():
    weights = np.zeros(2**18, dtype=np.float32)
    weights[transform(["haven"]).indices] = 1
    words = HASHER.read(["De haven is open"]).weigh_words(0, weights)
    assert words.argmax() == 1
