"""A lexicon in numbers: its word patterns, its wordings, and which cue needs which.

Every distinct word pattern has a number, and so has every wording, which is a row of positions of
which each takes some patterns. The first two words of a wording are found through a table of pairs
of patterns, each further one through a table of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.tagging.cues import LabelCues, Phrase, Wording, WordPattern
from pipeline.tagging.lists import group

NONE = -1
"""Stands in an array where there is no number."""

_FILTER_BITS = 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

Ints = NDArray[np.int64]


class WordingTable:
    """All wordings of a lexicon in numbers, ascending by label, cue and phrase.

    One entry a wording: its ``lengths``; its ``labels`` (a veto has none, -1); ``is_mask``; its
    ``slots``, a phrase that its cue needs, or -1; ``vetoed_cues``, or -1. ``gaps`` and ``steps``
    have shape (n_wordings, longest): words that may stand before a position, and the number under
    which ``step_patterns`` holds the patterns that a third or later position takes.
    """

    def __init__(self, cues_by_label: Mapping[str, LabelCues]) -> None:
        self.pattern_ids: dict[WordPattern, int] = {}
        self.cue_labels: list[str] = []
        self.cue_texts: list[str] = []
        self._positions: list[list[tuple[list[int], int]]] = []
        self._entries: list[tuple[int, bool, int, int]] = []
        slot_cues: list[int] = []
        n_slots_of_cue: list[int] = []
        for number, (label, entry) in enumerate(cues_by_label.items()):
            for mask in entry.masks:
                self._add(mask, (number, True, NONE, NONE))
            for cue in entry.cues:
                cue_id = len(self.cue_labels)
                for phrase in cue.phrases:
                    self._add(phrase, (number, False, len(slot_cues), NONE))
                    slot_cues.append(cue_id)
                for phrase in cue.vetoes:
                    self._add(phrase, (NONE, False, NONE, cue_id))
                n_slots_of_cue.append(len(cue.phrases))
                self.cue_labels.append(label)
                self.cue_texts.append(cue.text)
        entries = np.array(self._entries, dtype=np.int64).reshape(-1, 4)
        self.labels, self.slots, self.vetoed_cues = entries[:, 0], entries[:, 2], entries[:, 3]
        self.is_mask = entries[:, 1].astype(bool)
        self.slot_cues = np.array(slot_cues, dtype=np.int64)
        self.n_slots_of_cue = np.array(n_slots_of_cue, dtype=np.int64)
        self.n_labels, self.n_cues = len(cues_by_label), len(self.cue_labels)
        self.n_slots, self.n_wordings = len(slot_cues), len(entries)
        self.n_patterns = len(self.pattern_ids)
        self._index()

    def _add(self, phrase: Phrase, entry: tuple[int, bool, int, int]) -> None:
        for wording in phrase:
            self._entries.append(entry)
            self._positions.append(self._numbered(wording))

    def _numbered(self, wording: Wording) -> list[tuple[list[int], int]]:
        ids = self.pattern_ids
        return [
            ([ids.setdefault(pattern, len(ids)) for pattern in position.patterns], position.gap)
            for position in wording
        ]

    def _index(self) -> None:
        lengths = [len(positions) for positions in self._positions]
        self.lengths = np.array(lengths, dtype=np.int64)
        self.longest = max(2, *lengths) if lengths else 2
        self.gaps = np.zeros((self.n_wordings, self.longest), dtype=np.int64)
        self.steps = np.full((self.n_wordings, self.longest), NONE, dtype=np.int64)
        self.reach = np.zeros(self.n_patterns, dtype=np.int64)
        self.is_second = np.zeros(self.n_patterns, dtype=bool)
        singles: list[tuple[int, int]] = []
        pairs: list[tuple[int, int]] = []
        step_patterns: list[int] = []
        n_steps = 0
        for wording, positions in enumerate(self._positions):
            first = positions[0][0]
            if len(positions) == 1:
                singles.extend((pattern, wording) for pattern in first)
                continue
            second, gap = positions[1]
            self.gaps[wording, 1] = gap
            self.is_second[second] = True
            for pattern in first:
                self.reach[pattern] = max(self.reach[pattern], gap + 1)
                base = pattern * self.n_patterns
                pairs.extend((base + follower, wording) for follower in second)
            for step, (patterns, gap) in enumerate(positions[2:], start=2):
                self.gaps[wording, step] = gap
                self.steps[wording, step] = n_steps
                step_patterns.extend(n_steps * self.n_patterns + pattern for pattern in patterns)
                n_steps += 1
        self.single = group(*_columns(singles), self.n_patterns)
        pair_keys, wordings = _columns(pairs)
        self.pairs = KeySet(pair_keys)
        numbers = np.searchsorted(self.pairs.keys, pair_keys)
        self.wordings_by_pair = group(numbers, wordings, len(self.pairs.keys))
        self.step_patterns = KeySet(np.array(step_patterns, dtype=np.int64))
        del self._positions, self._entries


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
