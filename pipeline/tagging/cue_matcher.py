"""Finds the cues of a lexicon in batches of sentences, all by arrays.

Every distinct word pattern of the lexicon has a number, and so has every wording, which is a row
of positions of which each takes some patterns. Which patterns a word fits is looked up once per
distinct word. From there on a batch is one array of words: the first two words of a wording are
found through a table of pairs of patterns, each further one through a table of its own.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.tagging.cues import CueHit, LabelCues, Phrase, Wording, WordPattern, fold

MAX_REMEMBERED_WORDS = 100_000
"""Distinct words whose patterns a matcher keeps; some 20 MB a language, whatever the corpus."""

_WORD = re.compile(r"([^\W_]+)")
_FILTER_BITS = 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_NONE = -1

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class CueMatches:
    """The cues found in a batch of sentences, each once a sentence, ascending by row and cue.

    ``rows`` and ``cues`` are one entry a hit. ``words`` are those of the batch; ``place_hits`` and
    ``places`` say which of them carried which hit, ascending.
    """

    rows: Ints
    cues: Ints
    words: BatchWords
    slot_hits: Ints
    slot_places: Ints

    @cached_property
    def _by_hit(self) -> Ints:
        n_words = len(self.words.starts)
        keys = (self.slot_hits[:, None] * n_words + self.slot_places)[self.slot_places != _NONE]
        return np.unique(keys)

    @property
    def place_hits(self) -> Ints:
        """The hit of each entry of ``places``."""
        return self._by_hit // max(len(self.words.starts), 1)

    @property
    def places(self) -> Ints:
        """Words that matched, as positions in the batch."""
        return self._by_hit % max(len(self.words.starts), 1)


@dataclass(frozen=True)
class BatchWords:
    """The words of a batch of sentences, in order.

    ``rows``, and ``starts`` and ``ends`` within the sentence's text, are one a word; the words of
    sentence ``r`` are those from ``offsets[r]`` to ``offsets[r + 1]``.
    """

    rows: Ints
    starts: Ints
    ends: Ints
    offsets: Ints


class CueMatcher:
    """Finds the cues of all labels of one language; see the module."""

    def __init__(self, cues_by_label: Mapping[str, LabelCues]) -> None:
        self._wordings = _WordingTable(cues_by_label)
        self._fits = _WordFits(self._wordings.pattern_ids)
        self.cue_labels: tuple[str, ...] = tuple(self._wordings.cue_labels)
        self.cue_texts: tuple[str, ...] = tuple(self._wordings.cue_texts)
        """The label and the text of each cue, by its number."""

    def find(self, text: str) -> list[CueHit]:
        """Return the cues found in a sentence: each at most once per label, in lexicon order."""
        found = self.match([text])
        spans: list[list[tuple[int, int]]] = [[] for _ in found.rows]
        for hit, place in zip(found.place_hits.tolist(), found.places.tolist(), strict=True):
            spans[hit].append((int(found.words.starts[place]), int(found.words.ends[place])))
        return [
            CueHit(self.cue_labels[cue], self.cue_texts[cue], tuple(spans[hit]))
            for hit, cue in enumerate(found.cues.tolist())
        ]

    def match(self, texts: Sequence[str]) -> CueMatches:
        """Return the cues found in each of many sentences."""
        words, fits = self._read(texts)
        wordings, places = self._find_wordings(words, fits)
        wordings, places = self._without_masked(words, wordings, places)
        rows = words.rows[places[:, 0]]
        keys = rows * self._wordings.n_wordings + wordings
        first = np.unique(keys, return_index=True)[1]  # the first place where a wording stands
        return self._complete(words, rows[first], wordings[first], places[first])

    def _read(self, texts: Sequence[str]) -> tuple[BatchWords, _Lists]:
        """Return the words of sentences, and the patterns that each word fits."""
        parts = _WORD.split("\n".join(texts))  # what is between words, and each word, in turn
        ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
        starts, ends = ends[:-1:2], ends[1::2]
        lengths = np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
        lines = np.concatenate(([0], np.cumsum(lengths)))
        offsets = np.searchsorted(starts, lines)
        n_words = np.diff(offsets)
        line_starts = np.repeat(lines[:-1], n_words)
        rows = np.repeat(np.arange(len(texts)), n_words)
        words = BatchWords(rows, starts - line_starts, ends - line_starts, offsets)
        return words, self._fits.of(parts[1::2])

    def _find_wordings(self, words: BatchWords, fits: _Lists) -> tuple[Ints, Ints]:
        """Return wherever a wording stands: its number, and the places of its words.

        Places have shape (n_found, longest wording), padded with -1. Of one wording they ascend,
        so that the first is the one whose words come first and stand nearest.
        """
        table = self._wordings
        places_of_fits, patterns = fits.owners, fits.values
        owners, alone = table.single.spread(patterns)
        found = [(alone, places_of_fits[owners][:, None])]
        wordings, places = self._find_pairs(words, places_of_fits, patterns)
        for step in range(2, table.longest + 1):
            is_whole = table.lengths[wordings] == step
            found.append((wordings[is_whole], places[is_whole]))
            wordings, places = wordings[~is_whole], places[~is_whole]
            if step < table.longest:
                wordings, places = self._extend(words, fits, wordings, places, step)
        wordings = np.concatenate([part for part, _ in found])
        places = np.full((len(wordings), table.longest), _NONE)
        end = 0
        for _, part in found:
            start, end = end, end + len(part)
            places[start:end, : part.shape[1]] = part
        return wordings, places

    def _find_pairs(
        self, words: BatchWords, places_of_fits: Ints, patterns: Ints
    ) -> tuple[Ints, Ints]:
        """Return where the first two words of a wording stand."""
        table = self._wordings
        n_words = len(words.rows)
        can_begin = np.flatnonzero(table.reach[patterns])
        can_follow = table.is_second[patterns]
        seconds, second_patterns = places_of_fits[can_follow], patterns[can_follow]
        followers = np.concatenate(([0], np.cumsum(np.bincount(seconds, minlength=n_words))))
        firsts, first_patterns = places_of_fits[can_begin], patterns[can_begin]
        last = np.minimum(
            firsts + table.reach[first_patterns], words.offsets[words.rows[firsts] + 1] - 1
        )
        begin, end = followers[firsts + 1], followers[last + 1]
        owners, within = _spread(end - begin)
        entries = begin[owners] + within
        keys = first_patterns[owners] * table.n_patterns + second_patterns[entries]
        chosen, pairs = table.pairs.find(keys)
        owners, entries = owners[chosen], entries[chosen]
        nested, wordings = table.wordings_by_pair.spread(pairs)
        first_places, second_places = firsts[owners[nested]], seconds[entries[nested]]
        is_near = second_places - first_places <= table.gaps[wordings, 1] + 1
        places = np.stack([first_places[is_near], second_places[is_near]], axis=1)
        return wordings[is_near], places

    def _extend(
        self, words: BatchWords, fits: _Lists, wordings: Ints, places: Ints, step: int
    ) -> tuple[Ints, Ints]:
        """Return wordings found so far with each place where their next word stands."""
        table = self._wordings
        last = places[:, -1]
        room = words.offsets[words.rows[last] + 1] - 1 - last
        owners, within = _spread(np.minimum(table.gaps[wordings, step] + 1, room))
        following = last[owners] + 1 + within
        nested, patterns = fits.spread(following)
        steps = table.steps[wordings[owners[nested]], step]
        chosen, _ = table.step_patterns.find(steps * table.n_patterns + patterns)
        does_fit = np.zeros(len(owners), dtype=bool)
        does_fit[nested[chosen]] = True
        owners, following = owners[does_fit], following[does_fit]
        return wordings[owners], np.column_stack([places[owners], following])

    def _without_masked(self, words: BatchWords, wordings: Ints, places: Ints) -> tuple[Ints, Ints]:
        """Take the masks out, and whatever has a word that a mask of its label blanks."""
        table = self._wordings
        is_mask = table.is_mask[wordings]
        masks, mask_places = wordings[is_mask], places[is_mask]
        wordings, places = wordings[~is_mask], places[~is_mask]
        if not len(masks):
            return wordings, places
        keys = masks * len(words.rows) + mask_places[:, 0]
        nearest = np.unique(keys, return_index=True)[1]
        mask_places = mask_places[nearest]
        blanked = np.zeros((len(words.rows) + 1, table.n_labels + 1), dtype=bool)
        blanked[mask_places, table.labels[masks[nearest]][:, None]] = True
        blanked[_NONE] = False  # no word; and a veto has no label
        is_free = ~blanked[places, table.labels[wordings][:, None]].any(axis=1)
        return wordings[is_free], places[is_free]

    def _complete(self, words: BatchWords, rows: Ints, wordings: Ints, places: Ints) -> CueMatches:
        """Return the cues of which every phrase and no veto was found.

        What was found ascends by row and wording, and wordings by phrase and cue.
        """
        table = self._wordings
        vetoed = table.vetoed_cues[wordings]
        is_veto = vetoed != _NONE
        vetoes = rows[is_veto] * table.n_cues + vetoed[is_veto]
        slots = table.slots[wordings]
        keys = rows * table.n_slots + slots
        is_first = ~is_veto
        is_first[is_first] = np.diff(keys[is_first], prepend=_NONE) > 0
        rows, slots, places = rows[is_first], slots[is_first], places[is_first]
        keys = rows * table.n_cues + table.slot_cues[slots]
        begins = np.flatnonzero(np.diff(keys, prepend=_NONE) > 0)
        n_found = np.diff(begins, append=len(keys))
        is_hit = n_found == table.n_slots_of_cue[keys[begins] % max(table.n_cues, 1)]
        is_hit &= ~np.isin(keys[begins], vetoes)
        numbers = np.repeat(np.where(is_hit, np.cumsum(is_hit) - 1, _NONE), n_found)
        hits = keys[begins][is_hit]
        return CueMatches(
            rows=hits // max(table.n_cues, 1),
            cues=hits % max(table.n_cues, 1),
            words=words,
            slot_hits=numbers[numbers != _NONE],
            slot_places=places[numbers != _NONE],
        )


class _WordingTable:
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
                self._add(mask, (number, True, _NONE, _NONE))
            for cue in entry.cues:
                cue_id = len(self.cue_labels)
                for phrase in cue.phrases:
                    self._add(phrase, (number, False, len(slot_cues), _NONE))
                    slot_cues.append(cue_id)
                for phrase in cue.vetoes:
                    self._add(phrase, (_NONE, False, _NONE, cue_id))
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
        self.steps = np.full((self.n_wordings, self.longest), _NONE, dtype=np.int64)
        self.reach = np.zeros(self.n_patterns, dtype=np.int64)
        self.is_second = np.zeros(self.n_patterns, dtype=bool)
        alone: list[tuple[int, int]] = []
        pairs: list[tuple[int, int]] = []
        step_patterns: list[int] = []
        n_steps = 0
        for wording, positions in enumerate(self._positions):
            first = positions[0][0]
            if len(positions) == 1:
                alone.extend((pattern, wording) for pattern in first)
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
        self.single = _lists(alone, self.n_patterns)
        self.pairs = _KeySet(pair for pair, _ in pairs)
        numbered = [
            (int(number), wording)
            for number, (_, wording) in zip(
                np.searchsorted(self.pairs.keys, [pair for pair, _ in pairs]), pairs, strict=True
            )
        ]
        self.wordings_by_pair = _lists(numbered, len(self.pairs.keys))
        self.step_patterns = _KeySet(step_patterns)
        del self._positions, self._entries


class _WordFits:
    """Remembers which patterns each distinct word fits."""

    def __init__(self, pattern_ids: Mapping[WordPattern, int]) -> None:
        self._index = _PatternIndex(pattern_ids)
        self._forget()

    def of(self, words: Sequence[str]) -> _Lists:
        """Return the numbers of the patterns that each word fits."""
        if len(self._number_by_word) > MAX_REMEMBERED_WORDS:
            self._forget()
        known = self._number_by_word
        numbers = np.fromiter(
            (known[word] if word in known else self._look_up(word) for word in words),
            np.int64,
            len(words),
        )
        remembered = _Lists(np.array(self._offsets), np.array(self._patterns))
        owners, patterns = remembered.spread(numbers)
        return _Lists(
            np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=len(words))))), patterns
        )

    def _forget(self) -> None:
        self._number_by_word: dict[str, int] = {}
        self._offsets = array("q", (0, 0))  # word 0 fits nothing, as most do
        self._patterns = array("q")

    def _look_up(self, word: str) -> int:
        fits = self._index.fits(word)
        number = 0
        if fits:
            number = len(self._offsets) - 1
            self._patterns.extend(fits)
            self._offsets.append(len(self._patterns))
        self._number_by_word[word] = number
        return number


class _PatternIndex:
    """Answers which of many word patterns a word fits, by looking up its parts."""

    def __init__(self, pattern_ids: Mapping[WordPattern, int]) -> None:
        self._ids_by_shape: dict[tuple[bool, bool, bool], dict[str, int]] = defaultdict(dict)
        for pattern, pattern_id in pattern_ids.items():
            shape = (pattern.minds_case, pattern.open_start, pattern.open_end)
            self._ids_by_shape[shape][pattern.text] = pattern_id
        self._lengths_by_shape = {
            shape: sorted(set(map(len, ids))) for shape, ids in self._ids_by_shape.items()
        }

    def fits(self, word: str) -> tuple[int, ...]:
        """Return the numbers of the patterns that the word fits, ascending."""
        folded = fold(word)
        found = set()
        for shape, ids in self._ids_by_shape.items():
            minds_case, open_start, open_end = shape
            form = word if minds_case else folded
            for part in _parts(form, open_start, open_end, self._lengths_by_shape[shape]):
                if part in ids:
                    found.add(ids[part])
        return tuple(sorted(found))


def _parts(word: str, open_start: bool, open_end: bool, lengths: Sequence[int]) -> Iterator[str]:
    """Yield the parts of a word that a pattern of this shape and one of these lengths could be."""
    if not (open_start or open_end):
        yield word
        return
    for length in lengths:
        last_start = len(word) - length
        if last_start < 0:
            return
        first = 0 if open_end else last_start
        last = last_start if open_start else 0
        for start in range(first, last + 1):
            yield word[start : start + length]


@dataclass(frozen=True)
class _Lists:
    """Lists of numbers end to end: list ``i`` is ``values[offsets[i]:offsets[i + 1]]``."""

    offsets: Ints
    values: Ints

    @cached_property
    def owners(self) -> Ints:
        """The list of each value."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def spread(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Return the values of the chosen lists in turn, each after its place in ``chosen``."""
        begins = self.offsets[chosen]
        owners, within = _spread(self.offsets[chosen + 1] - begins)
        return owners, self.values[begins[owners] + within]


class _KeySet:
    """A set of numbers that is asked about many at once, most of which it does not hold."""

    def __init__(self, keys: Iterable[int]) -> None:
        self.keys = np.unique(np.fromiter(keys, np.int64))
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


def _lists(pairs: Sequence[tuple[int, int]], n_lists: int) -> _Lists:
    """Return, for each number below ``n_lists``, what is paired with it, in order."""
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    order = np.argsort(table[:, 0], kind="stable")
    counts = np.bincount(table[:, 0], minlength=n_lists)
    return _Lists(np.concatenate(([0], np.cumsum(counts))), table[order, 1])


def _spread(counts: Ints) -> tuple[Ints, Ints]:
    """Return each place as often as it counts, and the numbers 0, 1, … within each.

    >>> owners, within = _spread(np.array([2, 0, 1]))
    >>> owners.tolist(), within.tolist()
    ([0, 0, 2], [0, 1, 0])
    """
    owners = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) - before[owners]
