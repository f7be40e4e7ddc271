"""A lexicon in numbers: its word patterns, its wordings, and which cue needs which.

Every distinct word pattern has a number, and so has every distinct phrase, and every wording of
one, which is a row of positions of which each takes some patterns. The first two words of a wording
are found through a table of pairs of patterns, each further one through a table of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.tagging.cues import LabelCues, Phrase, Position, WordPattern
from pipeline.tagging.lists import group

NONE = -1
"""Stands in an array where there is no number."""

_FILTER_BITS = 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

Ints = NDArray[np.int64]


class WordingTable:
    """All distinct phrases of a lexicon in numbers, their wordings, and the cues that need them.

    One entry a wording, ascending by phrase: its ``lengths`` and its ``phrases``. ``gaps`` and
    ``steps`` have shape (n_wordings, longest): words that may stand before a position, and the
    number under which ``step_patterns`` holds the patterns that a third or later position takes.
    ``masked_labels`` are, by phrase, the labels of which it is a mask, and ``is_mask`` says whether
    there are any; ``needed`` and ``vetoes`` are, by cue, the phrases that it must have and must not
    have, and ``labels`` is one a cue.
    ``cues_by_rarest`` gives, by phrase, the cues of which it is the one that fewest others need.
    """

    def __init__(self, cues_by_label: Mapping[str, LabelCues]) -> None:
        self.pattern_ids: dict[WordPattern, int] = {}
        self.cue_labels: list[str] = []
        self.cue_texts: list[str] = []
        self._phrase_ids: dict[Phrase, int] = {}
        masks: list[tuple[int, int]] = []
        needed: list[tuple[int, int]] = []
        vetoes: list[tuple[int, int]] = []
        labels: list[int] = []
        for label, (name, entry) in enumerate(cues_by_label.items()):
            masks.extend((self._phrase_number(mask), label) for mask in entry.masks)
            for cue in entry.cues:
                needed.extend((len(labels), self._phrase_number(phrase)) for phrase in cue.phrases)
                vetoes.extend((len(labels), self._phrase_number(phrase)) for phrase in cue.vetoes)
                labels.append(label)
                self.cue_labels.append(name)
                self.cue_texts.append(cue.text)
        self.labels = np.array(labels, dtype=np.int64)
        self.n_labels, self.n_cues = len(cues_by_label), len(labels)
        self.n_phrases = len(self._phrase_ids)
        self.masked_labels = group(*_columns(masks), self.n_phrases)
        self.is_mask = np.diff(self.masked_labels.offsets) > 0
        self.needed = group(*_columns(needed), self.n_cues)
        self.vetoes = group(*_columns(vetoes), self.n_cues)
        rarest = self._rarest_needed()
        self.cues_by_rarest = group(rarest, np.arange(self.n_cues), self.n_phrases)
        self._index(tuple(self._phrase_ids))
        del self._phrase_ids

    def _phrase_number(self, phrase: Phrase) -> int:
        return self._phrase_ids.setdefault(phrase, len(self._phrase_ids))

    def _rarest_needed(self) -> Ints:
        """Return, for each cue, the phrase it needs that fewest cues need, the first of equals."""
        n_needing = np.bincount(self.needed.values, minlength=self.n_phrases)
        order = np.lexsort((n_needing[self.needed.values], self.needed.owners))
        return self.needed.values[order[self.needed.offsets[:-1]]]

    def _index(self, phrases: Sequence[Phrase]) -> None:
        wordings = [wording for phrase in phrases for wording in phrase]
        lengths = list(map(len, wordings))
        self.n_wordings = len(wordings)
        self.lengths = np.array(lengths, dtype=np.int64)
        self.phrases = np.repeat(np.arange(len(phrases)), list(map(len, phrases)))
        self.longest = max(2, *lengths) if lengths else 2
        self.gaps = np.zeros((self.n_wordings, self.longest), dtype=np.int64)
        self.steps = np.full((self.n_wordings, self.longest), NONE, dtype=np.int64)
        singles: list[tuple[int, int]] = []
        pairs: list[tuple[int, int, int]] = []
        steps: list[tuple[int, int]] = []
        n_steps = 0
        for number, wording in enumerate(wordings):
            first, *rest = map(self._pattern_numbers, wording)
            if not rest:
                singles.extend((pattern, number) for pattern in first)
                continue
            self.gaps[number, : len(wording)] = [position.gap for position in wording]
            pairs.extend((pattern, follower, number) for pattern in first for follower in rest[0])
            for step, patterns in enumerate(rest[1:], start=2):
                self.steps[number, step] = n_steps
                steps.extend((n_steps, pattern) for pattern in patterns)
                n_steps += 1
        self.n_patterns = len(self.pattern_ids)
        self.single = group(*_columns(singles), self.n_patterns)
        self._index_pairs(*np.array(pairs, dtype=np.int64).reshape(-1, 3).T)
        numbers, followers = _columns(steps)
        self.step_patterns = KeySet(numbers * self.n_patterns + followers)

    def _index_pairs(self, firsts: Ints, seconds: Ints, wordings: Ints) -> None:
        """Note which wordings begin with two patterns, and how far the second may be."""
        self.is_second = np.zeros(self.n_patterns, dtype=bool)
        self.is_second[seconds] = True
        self.reach = np.zeros(self.n_patterns, dtype=np.int64)
        np.maximum.at(self.reach, firsts, self.gaps[wordings, 1] + 1)
        keys = firsts * self.n_patterns + seconds
        self.pairs = KeySet(keys)
        numbers = np.searchsorted(self.pairs.keys, keys)
        self.wordings_by_pair = group(numbers, wordings, len(self.pairs.keys))

    def _pattern_numbers(self, position: Position) -> list[int]:
        ids = self.pattern_ids
        return [ids.setdefault(pattern, len(ids)) for pattern in position.patterns]


class KeySet:
    """A set of numbers that is asked about many at once, most of which it does not hold."""

    def __init__(self, keys: Ints) -> None:
        self.keys = np.unique(keys)
        self._may_hold = np.zeros(1 << _FILTER_BITS, dtype=bool)
        self._may_hold[_bucket(self.keys)] = True

    def find(self, asked: Ints) -> tuple[Ints, Ints]:
        """Return the places of those that the set holds, and their numbers in ``keys``."""
        likely = np.flatnonzero(self._may_hold[_bucket(asked)])
        numbers = np.searchsorted(self.keys, asked[likely])
        is_held = self.keys[np.minimum(numbers, len(self.keys) - 1)] == asked[likely]
        return likely[is_held], numbers[is_held]


def _bucket(keys: Ints) -> NDArray[np.uint64]:
    buckets: NDArray[np.uint64] = (keys.astype(np.uint64) * _SPREAD) >> np.uint64(64 - _FILTER_BITS)
    return buckets


def _columns(pairs: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
