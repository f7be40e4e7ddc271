"""Paragraph numbers: which line-start numbers number paragraphs, told by their sequence.

"9 February", "2020." or "6e EU-AU-top" may begin a wrapped line, and "20." of "20. Juni" may
even look like a paragraph number. What tells them apart is that paragraphs are numbered
consecutively: the marks kept are the heaviest chain 1, 2, 3 …, which may begin again at 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_NUMBER = 400
"""Council conclusions have at most some two hundred paragraphs; years are above."""
MAX_SKIPPED = 2
"""Numbers that may be missing in a chain, as when a page was lost."""
SKIP_COST = 0.8
RESTART_COST = 0.9
LATE_START_COST = 1.5
MIN_CHAIN_WEIGHT = 0.5
"""One fair mark "1." is a chain; one weak mark, or one fair mark of another number, is none."""
WEAK_WEIGHT = 0.3
"""Weight of a mark in the middle of an unfinished sentence; a fair one weighs 1."""

_MARK = re.compile(
    r"(\d{1,3})(\.|\))(?:\s+(?=\S)|$)|\((\d{1,3})\)\s+(?=\S)|(\d{1,3})\.(?=[^\W\d_])"
)


@dataclass(frozen=True, slots=True)
class NumberMark:
    """A number at the start of a line: where its text begins, and in which style it is written."""

    line: int
    number: int
    style: str
    text_start: int


@dataclass(frozen=True, slots=True)
class _Link:
    """The best chain that ends in a mark: its weight, the mark before, where it last began anew.

    ``outer`` is the number before it began anew at 1.
    """

    mark: NumberMark
    weight: float
    previous: _Link | None
    outer: int = 0


def number_mark(line_number: int, line: str) -> NumberMark | None:
    """Return the mark that a line begins with, None where it begins with none.

    >>> number_mark(0, "12. The Council").number
    12
    >>> number_mark(0, "9 February 2015") is None
    True
    """
    match = _MARK.match(line)
    if not match:
        return None
    digits = match.group(1) or match.group(3) or match.group(4)
    style = "(n)" if match.group(3) else f"n{match.group(2) or '.'}"
    if int(digits) > MAX_NUMBER:
        return None
    return NumberMark(line_number, int(digits), style, match.end())


def paragraph_marks(marks: Sequence[NumberMark], is_weak: Sequence[bool]) -> dict[int, NumberMark]:
    """Return the marks that number paragraphs, by line.

    Args:
        marks: All candidates, by ascending line.
        is_weak: For each, whether it stands where no paragraph should begin.
    """
    best: _Link | None = None
    ends: dict[tuple[str, int], _Link] = {}
    best_by_style: dict[str, _Link] = {}
    for mark, weak in zip(marks, is_weak, strict=True):
        own_weight = WEAK_WEIGHT if weak else 1.0
        link = _best_link(mark, own_weight, ends, best_by_style.get(mark.style))
        key = (mark.style, mark.number)
        if key not in ends or link.weight >= ends[key].weight:
            ends[key] = link
        if mark.style not in best_by_style or link.weight > best_by_style[mark.style].weight:
            best_by_style[mark.style] = link
        if best is None or link.weight > best.weight:
            best = link
    if best is None or best.weight < MIN_CHAIN_WEIGHT:
        return {}
    return {mark.line: mark for mark in _chain(best)}


def _best_link(
    mark: NumberMark,
    own_weight: float,
    ends: dict[tuple[str, int], _Link],
    best_of_style: _Link | None,
) -> _Link:
    """Return the best chain that this mark can end: begun here, continued, or begun again.

    After a list 1, 2, 3 within paragraph 5, number 6 goes on from 5, and skips nothing from 3.
    """
    options = [_Link(mark, own_weight - (0 if mark.number == 1 else LATE_START_COST), None)]
    for skipped in range(MAX_SKIPPED + 1):
        previous = ends.get((mark.style, mark.number - 1 - skipped))
        if previous and not (skipped and previous.outer == mark.number - 1):
            weight = previous.weight + own_weight - skipped * SKIP_COST
            options.append(_Link(mark, weight, previous, previous.outer))
    if mark.number == 1 and best_of_style:
        weight = best_of_style.weight + own_weight - RESTART_COST
        options.append(_Link(mark, weight, best_of_style, best_of_style.mark.number))
    return max(options, key=lambda link: link.weight)


def _chain(link: _Link | None) -> list[NumberMark]:
    marks = []
    while link:
        marks.append(link.mark)
        link = link.previous
    return marks[::-1]
