"""Which units of two language versions of one document say the same.

Units are aligned by their lengths after Gale and Church (1993), https://aclanthology.org/J93-1004/,
and by what does not change with the language: numbers of paragraphs, numbers in the text, headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import log_ndtr

from pipeline.records import Sentence

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Places = tuple[int, ...]
"""Places of units in a version, consecutive and ascending; empty where it has none."""

LENGTH_VARIANCE = 6.8
"""Of a translation's length, per character of the original; Gale and Church's figure."""
MAX_LENGTH_COST = 25.0
COST_BY_SHAPE = {(1, 1): 0.06, (2, 1): 4.0, (1, 2): 4.0, (2, 2): 5.5}
"""How seldom so many units stand for so many, as minus the logarithm of a share. Boundaries are
found by the same rules in all languages, so fewer units merge than in Gale and Church's debates."""
COST_OF_GAP = 5.0
COST_OF_NEXT_IN_GAP = 2.0
"""Of a unit that the other version lacks, and of each that is missing with it."""
COST_OF_ANOTHER_KIND = 6.0
"""On aligning a heading with a sentence."""
COST_OF_ANOTHER_NUMBER = 10.0
"""On aligning paragraphs that bear different numbers."""
COST_OF_OTHER_FIGURES = 2.0
"""On aligning units with different numbers in their text, and off where they have one in common."""

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Bead:
    """Units of one version and the units of another that say the same; either may be empty."""

    left: Places
    right: Places


def align(left: Sequence[Sentence], right: Sequence[Sentence]) -> list[Bead]:
    """Return the beads of two versions of a document, in order; every unit is in exactly one.

    They are found twice: as if both languages were as long, and then with the ratio of the lengths
    of what was aligned. That of the whole versions would be wrong where one of them lacks a part.
    """
    beads = _align(left, right, 1.0)
    pairs = [bead for bead in beads if len(bead.left) == len(bead.right) == 1]
    lengths = [
        sum(len(units[place].text) for bead in pairs for place in places(bead))
        for units, places in ((left, attrgetter("left")), (right, attrgetter("right")))
    ]
    return _align(left, right, lengths[1] / lengths[0]) if all(lengths) else beads


def align_versions(versions: Sequence[Sequence[Sentence]]) -> list[tuple[Places, ...]]:
    """Return the contents of a document: for each, the places of its units in every version.

    All versions are aligned with the longest. Where most versions that have units of the longest
    merge them they are one content. What a single version merges is left out there, because it
    stands for no content alone; what the longest lacks is a content of its own.
    """
    pivot = max(range(len(versions)), key=lambda column: len(versions[column]))
    others = [column for column in range(len(versions)) if column != pivot]
    alignments = {column: align(versions[pivot], versions[column]) for column in others}
    joined = _joined_units(len(versions[pivot]), list(alignments.values()))
    content_of = {place: number for number, places in enumerate(joined) for place in places}
    shared: list[list[Places]] = [[() for _ in versions] for _ in joined]
    for content, places in zip(shared, joined, strict=True):
        content[pivot] = places
    alone: list[tuple[float, list[Places]]] = []
    for column, beads in alignments.items():
        for content_place, places in _runs_by_content(beads, content_of):
            if content_place.is_integer():
                shared[int(content_place)][column] += places
            else:
                own = [places if at == column else () for at in range(len(versions))]
                alone.append((content_place, own))
    ranked = [(float(number), row) for number, row in enumerate(shared)] + alone
    return [tuple(row) for _, row in sorted(ranked, key=lambda entry: entry[0])]


def _align(left: Sequence[Sentence], right: Sequence[Sentence], ratio: float) -> list[Bead]:
    """Return the cheapest beads, by dynamic programming over all pairs of places.

    A gap, a run of units that the other version lacks, costs most where it begins. ``ratio`` is of
    the lengths of right and left.
    """
    traits = _Traits.of(left, right, ratio)
    shape = len(left) + 1, len(right) + 1
    steps = np.arange(shape[1]) * COST_OF_NEXT_IN_GAP
    cheapest = np.full((3, shape[1]), np.inf)  # of this row and the two before it
    left_gap = np.full(shape[1], np.inf)
    left_gap_start = np.zeros(shape, dtype=np.int32)
    right_gap_start = np.zeros(shape, dtype=np.int32)
    moves = np.zeros(shape, dtype=np.int8)
    for row in range(shape[0]):
        options = np.full((len(_MOVES), shape[1]), np.inf)
        if row:
            goes_on = left_gap + COST_OF_NEXT_IN_GAP < cheapest[-1] + COST_OF_GAP
            left_gap_start[row] = np.where(goes_on, left_gap_start[row - 1], row - 1)
            left_gap = np.where(goes_on, left_gap + COST_OF_NEXT_IN_GAP, cheapest[-1] + COST_OF_GAP)
            options[_LEFT_GAP] = left_gap
            for move, (n_left, n_right) in enumerate(COST_BY_SHAPE):
                if n_left <= row and n_right <= len(right):
                    before = cheapest[-n_left, : shape[1] - n_right]
                    options[move, n_right:] = before + traits.costs(row, n_left, n_right)
        else:
            options[0, 0] = 0.0
        best = options.min(axis=0)
        # A gap to the right stays in its row, so the cheapest place to open it is carried along.
        opening = np.minimum.accumulate(best - steps)
        places = np.where(best - steps == opening, np.arange(shape[1]), 0)
        options[_RIGHT_GAP, 1:] = opening[:-1] + steps[:-1] + COST_OF_GAP
        right_gap_start[row, 1:] = np.maximum.accumulate(places)[:-1]
        moves[row] = options.argmin(axis=0)
        cheapest = np.concatenate([cheapest[1:], options.min(axis=0)[None]])
    return _trace_back(moves, left_gap_start, right_gap_start)


def _trace_back(
    moves: NDArray[np.int8], left_gap_start: NDArray[np.int32], right_gap_start: NDArray[np.int32]
) -> list[Bead]:
    """Return the beads that lead to the last cell."""
    row, column = moves.shape[0] - 1, moves.shape[1] - 1
    beads: list[Bead] = []
    while row or column:
        move = moves[row, column]
        if move == _LEFT_GAP:
            start = int(left_gap_start[row, column])
            beads += [Bead((place,), ()) for place in range(row - 1, start - 1, -1)]
            row = start
        elif move == _RIGHT_GAP:
            start = int(right_gap_start[row, column])
            beads += [Bead((), (place,)) for place in range(column - 1, start - 1, -1)]
            column = start
        else:
            n_left, n_right = _MOVES[move]
            left, right = range(row - n_left, row), range(column - n_right, column)
            beads.append(Bead(tuple(left), tuple(right)))
            row, column = row - n_left, column - n_right
    return beads[::-1]


_MOVES = (*COST_BY_SHAPE, "left gap", "right gap")
_LEFT_GAP, _RIGHT_GAP = len(COST_BY_SHAPE), len(COST_BY_SHAPE) + 1


@dataclass(frozen=True, slots=True)
class _Traits:
    """What units of two versions are compared by.

    Each pair is left and right: ``lengths`` are summed from the start, so that runs of units are
    differences; ``kinds`` and ``numbers`` are codes, 0 for a unit without a number; ``has_figures``
    says whether there are numbers in the text, and ``shares_figures``, shape (n_left, n_right),
    whether two units have one in common.
    """

    lengths: tuple[Ints, Ints]
    ratio: float
    kinds: tuple[Ints, Ints]
    numbers: tuple[Ints, Ints]
    has_figures: tuple[Bools, Bools]
    shares_figures: Bools

    @classmethod
    def of(cls, left: Sequence[Sentence], right: Sequence[Sentence], ratio: float) -> _Traits:
        figures = [[set(_DIGITS.findall(unit.text)) for unit in units] for units in (left, right)]
        shared = _incidence(figures[0], figures) @ _incidence(figures[1], figures).T
        return cls(
            lengths=(_summed_lengths(left), _summed_lengths(right)),
            ratio=ratio,
            kinds=_codes([[unit.kind for unit in units] for units in (left, right)]),
            numbers=_codes([[_number(unit) for unit in units] for units in (left, right)]),
            has_figures=(
                np.array([bool(own) for own in figures[0]], dtype=bool),
                np.array([bool(own) for own in figures[1]], dtype=bool),
            ),
            shares_figures=(shared > 0).toarray(),
        )

    def costs(self, row: int, n_left: int, n_right: int) -> Floats:
        """Return what it costs to align the units before ``row`` with every run of the right.

        Args:
            row: Place after the last of the left units.
            n_left: How many they are.
            n_right: How long the runs are.

        Returns:
            Shape (n_units - n_right + 1,), a cost for each run, the first run first.
        """
        ours = slice(row - n_left, row)
        cost = COST_BY_SHAPE[n_left, n_right] + self._length_costs(row, n_left, n_right)
        is_uniform = _all_same(self.kinds[0][ours], _runs(self.kinds[1], n_right))
        cost += np.where(is_uniform, 0.0, COST_OF_ANOTHER_KIND)
        cost += np.where(self._numbers_agree(ours, n_right), 0.0, COST_OF_ANOTHER_NUMBER)
        shares = _runs(self.shares_figures[ours].any(axis=0), n_right).any(axis=1)
        have = _runs(self.has_figures[1], n_right).any(axis=1) & self.has_figures[0][ours].any()
        return cost + np.where(shares, -1.0, have) * COST_OF_OTHER_FIGURES

    def _length_costs(self, row: int, n_left: int, n_right: int) -> Floats:
        """Return minus the logarithm of how likely a translation is so much longer or shorter."""
        ours, theirs = self.lengths
        expected = (ours[row] - ours[row - n_left]) * self.ratio
        found = theirs[n_right:] - theirs[:-n_right]
        deviation = np.abs(found - expected) / np.sqrt(max(expected, 1.0) * LENGTH_VARIANCE)
        costs: Floats = np.minimum(-np.log(2) - log_ndtr(-deviation), MAX_LENGTH_COST)
        return costs

    def _numbers_agree(self, ours: slice, n_right: int) -> Bools:
        """Return, for each run, whether no two numbers in a bead differ."""
        own = self.numbers[0][ours]
        runs = _runs(self.numbers[1], n_right)
        numbers = np.concatenate([np.broadcast_to(own, (len(runs), len(own))), runs], axis=1)
        highest = numbers.max(axis=1, keepdims=True)
        agree: Bools = ((numbers == 0) | (numbers == highest)).all(axis=1)
        return agree


def _all_same(own: Ints, runs: Ints) -> Bools:
    same: Bools = (runs == own[0]).all(axis=1) & (own == own[0]).all()
    return same


def _runs(values: Any, length: int) -> NDArray[Any]:
    """Return all runs of a length, shape (n_values - length + 1, length)."""
    n_runs = len(values) - length + 1
    return np.stack([values[start : start + n_runs] for start in range(length)], axis=1)


def _summed_lengths(units: Sequence[Sentence]) -> Ints:
    return np.concatenate([[0], np.cumsum([len(unit.text) for unit in units], dtype=np.int64)])


def _codes(sides: Sequence[Sequence[str]]) -> tuple[Ints, Ints]:
    """Return a number for each different word of both sides, 0 for the empty one."""
    codes = {"": 0}
    left, right = (
        np.array([codes.setdefault(word, len(codes)) for word in words], dtype=np.int64)
        for words in sides
    )
    return left, right


def _incidence(own: Sequence[set[str]], sides: Sequence[Sequence[set[str]]]) -> csr_matrix:
    """Return which of the words of both sides each unit has, shape (n_units, n_words)."""
    columns = {word: column for column, word in enumerate(sorted(set().union(*chain(*sides))))}
    entries = [(row, columns[word]) for row, words in enumerate(own) for word in words]
    rows, places = zip(*entries, strict=True) if entries else ((), ())
    return csr_matrix((np.ones(len(rows)), (rows, places)), shape=(len(own), max(len(columns), 1)))


def _number(unit: Sentence) -> str:
    """Return a paragraph's number without what languages print around it.

    Letters are no numbers: they follow each language's alphabet.
    """
    return ".".join(_DIGITS.findall(unit.paragraph))


def _joined_units(n_units: int, alignments: Sequence[Sequence[Bead]]) -> list[Places]:
    """Return the pivot's units as runs: joined where most beads that hold both join them."""
    joins, parts = np.zeros(n_units, dtype=int), np.zeros(n_units, dtype=int)
    for beads in alignments:
        held = [bead for bead in beads if bead.left and bead.right]
        for bead in held:
            joins[list(bead.left[:-1])] += 1
            parts[bead.left[-1]] += 1
    runs: list[Places] = []
    for place in range(n_units):
        if place and joins[place - 1] > parts[place - 1]:
            runs[-1] += (place,)
        else:
            runs.append((place,))
    return runs


def _runs_by_content(
    beads: Sequence[Bead], content_of: Mapping[int, int]
) -> Iterator[tuple[float, Places]]:
    """Yield the other version's units by content of the pivot.

    Units that the pivot lacks come with the content before them and a half, unless that content
    goes on after them: then they are part of it.
    """
    last = -1
    waiting: list[Places] = []
    for bead in beads:
        if not bead.left:
            waiting.append(bead.right)
            continue
        content = content_of[bead.left[0]]
        for places in waiting:
            yield (float(content) if content == last else last + 0.5), places
        waiting = []
        last = content_of[bead.left[-1]]
        if content == last:
            yield float(content), bead.right
    for places in waiting:
        yield last + 0.5, places
