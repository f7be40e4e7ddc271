"""Hashed word and character n-grams of sentences, shared by all languages (numpy only).

The hashing trick of Weinberger et al. (2009), https://arxiv.org/abs/0902.2206: an n-gram's bucket
is its hash, so there is no vocabulary to keep and none to be out of. A whole batch is hashed as one
array of code points, which is some ten times faster than a Python loop over n-grams.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.tagging.cues import fold
from pipeline.tagging.lists import offsets_of, spread

_BETWEEN_WORDS = re.compile(r"[^\w\n]+")
_DIGITS = re.compile(r"\d+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SPACE, _NEWLINE = ord(" "), ord("\n")

SHORTEST = 1e-6
"""Length below which a row is left as it is: it has no n-grams that count."""

Floats = NDArray[np.float32]
Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of a batch of sentences, one entry for each place where one stands.

    ``buckets``, ``rows`` (the sentence), ``first_words`` and ``n_words`` are one an entry; words
    count through the batch, those of sentence ``r`` from ``word_offsets[r]`` on. ``bucket_weights``
    says what an n-gram of each bucket counts, None that all count the same.
    """

    n_texts: int
    n_buckets: int
    buckets: Ints
    rows: Ints
    first_words: Ints
    n_words: Ints
    word_offsets: Ints
    bucket_weights: Floats | None = None

    def matrix(self) -> csr_matrix:
        """Return rows of unit length as float32, shape (n_texts, n_buckets)."""
        keys = np.sort(self._keys)
        keys = keys[np.diff(keys, prepend=-1) > 0]  # np.unique would take ten times as long
        rows, buckets = keys // self.n_buckets, keys % self.n_buckets
        values = self._weights_of(buckets)
        lengths = np.sqrt(np.bincount(rows, values * values, self.n_texts))
        values = (values / np.maximum(lengths, SHORTEST)[rows]).astype(np.float32)
        offsets = offsets_of(rows, self.n_texts)
        return csr_matrix((values, buckets, offsets), shape=(self.n_texts, self.n_buckets))

    def pick(self, rows: Ints) -> Ngrams:
        """Return the n-grams of some sentences only, under the same numbers."""
        is_picked = np.zeros(self.n_texts, dtype=bool)
        is_picked[rows] = True
        entries = np.flatnonzero(is_picked[self.rows])
        return replace(
            self,
            buckets=self.buckets[entries],
            rows=self.rows[entries],
            first_words=self.first_words[entries],
            n_words=self.n_words[entries],
        )

    def weigh_words(self, row: int, weights: Floats) -> NDArray[np.float64]:
        """Return what each word of a sentence adds to ``matrix()[row] @ weights``.

        An n-gram's share is divided among the places where it stands, and a run's among its words.

        Args:
            row: The sentence.
            weights: Of one label, shape (n_buckets,).

        Returns:
            Shape (n_words,), in the order of the words.
        """
        order, offsets = self._by_row
        entries = order[offsets[row] : offsets[row + 1]]
        n_words = self.n_words[entries]
        shares = weights[self.buckets[entries]] * self._shares[entries]
        first_words = self.first_words[entries] - self.word_offsets[row]
        total = np.zeros(self.word_offsets[row + 1] - self.word_offsets[row])
        for further in range(int(n_words.max(initial=0))):
            covers = n_words > further
            total += np.bincount(first_words[covers] + further, shares[covers], len(total))
        return total

    def _weights_of(self, buckets: Ints) -> NDArray[np.float64]:
        if self.bucket_weights is None:
            return np.ones(len(buckets))
        return self.bucket_weights[buckets].astype(np.float64)

    @cached_property
    def _keys(self) -> Ints:
        """One number for each pair of sentence and bucket."""
        return self.rows * self.n_buckets + self.buckets

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """Each entry's part of its row of the matrix, for one word of the entry."""
        order = np.argsort(self._keys, kind="stable")
        is_first = np.diff(self._keys[order], prepend=-1) > 0
        group = np.cumsum(is_first) - 1
        values = self._weights_of(self.buckets)
        squares = (values[order] ** 2)[is_first]
        rows = self.rows[order][is_first]
        lengths = np.sqrt(np.bincount(rows, squares, self.n_texts))
        times = np.empty(len(order))
        times[order] = np.bincount(group)[group] if len(group) else 0
        parts: NDArray[np.float64] = values / np.maximum(lengths, SHORTEST)[self.rows]
        return parts / (times * self.n_words)

    @cached_property
    def _by_row(self) -> tuple[Ints, Ints]:
        """The entries in the order of their sentences, and where each sentence's begin."""
        order = np.argsort(self.rows, kind="stable")
        return order, np.searchsorted(self.rows[order], np.arange(self.n_texts + 1))


class NgramHasher:
    """Turns sentences into rows of unit length over ``2**hash_bits`` buckets.

    Character n-grams stay within a word and its two boundaries, word n-grams within a sentence;
    each counts once a sentence. Case, accents on Greek, and punctuation do not count, and every
    number is the same number.
    """

    def __init__(
        self, hash_bits: int, char_ngrams: Sequence[int], word_ngrams: Sequence[int]
    ) -> None:
        self.n_buckets = 1 << hash_bits
        self._char_ngrams = tuple(char_ngrams)
        self._word_ngrams = tuple(word_ngrams)

    def read(self, texts: Sequence[str], bucket_weights: Floats | None = None) -> Ngrams:
        """Return the n-grams of sentences and where they stand; see ``Ngrams``."""
        words = _Words(np.frombuffer(_spell(texts).encode("utf-32-le"), dtype=np.uint32))
        parts = [*self._char_ngrams_of(words), *self._word_ngrams_of(words)]
        hashes = _mix(np.concatenate([words.codes[:0], *(part.hashes for part in parts)]))
        first_words = np.concatenate([words.rows[:0], *(part.first_words for part in parts)])
        return Ngrams(
            n_texts=len(texts),
            n_buckets=self.n_buckets,
            buckets=(hashes >> np.uint64(40)).astype(np.int64) & (self.n_buckets - 1),
            rows=words.rows[first_words],
            first_words=first_words,
            n_words=np.repeat(
                [part.n_words for part in parts], [len(part.first_words) for part in parts]
            ),
            word_offsets=np.searchsorted(words.rows, np.arange(len(texts) + 1)),
            bucket_weights=bucket_weights,
        )

    def _char_ngrams_of(self, words: _Words) -> list[_Part]:
        """Return the n-grams within words and the space around each, for each length."""
        found = []
        hashes = words.codes
        for length in range(1, max(self._char_ngrams, default=0) + 1):
            if length > len(words.codes):
                break
            if length > 1:
                hashes = hashes[:-1] * _BASE + words.codes[length - 1 :]
            if length in self._char_ngrams:
                places, first_words = words.places_of(length)
                found.append(_Part(hashes[places] + np.uint64(length), first_words, 1))
        return found

    def _word_ngrams_of(self, words: _Words) -> list[_Part]:
        """Return the runs of words, for each length."""
        found = []
        rows = words.rows
        hashes = words.hashes
        for length in range(1, max(self._word_ngrams, default=0) + 1):
            if length > len(words.hashes):
                break
            if length > 1:
                hashes = _mix(hashes[:-1] + np.uint64(31)) * _BASE + words.hashes[length - 1 :]
            if length in self._word_ngrams:
                starts = np.flatnonzero(rows[length - 1 :] == rows[: len(hashes)])
                found.append(_Part(hashes[starts] + np.uint64(100 + length), starts, length))
        return found


class _Part(NamedTuple):
    """N-grams of one sort: their hashes and first words, and how many words each has."""

    hashes: Hashes
    first_words: Ints
    n_words: int


class _Words:
    """The words of spelled sentences, one sentence a line, as arrays.

    ``codes`` are code points; ``hashes`` and ``rows`` (the line) are one a word.
    """

    def __init__(self, codes: NDArray[np.uint32]) -> None:
        self.codes: Hashes = codes.astype(np.uint64)
        is_newline = codes == _NEWLINE
        is_letter = (codes != _SPACE) & ~is_newline
        edges = np.diff(is_letter.astype(np.int8), prepend=0, append=0)
        starts, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
        self.rows: Ints = np.cumsum(is_newline)[starts]
        # Where an n-gram may begin: at the space before a word, or at a letter.
        counts = ends - starts + 1
        self._words, before = spread(counts)
        self._places = starts[self._words] - 1 + before
        self._rooms = counts[self._words] + 1 - before
        self.hashes = self._hash(starts, ends)

    def places_of(self, length: int) -> tuple[Ints, Ints]:
        """Return where stretches begin that keep to a word and the spaces around it, and words."""
        fits = np.flatnonzero(self._rooms >= length)
        return self._places[fits], self._words[fits]

    def _hash(self, starts: Ints, ends: Ints) -> Hashes:
        if not len(starts):
            return np.empty(0, np.uint64)
        is_letter = self._places >= starts[self._words]
        letters = self._places[is_letter]
        powers = _powers(int((ends - starts).max()))
        within = letters - starts[self._words[is_letter]]
        offsets = np.cumsum(ends - starts) - (ends - starts)
        return np.add.reduceat(self.codes[letters] * powers[within], offsets)


def _spell(texts: Sequence[str]) -> str:
    """Return the words of sentences in one case, a space around each, a sentence a line.

    >>> _spell(["L'ONU, 20", "Qui?"]).splitlines()
    [' l onu 0 ', ' qui ']
    """
    lines = "\n".join(f" {text} ".replace("\n", " ") for text in texts)
    words = _BETWEEN_WORDS.sub(" ", lines.replace("_", " "))
    return _DIGITS.sub("0", "\n".join(map(fold, words.split("\n"))))


def _powers(n: int) -> Hashes:
    return np.concatenate(([np.uint64(1)], np.cumprod(np.full(n - 1, _BASE))))


def _mix(hashes: Hashes) -> Hashes:
    """Spread hashes over all bits; what tells one kind of n-gram from another was added before."""
    hashes = hashes * _BASE
    hashes = (hashes ^ (hashes >> np.uint64(29))) * _MIX
    return hashes ^ (hashes >> np.uint64(32))
