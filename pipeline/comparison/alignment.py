"""Which units of two language versions of one document say the same.

Numbered paragraphs are anchors; between them units are aligned by their lengths after Gale and
Church (1993), https://aclanthology.org/J93-1004/.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.records import Sentence

Places = tuple[int, ...]
"""Places of units in a version, consecutive and ascending; empty where it has none."""

LENGTH_VARIANCE = 6.8
"""Of a translation's length, per character of the original; Gale and Church's figure."""
COST_BY_SHAPE = {
    shape: -math.log(prior)
    for shape, prior in {
        (1, 1): 0.94,
        (1, 0): 0.01,
        (0, 1): 0.01,
        (2, 1): 0.018,
        (1, 2): 0.018,
        (2, 2): 0.004,
    }.items()
}
"""How seldom so many units stand for so many. Boundaries of one document are found by the same
rules in all languages, so fewer units merge than in Gale and Church's parliamentary debates."""
LOWEST_RATIO = 0.7
"""Of the lengths of two versions; further apart one of them lacks something."""
COST_OF_ANOTHER_KIND = 6.0
"""On aligning a heading with a sentence."""
COST_OF_ANOTHER_NUMBER = 12.0
"""On aligning paragraphs that bear different numbers."""
MAX_SHIFT = 40
"""Units by which versions may have drifted apart between two anchors; more is not looked for."""

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Bead:
    """Units of one version and the units of another that say the same; either may be empty."""

    left: Places
    right: Places


def align(left: Sequence[Sentence], right: Sequence[Sentence]) -> list[Bead]:
    """Return the beads of two versions of a document, in order; every unit is in exactly one."""
    ratio = min(max(_length(right) / max(_length(left), 1), LOWEST_RATIO), 1 / LOWEST_RATIO)
    beads: list[Bead] = []
    start = (0, 0)
    for end in (*_anchors(left, right), (len(left), len(right))):
        rows, columns = range(start[0], end[0]), range(start[1], end[1])
        beads += _align_stretch(left, right, rows, columns, ratio)
        start = end
    return beads


def align_versions(versions: Sequence[Sequence[Sentence]]) -> list[tuple[Places, ...]]:
    """Return the contents of a document: for each, the places of its units in every version.

    All versions are aligned with the first. Where units of the first are merged in another they
    are one content; a unit that the first lacks is a content of its own.
    """
    pivot, *others = versions
    alignments = [align(pivot, other) for other in others]
    joined = _joined_units(len(pivot), alignments)
    content_of = {place: number for number, places in enumerate(joined) for place in places}
    shared: list[list[Places]] = [[places, *(() for _ in others)] for places in joined]
    alone: list[tuple[float, list[Places]]] = []
    for column, beads in enumerate(alignments, start=1):
        for content, places in _runs_by_content(beads, content_of):
            if content.is_integer():
                shared[int(content)][column] += places
            else:
                alone.append(
                    (content, [places if at == column else () for at in range(len(versions))])
                )
    ranked = [(float(number), row) for number, row in enumerate(shared)] + alone
    return [tuple(row) for _, row in sorted(ranked, key=lambda entry: entry[0])]


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
        yield float(content), bead.right
        last = content
    for places in waiting:
        yield last + 0.5, places


def _joined_units(n_units: int, alignments: Iterable[Sequence[Bead]]) -> list[Places]:
    """Return the pivot's units as runs that no version's beads cut."""
    joins_next = [False] * n_units
    for beads in alignments:
        for bead in beads:
            for place in bead.left[:-1]:
                joins_next[place] = True
    runs: list[Places] = []
    for place in range(n_units):
        if place and joins_next[place - 1]:
            runs[-1] += (place,)
        else:
            runs.append((place,))
    return runs


def _anchors(left: Sequence[Sentence], right: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Return the places where paragraphs begin whose number both versions have once.

    Of numbers in another order the longest ascending run counts.
    """
    places = dict(_numbered_once(right))
    pairs = [(place, places[number]) for number, place in _numbered_once(left) if number in places]
    return _longest_ascending(pairs)


def _numbered_once(units: Sequence[Sentence]) -> Iterator[tuple[str, int]]:
    """Yield the number and first place of each paragraph whose number no other one bears."""
    starts = [
        (_number(unit), place)
        for place, unit in enumerate(units)
        if _number(unit) and (place == 0 or _number(units[place - 1]) != _number(unit))
    ]
    counts = Counter(number for number, _ in starts)
    yield from ((number, place) for number, place in starts if counts[number] == 1)


def _number(unit: Sentence) -> str:
    """Return a paragraph's number without what languages print around it.

    Letters are no numbers: they follow each language's alphabet.
    """
    return ".".join(_DIGITS.findall(unit.paragraph))


def _longest_ascending(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of pairs, ascending in the first, that ascends in the second too."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, (_, value) in enumerate(pairs):
        length = bisect_left(tails, value)
        before.append(ends[length - 1] if length else -1)
        tails[length:] = [value, *tails[length + 1 :]]
        ends[length:] = [place, *ends[length + 1 :]]
    run: list[tuple[int, int]] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        run.append(pairs[place])
        place = before[place]
    return run[::-1]


def _align_stretch(
    left: Sequence[Sentence],
    right: Sequence[Sentence],
    rows: range,
    columns: range,
    ratio: float,
) -> list[Bead]:
    """Return the cheapest beads of two stretches: dynamic programming near the diagonal."""
    n_rows, n_columns = len(rows), len(columns)
    shift = MAX_SHIFT + abs(n_rows - n_columns)
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for row in range(n_rows + 1):
        centre = row * n_columns // max(n_rows, 1)
        for column in range(max(0, centre - shift), min(n_columns, centre + shift) + 1):
            candidates = []
            for shape, cost in COST_BY_SHAPE.items():
                earlier = best.get((row - shape[0], column - shape[1]))
                if earlier is not None:
                    ours = left[rows.start + row - shape[0] : rows.start + row]
                    theirs = right[columns.start + column - shape[1] : columns.start + column]
                    total = earlier[0] + cost + _cost_of(ours, theirs, ratio)
                    candidates.append((total, shape))
            if candidates:
                best[row, column] = min(candidates)
    beads: list[Bead] = []
    row, column = n_rows, n_columns
    while row or column:
        n_left, n_right = best[row, column][1]
        beads.append(
            Bead(
                tuple(rows[row - n_left : row]),
                tuple(columns[column - n_right : column]),
            )
        )
        row, column = row - n_left, column - n_right
    return beads[::-1]


def _cost_of(left: Sequence[Sentence], right: Sequence[Sentence], ratio: float) -> float:
    """Return how unlike each other two runs of units are: their lengths, kinds and numbers."""
    if not left or not right:
        return 0.0
    expected, found = _length(left) * ratio, _length(right)
    deviation = (found - expected) / math.sqrt(max(expected, 1) * LENGTH_VARIANCE)
    tail = math.erfc(abs(deviation) / math.sqrt(2))
    cost = -math.log(max(tail, 1e-12))
    if len({unit.kind for unit in (*left, *right)}) > 1:
        cost += COST_OF_ANOTHER_KIND
    if len({_number(unit) for unit in (*left, *right)} - {""}) > 1:
        cost += COST_OF_ANOTHER_NUMBER
    return cost


def _length(units: Iterable[Sentence]) -> int:
    return sum(len(unit.text) for unit in units)
