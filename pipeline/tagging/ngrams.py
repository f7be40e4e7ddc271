"""Hashed word and character n-grams of sentences, shared by all languages (numpy only).

The hashing trick of Weinberger et al. (2009), https://arxiv.org/abs/0902.2206: an n-gram's bucket
is its hash, so there is no vocabulary to keep and none to be out of. A whole batch is hashed as one
array of code points, which is some ten times faster than a Python loop over n-grams.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.tagging.cues import fold_lines
from pipeline.tagging.lists import Lists, group, offsets_of, spread
from pipeline.tagging.words import BatchWords

_DIGITS = re.compile(r"\d+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)

FULL_LENGTH = 1.0
"""Rows longer than this are scaled to it; shorter ones say little and stay as they are."""

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]
Keys = NDArray[np.unsignedinteger]


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
        """Return rows as float32, shape (n_texts, n_buckets), at most of unit length.

        A number, or one word, has few n-grams: scaled up to the length of a sentence they would
        say as much as all of its words.
        """
        keys = np.sort(self._keys)
        keys = keys[_is_new(keys)]  # np.unique would take ten times as long
        rows, buckets = (
            part.astype(np.int64) for part in np.divmod(keys, keys.dtype.type(self.n_buckets))
        )
        values = self._weights_of(buckets)
        lengths = np.sqrt(np.bincount(rows, values * values, self.n_texts))
        values = (values / np.maximum(lengths, FULL_LENGTH)[rows]).astype(np.float32)
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

    def weigh_words(self, rows: Ints, labels: Ints, weights: Floats) -> tuple[Ints, Doubles]:
        """Return what each word of a sentence adds to ``matrix()[row] @ weights[:, label]``.

        An n-gram's share is divided among the places where it stands, and a run's among its words.

        Args:
            rows: Sentences, shape (n_pairs,).
            labels: Columns of ``weights``, same shape.
            weights: Shape (n_buckets, n_labels).

        Returns:
            What the words of each pair add, end to end in the order of the words, and before that
            where those of each pair begin and the last end, shape (n_pairs + 1,).
        """
        n_words = np.diff(self.word_offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(n_words)))
        pairs, entries = self._by_row.spread(rows)
        shares = weights[self.buckets[entries], labels[pairs]] * self._shares[entries]
        words = (offsets[:-1] - self.word_offsets[rows])[pairs] + self.first_words[entries]
        lengths = self.n_words[entries]
        added = np.zeros(offsets[-1])
        for further in range(int(lengths.max(initial=0))):
            covers = lengths > further
            added += np.bincount(words[covers] + further, shares[covers], len(added))
        return offsets, added

    def _weights_of(self, buckets: Ints) -> Doubles:
        if self.bucket_weights is None:
            return np.ones(len(buckets))
        return self.bucket_weights[buckets].astype(np.float64)

    @cached_property
    def _keys(self) -> Keys:
        """One number for each pair of sentence and bucket, in as few bytes as will do."""
        keys = self.rows * self.n_buckets + self.buckets
        return keys.astype(np.min_scalar_type(max(self.n_texts, 1) * self.n_buckets))

    @cached_property
    def _shares(self) -> Doubles:
        """Each entry's part of its row of the matrix, for one word of the entry."""
        order = np.argsort(self._keys)
        is_first = _is_new(self._keys[order])
        group = np.cumsum(is_first) - 1
        values = self._weights_of(self.buckets)
        squares = (values[order] ** 2)[is_first]
        rows = self.rows[order][is_first]
        lengths = np.sqrt(np.bincount(rows, squares, self.n_texts))
        times = np.empty(len(order))
        times[order] = np.bincount(group)[group] if len(group) else 0
        parts: Doubles = values / np.maximum(lengths, FULL_LENGTH)[self.rows]
        return parts / (times * self.n_words)

    @cached_property
    def _by_row(self) -> Lists:
        """The entries of each sentence."""
        return group(self.rows, np.arange(len(self.rows)), self.n_texts)


def _is_new(keys: Keys) -> NDArray[np.bool_]:
    """Return which of sorted numbers differ from the one before."""
    return np.concatenate((keys[:1] == keys[:1], keys[1:] != keys[:-1]))


class NgramHasher:
    """Turns sentences into rows over ``2**hash_bits`` buckets.

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

    def read(self, words: BatchWords, bucket_weights: Floats | None = None) -> Ngrams:
        """Return the n-grams of sentences and where they stand; see ``Ngrams``."""
        spelled = _Spelled(words.spellings)
        first_words, buckets = self._buckets_within(spelled).spread(words.numbers)
        runs = [_Part(buckets, first_words, 1), *self._runs(words, spelled.hashes[words.numbers])]
        first_words = np.concatenate([run.first_words for run in runs])
        return Ngrams(
            n_texts=words.n_texts,
            n_buckets=self.n_buckets,
            buckets=np.concatenate([run.buckets for run in runs]),
            rows=words.rows[first_words],
            first_words=first_words,
            n_words=np.repeat(
                [run.n_words for run in runs], [len(run.first_words) for run in runs]
            ),
            word_offsets=words.offsets,
            bucket_weights=bucket_weights,
        )

    def _buckets_within(self, words: _Spelled) -> Lists:
        """Return the buckets of the n-grams within each word and the space around it."""
        hashes = words.codes
        found, owners = [hashes[:0]], [words.owners[:0]]
        for length in range(1, max(self._char_ngrams, default=0) + 1):
            if length > len(words.codes):
                break
            if length > 1:
                hashes = hashes[:-1] * _BASE + words.codes[length - 1 :]
            if length in self._char_ngrams:
                fits = words.rooms >= length
                found.append(hashes[words.places[fits]] + np.uint64(length))
                owners.append(words.owners[fits])
        return group(np.concatenate(owners), self._buckets_of(np.concatenate(found)), words.n_words)

    def _runs(self, words: BatchWords, hashes: Hashes) -> Iterator[_Part]:
        """Yield the runs of words, of each length; ``hashes`` are one a word."""
        alone = hashes
        for length in range(1, max(self._word_ngrams, default=0) + 1):
            if length > len(alone):
                break
            if length > 1:
                hashes = _mix(hashes[:-1] + np.uint64(31)) * _BASE + alone[length - 1 :]
            if length in self._word_ngrams:
                starts = np.flatnonzero(words.rows[length - 1 :] == words.rows[: len(hashes)])
                yield _Part(
                    self._buckets_of(hashes[starts] + np.uint64(100 + length)), starts, length
                )

    def _buckets_of(self, hashes: Hashes) -> Ints:
        return (_mix(hashes) >> np.uint64(40)).astype(np.int64) & (self.n_buckets - 1)


class _Part(NamedTuple):
    """N-grams of one sort: their buckets and first words, and how many words each has."""

    buckets: Ints
    first_words: Ints
    n_words: int


class _Spelled:
    """Words as code points, with a space before and after each, and what is hashed of them.

    Wherever an n-gram may begin, at the space before a word or at a letter, there is one entry of
    ``places`` (in ``codes``), ``owners`` (the word) and ``rooms`` (code points from there to behind
    the space after it). ``hashes`` are one a word.
    """

    def __init__(self, spellings: Sequence[str]) -> None:
        words = _spell(spellings)
        text = f" {' '.join(words)} ".encode("utf-32-le")
        self.n_words = len(words)
        self.codes: Hashes = np.frombuffer(text, dtype=np.uint32).astype(np.uint64)
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        begins = np.cumsum(lengths + 1) - (lengths + 1)
        self.owners, before = spread(lengths + 1)
        self.places = begins[self.owners] + before
        self.rooms = lengths[self.owners] + 2 - before
        self.hashes = self._hash(lengths, before)

    def _hash(self, lengths: Ints, before: Ints) -> Hashes:
        if not len(lengths):
            return np.empty(0, np.uint64)
        is_letter = before > 0
        powers = _powers(int(lengths.max()))
        terms = self.codes[self.places[is_letter]] * powers[before[is_letter] - 1]
        return np.add.reduceat(terms, np.cumsum(lengths) - lengths)


def _spell(words: Sequence[str]) -> Sequence[str]:
    """Return words in one case, with every number the same.

    >>> _spell(["ONU", "20", "Covid19"])
    ['onu', '0', 'covid0']
    """
    return _DIGITS.sub("0", fold_lines("\n".join(words))).split("\n")[: len(words)]


def _powers(n: int) -> Hashes:
    return np.concatenate(([np.uint64(1)], np.cumprod(np.full(n - 1, _BASE))))


def _mix(hashes: Hashes) -> Hashes:
    """Spread hashes over all bits; what tells one kind of n-gram from another was added before."""
    hashes = hashes * _BASE
    hashes = (hashes ^ (hashes >> np.uint64(29))) * _MIX
    return hashes ^ (hashes >> np.uint64(32))
