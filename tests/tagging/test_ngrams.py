import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tagging.ngrams import NgramHasher
from pipeline.tagging.words import read_words

HASHER = NgramHasher(18, (3, 4), (1, 2))


def transform(texts):
    return HASHER.read(read_words(texts)).matrix()


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


def test_rows_have_unit_length_and_those_that_say_little_are_shorter():
    words = read_words(["De Raad van de Unie", "5"])
    weights = np.full(2**18, 0.3, dtype=np.float32)
    rows = HASHER.read(words, weights).matrix()
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
    n_ngrams = expected_count("0")
    assert lengths == pytest.approx([1, 0.3 * np.sqrt(n_ngrams)])


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


def test_greek_beside_it_changes_no_other_word():
    assert (transform(["Ελλάδα", "sociální síť"])[1] != transform(["sociální síť"])).nnz == 0


def test_no_texts_give_no_rows():
    assert transform([]).shape == (0, 2**18)


@pytest.mark.parametrize(
    "text", ["De Raad van de Unie, de Raad", "a", "ναι και όχι", "", "x y x y"]
)
def test_words_share_what_their_ngrams_weigh(text):
    weights = np.random.default_rng(0).normal(size=(2**18, 2)).astype(np.float32)
    rarity = np.random.default_rng(1).random(2**18).astype(np.float32)
    batch = HASHER.read(read_words(["another one", text]), rarity)
    n_words = len(re.findall(r"[^\W_]+", text))
    offsets, added = batch.weigh_words(np.array([1, 0, 1]), np.array([0, 0, 1]), weights)
    assert offsets.tolist() == [0, n_words, n_words + 2, 2 * n_words + 2]
    sums = [added[begin:end].sum() for begin, end in pairwise(offsets)]
    scores = batch.matrix() @ weights
    assert sums == pytest.approx([scores[1, 0], scores[0, 0], scores[1, 1]], abs=1e-4)


def test_word_that_carries_the_weight_is_the_heaviest():
    weights = np.zeros(2**18, dtype=np.float32)
    weights[transform(["haven"]).indices] = 1
    ngrams = HASHER.read(read_words(["De haven is open"]))
    first = np.array([0])
    _, added = ngrams.weigh_words(first, first, weights[:, None])
    assert added.argmax() == 1
