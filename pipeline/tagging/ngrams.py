"""Hashed word and character n-grams of sentences, shared by all languages (numpy only).

The hashing trick of Weinberger et al. (2009), https://arxiv.org/abs/0902.2206: an n-gram's bucket
is its hash, so there is no vocabulary to keep and none to be out of. A whole batch is hashed as one
array of code points, which is some ten times faster than a Python loop over n-grams.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.tagging.cues import fold

_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SPACE, _NEWLINE = ord(" "), ord("\n")

Hashes = NDArray[np.uint64]


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

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the n-grams of sentences as float32, shape (n_sentences, n_buckets)."""
        if not texts:
            return csr_matrix((0, self.n_buckets), dtype=np.float32)
        line = "\n".join(map(_spell, texts))
        codes = np.frombuffer(line.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        found = [*self._char_hashes(codes), *self._word_hashes(codes)]
        hashes = np.concatenate([codes[:0], *(hashes for hashes, _ in found)])
        rows = np.concatenate([np.empty(0, np.int64), *(rows for _, rows in found)])
        return self._to_matrix(hashes, rows, len(texts))

    def _char_hashes(self, codes: Hashes) -> list[tuple[Hashes, NDArray[np.int64]]]:
        """Return hashes and rows of the n-grams within words, for each length."""
        row_of = np.cumsum(codes == _NEWLINE)
        spaces = _running_count((codes == _SPACE) | (codes == _NEWLINE))
        newlines = _running_count(codes == _NEWLINE)
        found = []
        hashes = codes
        for length in range(1, max(self._char_ngrams, default=0) + 1):
            if length > len(codes):
                break
            if length > 1:
                hashes = hashes[:-1] * _BASE + codes[length - 1 :]
            if length in self._char_ngrams:
                starts = np.arange(len(hashes))
                ends = starts + length
                inner_spaces = spaces[ends - 1] - spaces[np.minimum(starts + 1, ends - 1)]
                is_inside = (inner_spaces == 0) & (newlines[ends] == newlines[starts])
                found.append((_mix(hashes[is_inside], length), row_of[: len(hashes)][is_inside]))
        return found

    def _word_hashes(self, codes: Hashes) -> list[tuple[Hashes, NDArray[np.int64]]]:
        """Return hashes and rows of the runs of words, for each length."""
        is_letter = (codes != _SPACE) & (codes != _NEWLINE)
        is_start = is_letter & ~np.roll(is_letter, 1)  # a space comes first, so nothing wraps
        starts = np.flatnonzero(is_start)
        if not len(starts):
            return []
        word_of_code = np.cumsum(is_start) - 1
        places = np.where(is_letter, np.arange(len(codes)) - starts[word_of_code], 0)
        letters = np.where(is_letter, codes, np.uint64(0))
        words = np.add.reduceat(letters * _powers(int(places.max()) + 1)[places], starts)
        rows = np.cumsum(codes == _NEWLINE)[starts]
        found = []
        hashes = words
        for length in range(1, max(self._word_ngrams, default=0) + 1):
            if length > len(words):
                break
            if length > 1:
                hashes = _mix(hashes[:-1], 31) * _BASE + words[length - 1 :]
            if length in self._word_ngrams:
                is_inside = rows[length - 1 :] == rows[: len(hashes)]
                found.append(
                    (_mix(hashes[is_inside], 100 + length), rows[: len(hashes)][is_inside])
                )
        return found

    def _to_matrix(self, hashes: Hashes, rows: NDArray[np.int64], n_rows: int) -> csr_matrix:
        buckets = (hashes >> np.uint64(40)).astype(np.int64) & (self.n_buckets - 1)
        keys = np.sort(rows * self.n_buckets + buckets)  # np.unique would take ten times as long
        keys = keys[np.diff(keys, prepend=-1) > 0]
        rows, buckets = keys // self.n_buckets, keys % self.n_buckets
        counts = np.bincount(rows, minlength=n_rows)
        values = (1.0 / np.sqrt(np.maximum(counts, 1)))[rows].astype(np.float32)
        offsets = np.concatenate(([0], np.cumsum(counts)))
        return csr_matrix((values, buckets, offsets), shape=(n_rows, self.n_buckets))


def _spell(text: str) -> str:
    """Return the words of a sentence in one case, a space around each."""
    words = (_DIGITS.sub("0", fold(word)) for word in _WORD.findall(text))
    return f" {' '.join(words)} "


def _running_count(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for each position and the end, how many flags stand before it."""
    return np.concatenate(([0], np.cumsum(flags)))


def _powers(n: int) -> Hashes:
    return np.concatenate(([np.uint64(1)], np.cumprod(np.full(n - 1, _BASE))))


def _mix(hashes: Hashes, salt: int) -> Hashes:
    """Spread hashes over all bits, differently for each kind of n-gram."""
    hashes = (hashes + np.uint64(salt)) * _BASE
    hashes = (hashes ^ (hashes >> np.uint64(29))) * _MIX
    return hashes ^ (hashes >> np.uint64(32))
