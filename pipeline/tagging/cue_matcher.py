"""Finds the cues of a lexicon in batches of sentences, all by arrays.

Which patterns a word fits is looked up once per distinct word. From there on a batch is one array
of words, and ``wording_table`` says which patterns make a wording and which phrases a cue needs.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.tagging.cues import CueHit, LabelCues, WordPattern, fold
from pipeline.tagging.lists import Lists, offsets_of, spread
from pipeline.tagging.wording_table import NONE, WordingTable
from pipeline.tagging.words import BatchWords, read_words

MAX_REMEMBERED_WORDS = 100_000
"""Distinct words whose patterns a matcher keeps; some 20 MB a language, whatever the corpus."""

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
        found = self.match(read_words([text]))
        spans: list[list[tuple[int, int]]] = [[] for _ in found.rows]
        for hit, place in zip(found.place_hits.tolist(), found.places.tolist(), strict=True):
            spans[hit].append((int(found.words.starts[place]), int(found.words.ends[place])))
        return [
            CueHit(self.cue_labels[cue], self.cue_texts[cue], tuple(spans[hit]))
            for hit, cue in enumerate(found.cues.tolist())
        ]

    def match(self, words: BatchWords) -> CueMatches:
        """Return the cues found in each of many sentences."""
        wordings, places = self._find_wordings(words, self._fits.of(words))
        rows, phrases = words.rows[places[:, 0]], self._wordings.phrases[wordings]
        keys = rows * self._wordings.n_phrases + phrases
        found = _Found(rows, phrases, keys, wordings, places)
        rows, cues = self._complete(words.n_texts, found)
        hits, entries = self._find_slots(words, found, rows, cues)
        is_left = np.ones(len(rows), dtype=bool)
        is_left[hits[entries == NONE]] = False
        is_slot_left = is_left[hits]
        numbers = np.cumsum(is_left) - 1
        return CueMatches(
            rows=rows[is_left],
            cues=cues[is_left],
            words=words,
            slot_hits=numbers[hits[is_slot_left]],
            slot_places=places[entries[is_slot_left]],
        )

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

    def _complete(self, n_texts: int, found: _Found) -> tuple[Ints, Ints]:
        """Return rows and cues of which every phrase and no veto is found, ascending.

        Masks are left out of account. A cue is looked at where the one of its phrases is found
        that fewest cues need.
        """
        table = self._wordings
        stands = np.zeros(n_texts * table.n_phrases, dtype=bool)
        stands[found.keys] = True
        owners, cues = table.cues_by_rarest.spread(found.phrases)
        rows = found.rows[owners]
        for phrases, must_stand in ((table.needed, True), (table.vetoes, False)):
            owners, asked = phrases.spread(cues)
            fits = stands[rows[owners] * table.n_phrases + asked] == must_stand
            is_left = np.ones(len(cues), dtype=bool)
            is_left[owners[~fits]] = False
            rows, cues = rows[is_left], cues[is_left]
        rows, cues = np.divmod(np.unique(rows * table.n_cues + cues), max(table.n_cues, 1))
        return rows, cues

    def _find_slots(
        self, words: BatchWords, found: _Found, rows: Ints, cues: Ints
    ) -> tuple[Ints, Ints]:
        """Return, for each phrase that a hit needs, the hit and the entry of ``found``, or -1.

        The entry is of the phrase's first wording, where no word is masked; -1 if there is none.
        """
        table = self._wordings
        hits, phrases = table.needed.spread(cues)
        keys = rows[hits] * table.n_phrases + phrases
        is_wanted = np.zeros(words.n_texts * table.n_phrases, dtype=bool)
        is_wanted[keys] = True
        entries = np.flatnonzero(is_wanted[found.keys])
        entries = entries[np.lexsort((found.wordings[entries], found.keys[entries]))]
        keys_found = found.keys[entries]
        begins = np.searchsorted(keys_found, keys)
        chosen = entries[begins]
        masked, blanked = self._find_masked(words, found)
        labels = table.labels[cues[hits]]
        at_risk = np.flatnonzero(np.isin(rows[hits] * table.n_labels + labels, masked))
        ends = np.searchsorted(keys_found, keys[at_risk], side="right")
        owners, within = spread(ends - begins[at_risk])
        tried = entries[begins[at_risk][owners] + within]
        chosen[at_risk] = self._pick_unmasked(found, owners, tried, labels[at_risk], blanked)
        return hits, chosen

    def _pick_unmasked(
        self, found: _Found, owners: Ints, entries: Ints, labels: Ints, blanked: Ints
    ) -> Ints:
        """Return, for each label, the first of its entries with no word that it blanks, or -1.

        Args:
            found: What ``entries`` point into.
            owners: For each entry, which of ``labels`` it belongs to, ascending.
            entries: Same shape.
            labels: Columns.
            blanked: Words with the label that blanks them, see ``_find_masked``.
        """
        touched = found.places[entries] * self._wordings.n_labels + labels[owners, None]
        is_free = ~np.isin(touched, blanked).any(axis=1)
        free, first = np.unique(owners[is_free], return_index=True)
        chosen = np.full(len(labels), NONE)
        chosen[free] = entries[is_free][first]
        return chosen

    def _find_masked(self, words: BatchWords, found: _Found) -> tuple[Ints, Ints]:
        """Return sentences with a label of which masks blank words, and these words with the label.

        They are ``row * n_labels + label`` and ``place * n_labels + label``.
        """
        table = self._wordings
        masks = np.flatnonzero(table.is_mask[found.phrases])
        keys = found.wordings[masks] * len(words.rows) + found.places[masks, 0]
        masks = masks[np.unique(keys, return_index=True)[1]]  # the nearest words of each
        owners, labels = table.masked_labels.spread(found.phrases[masks])
        places = found.places[masks[owners]]
        blanked = places * table.n_labels + labels[:, None]
        return found.rows[masks[owners]] * table.n_labels + labels, blanked[places != NONE]


@dataclass(frozen=True)
class _Found:
    """Wherever a wording stands: its sentence, phrase and number, and the places of its words.

    Of one wording and sentence they ascend by ``places``, shape (n_found, longest wording).
    ``keys`` are ``row * n_phrases + phrase``.
    """

    rows: Ints
    phrases: Ints
    keys: Ints
    wordings: Ints
    places: Ints


class _WordFits:
    """Remembers which patterns each distinct word fits."""

    def __init__(self, pattern_ids: Mapping[WordPattern, int]) -> None:
        self._index = _PatternIndex(pattern_ids)
        self._forget()

    def of(self, words: BatchWords) -> Lists:
        """Return the numbers of the patterns that each word fits."""
        if len(self._number_by_word) > MAX_REMEMBERED_WORDS:
            self._forget()
        spellings = words.spellings
        numbers = np.fromiter(
            map(self._number_by_word.__getitem__, spellings), np.int64, len(spellings)
        )
        remembered = Lists(np.array(self._offsets), np.array(self._patterns))
        owners, patterns = remembered.spread(numbers[words.numbers])
        return Lists(offsets_of(owners, len(words.numbers)), patterns)

    def _forget(self) -> None:
        self._number_by_word = _Numbers(self._look_up)
        self._offsets = array("q", (0, 0))  # word 0 fits nothing, as most do
        self._patterns = array("q")

    def _look_up(self, word: str) -> int:
        fits = self._index.fits(word)
        number = 0
        if fits:
            number = len(self._offsets) - 1
            self._patterns.extend(fits)
            self._offsets.append(len(self._patterns))
        return number


class _Numbers(dict[str, int]):
    """Numbers of words, each looked up when it is first asked for."""

    def __init__(self, look_up: Callable[[str], int]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, word: str) -> int:
        number = self[word] = self._look_up(word)
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
