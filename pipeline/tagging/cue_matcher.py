"""Finds the cues of a lexicon in batches of sentences, all by arrays.

Which patterns a word fits is looked up once per distinct word. From there on a batch is one array
of words, and ``wording_table`` says which patterns make a wording and which wordings a cue.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.tagging.cues import CueHit, LabelCues, WordPattern, fold
from pipeline.tagging.lists import Lists, group, offsets_of, spread
from pipeline.tagging.wording_table import NONE, WordingTable

MAX_REMEMBERED_WORDS = 100_000
"""Distinct words whose patterns a matcher keeps; some 20 MB a language, whatever the corpus."""

_WORD = re.compile(r"([^\W_]+)")

Ints = NDArray[np.int64]


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

    @property
    def place_hits(self) -> Ints:
        """The hit of each entry of ``places``."""
        return self._by_hit[0]

    @property
    def places(self) -> Ints:
        """Words that matched, as positions in the batch."""
        return self._by_hit[1]

    @cached_property
    def _by_hit(self) -> tuple[Ints, Ints]:
        n_words = max(len(self.words.starts), 1)
        keys = self.slot_hits[:, None] * n_words + self.slot_places
        return np.divmod(np.unique(keys[self.slot_places != NONE]), n_words)


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
        self._wordings = WordingTable(cues_by_label)
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

    def _read(self, texts: Sequence[str]) -> tuple[BatchWords, Lists]:
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

    def _find_wordings(self, words: BatchWords, fits: Lists) -> tuple[Ints, Ints]:
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
        places = np.full((len(wordings), table.longest), NONE)
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
        can_begin = np.flatnonzero(table.reach[patterns])
        can_follow = table.is_second[patterns]
        seconds, second_patterns = places_of_fits[can_follow], patterns[can_follow]
        followers = offsets_of(seconds, len(words.rows))
        firsts, first_patterns = places_of_fits[can_begin], patterns[can_begin]
        last = np.minimum(
            firsts + table.reach[first_patterns], words.offsets[words.rows[firsts] + 1] - 1
        )
        begin, end = followers[firsts + 1], followers[last + 1]
        owners, within = spread(end - begin)
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
        self, words: BatchWords, fits: Lists, wordings: Ints, places: Ints, step: int
    ) -> tuple[Ints, Ints]:
        """Return wordings found so far with each place where their next word stands."""
        table = self._wordings
        last = places[:, -1]
        room = words.offsets[words.rows[last] + 1] - 1 - last
        owners, within = spread(np.minimum(table.gaps[wordings, step] + 1, room))
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
        blanked[NONE] = False  # no word; and a veto has no label
        is_free = ~blanked[places, table.labels[wordings][:, None]].any(axis=1)
        return wordings[is_free], places[is_free]

    def _complete(self, words: BatchWords, rows: Ints, wordings: Ints, places: Ints) -> CueMatches:
        """Return the cues of which every phrase and no veto was found.

        What was found ascends by row and wording, and wordings by phrase and cue.
        """
        table = self._wordings
        vetoed = table.vetoed_cues[wordings]
        is_veto = vetoed != NONE
        vetoes = rows[is_veto] * table.n_cues + vetoed[is_veto]
        slots = table.slots[wordings]
        keys = rows * table.n_slots + slots
        is_first = ~is_veto
        is_first[is_first] = np.diff(keys[is_first], prepend=NONE) > 0
        rows, slots, places = rows[is_first], slots[is_first], places[is_first]
        keys = rows * table.n_cues + table.slot_cues[slots]
        begins = np.flatnonzero(np.diff(keys, prepend=NONE) > 0)
        n_found = np.diff(begins, append=len(keys))
        is_hit = n_found == table.n_slots_of_cue[keys[begins] % max(table.n_cues, 1)]
        is_hit &= ~np.isin(keys[begins], vetoes)
        numbers = np.repeat(np.where(is_hit, np.cumsum(is_hit) - 1, NONE), n_found)
        hits = keys[begins][is_hit]
        return CueMatches(
            rows=hits // max(table.n_cues, 1),
            cues=hits % max(table.n_cues, 1),
            words=words,
            slot_hits=numbers[numbers != NONE],
            slot_places=places[numbers != NONE],
        )


class _WordFits:
    """Remembers which patterns each distinct word fits."""

    def __init__(self, pattern_ids: Mapping[WordPattern, int]) -> None:
        self._index = _PatternIndex(pattern_ids)
        self._forget()

    def of(self, words: Sequence[str]) -> Lists:
        """Return the numbers of the patterns that each word fits."""
        if len(self._number_by_word) > MAX_REMEMBERED_WORDS:
            self._forget()
        known = self._number_by_word
        numbers = np.fromiter(
            (known[word] if word in known else self._look_up(word) for word in words),
            np.int64,
            len(words),
        )
        remembered = Lists(np.array(self._offsets), np.array(self._patterns))
        return group(*remembered.spread(numbers), len(words))

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
