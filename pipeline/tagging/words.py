"""The words of a batch of sentences, by which cues and n-grams are looked up."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"([^\W_]+)")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class BatchWords:
    """The words of a batch of sentences, in order.

    ``rows``, ``starts`` and ``ends`` within the sentence's text, and ``numbers`` (the place of the
    word's spelling in ``spellings``, which are distinct) are one a word; the words of sentence
    ``r`` are those from ``offsets[r]`` to ``offsets[r + 1]``.
    """

    rows: Ints
    starts: Ints
    ends: Ints
    offsets: Ints
    numbers: Ints
    spellings: Sequence[str]

    @property
    def n_texts(self) -> int:
        """How many sentences the batch has."""
        return len(self.offsets) - 1


def read_words(texts: Sequence[str]) -> BatchWords:
    """Cut sentences into words, at everything that is neither letter nor digit.

    >>> words = read_words(["Da'esh, or Da'esh"])
    >>> words.spellings, words.numbers.tolist()
    (('Da', 'esh', 'or'), [0, 1, 2, 0, 1])
    """
    parts = _WORD.split("\n".join(texts))  # what is between words, and each word, in turn
    ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
    starts, ends = ends[:-1:2], ends[1::2]
    lengths = np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
    lines = np.concatenate(([0], np.cumsum(lengths)))
    offsets = np.searchsorted(starts, lines)
    n_words = np.diff(offsets)
    line_starts = np.repeat(lines[:-1], n_words)
    known: defaultdict[str, int] = defaultdict()
    known.default_factory = known.__len__
    numbers = np.fromiter(map(known.__getitem__, parts[1::2]), np.int64, len(starts))
    return BatchWords(
        rows=np.repeat(np.arange(len(texts)), n_words),
        starts=starts - line_starts,
        ends=ends - line_starts,
        offsets=offsets,
        numbers=numbers,
        spellings=tuple(known),
    )
