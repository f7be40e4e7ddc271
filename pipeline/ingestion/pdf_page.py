"""Positioned text of one PDF page → its rows in reading order: columns, raised marks, spacing.

Coordinates are in points, from the page's lower left corner upwards. Pure functions.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

MARK_START, MARK_END = "\ue000", "\ue001"
"""Private characters around a raised number in a row's text: a footnote's mark, or a power."""

WIDE_GAP = 0.9
"""In type sizes: a space within a line is narrower, that between columns is wider."""
WORD_GAP = 0.15
"""In type sizes: pieces of a line that are further apart are different words."""
SAME_BASELINE = 0.2
"""In type sizes: letters of one line differ by less in height."""
SMALL_SIZE = 0.85
"""A raised or lowered letter is smaller than this part of the type around it."""
RAISED_LEAST, RAISED_MOST, LOWERED_MOST = 0.1, 0.7, 0.35
"""In type sizes: how far from the baseline raised and lowered letters stand."""

MARK_INDENT = 4
"""In type sizes: a raised number may stand so far before its footnote."""

MIN_COLUMN_ROWS = 3
COLUMN_FILL = 0.45
"""Rows of a column of prose fill at least this part of it at the median; table cells do not."""
COLUMN_ZONE = (0.3, 0.7)
"""Between these parts of the text's width the right one of two columns begins."""
COLUMN_INDENT = 3.0
"""Points by which the beginnings of a column's rows may differ to count as flush."""
MAX_INDENT = 30.0
"""Points by which items in it are indented at most; what is centred begins anywhere."""
MAX_LINES_OVER = 2
"""So many times as many lines as a column has may go over both, above and below them."""

_RAISED_NUMBER = re.compile(r"[\d\s,()*]*[\d*][\d\s,()*]*")
_SUPERSCRIPTS = re.compile("[⁰¹²³⁴-⁹]+")
_BULLETS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "▪", "\uf02d": "–"}
_NOT_TEXT = str.maketrans(_BULLETS | {MARK_START: "", MARK_END: ""})


class Run(NamedTuple):
    """A piece of a line in one type: its text, its ends, its baseline, and the type."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_bold: bool


class Row(NamedTuple):
    """A printed line of one column; ``begins_column`` where the eye moves up to it.

    ``column`` is 1 for the left one of two, 2 for the right one, 0 for a line over the whole width.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_bold: bool
    begins_column: bool = False
    column: int = 0


@dataclass(frozen=True, slots=True)
class PageRows:
    """A page's rows in reading order, and where the right one of its columns begins."""

    rows: list[Row]
    column_left: float | None


def rows_of_page(runs: Sequence[Run], earlier_left: float | None = None) -> PageRows:
    """Return the rows of a page in reading order.

    Two columns are read one after the other, between rows that go over both.

    Args:
        runs: The page's pieces of text.
        earlier_left: Where the right column of an earlier page began: the last page of a text may
            have too few rows there to tell.
    """
    lines = [list(line.pieces()) for line in sorted(_lines(runs), key=lambda line: -line.baseline)]
    pieces = [piece for line in lines for piece in line]
    column_left = _right_column(lines)
    if column_left is None and earlier_left is not None and _has_column(pieces, earlier_left):
        column_left = earlier_left
    if column_left is None:
        return PageRows(_read_column(pieces), None)
    rows: list[Row] = []
    band: list[_Line] = []
    for line in lines:
        if any(_goes_over(piece, column_left) for piece in line):
            rows.extend(_read_band(band, column_left))
            rows.extend(_merge(line))
            band = []
        else:
            band.extend(line)
    rows.extend(_read_band(band, column_left))
    return PageRows([rows[0]._replace(begins_column=True), *rows[1:]], column_left)


@dataclass(slots=True)
class _Line:
    """Runs on one baseline; its type is that of its largest run."""

    baseline: float
    size: float
    runs: list[Run] = field(default_factory=list)

    @property
    def left(self) -> float:
        return min(run.left for run in self.runs)

    @property
    def right(self) -> float:
        return max(run.right for run in self.runs)

    def touches(self, run: Run) -> bool:
        """Whether a run stands right after one of this line's, or before one.

        A number may stand further off, as a footnote's does whose text is indented.
        """
        after = 0.5 * self.size
        before = MARK_INDENT * self.size if run.text.strip().isdigit() else after
        return any(
            abs(run.left - other.right) < after or -after < other.left - run.right < before
            for other in self.runs
        )

    def pieces(self) -> Iterator[_Line]:
        """Yield what stands between wide gaps."""
        runs = sorted(self.runs, key=lambda run: run.left)
        piece = _Line(self.baseline, self.size, runs[:1])
        right = runs[0].right
        for run in runs[1:]:
            if run.left - right > WIDE_GAP * self.size:
                yield piece
                piece = _Line(self.baseline, self.size)
            piece.runs.append(run)
            right = max(right, run.right)
        yield piece


def _lines(runs: Iterable[Run]) -> list[_Line]:
    """Gather runs on one baseline; small ones that stand a little off it join their neighbours."""
    lines: list[_Line] = []
    baselines: list[tuple[float, int]] = []
    for run in sorted(runs, key=lambda run: -run.size):
        line = _line_of(run, lines, baselines)
        if line is None:
            line = _Line(run.baseline, run.size)
            insort(baselines, (run.baseline, len(lines)))
            lines.append(line)
        line.runs.append(run)
    return lines


def _line_of(
    run: Run, lines: Sequence[_Line], baselines: Sequence[tuple[float, int]]
) -> _Line | None:
    """Return the line that a run belongs to; larger runs have theirs already."""
    largest = lines[0].size if lines else 0
    first = bisect_left(baselines, (run.baseline - RAISED_MOST * largest, -1))
    near: list[tuple[bool, float, _Line]] = []
    for baseline, index in baselines[first:]:
        if baseline > run.baseline + LOWERED_MOST * largest:
            break
        line = lines[index]
        rise = (run.baseline - baseline) / line.size
        is_level = abs(run.baseline - baseline) <= SAME_BASELINE * run.size
        is_beside = (
            run.size < SMALL_SIZE * line.size
            and -LOWERED_MOST < rise < RAISED_MOST
            and line.touches(run)
        )
        if is_level or is_beside:
            near.append((not line.touches(run), abs(rise), line))
    return min(near, key=lambda found: found[:2])[2] if near else None


def _right_column(lines: Sequence[Sequence[_Line]]) -> float | None:
    """Return where the right one of two columns of prose begins, None for a page without.

    Of the places where one could, it is that which the fewest lines go over.
    """
    pieces = [piece for line in lines for piece in line]
    if not pieces:
        return None
    left, right = min(p.left for p in pieces), max(p.right for p in pieces)
    first, last = (left + part * (right - left) for part in COLUMN_ZONE)
    starts = sorted({round(p.left) - COLUMN_INDENT for p in pieces if first <= p.left <= last})
    found = [
        (n_over, start)
        for start in starts
        if (n_over := _lines_over(lines, start, start - left, right - start)) is not None
    ]
    return min(found)[1] if found else None


def _lines_over(
    lines: Sequence[Sequence[_Line]], start: float, left_width: float, right_width: float
) -> int | None:
    """Return how many lines go over the place between columns, None where it parts no prose."""
    lefts: list[float] = []
    rights: list[float] = []
    n_over = n_flush = 0
    for line in lines:
        if any(_goes_over(piece, start) for piece in line):
            n_over += 1
            continue
        for is_right, lengths in ((False, lefts), (True, rights)):
            side = [piece for piece in line if (piece.left >= start) is is_right]
            if side:
                lengths.append(sum(piece.right - piece.left for piece in side))
                n_flush += is_right and min(p.left for p in side) < start + MAX_INDENT
    is_prose = all(
        len(lengths) >= MIN_COLUMN_ROWS and median(lengths) >= COLUMN_FILL * width
        for lengths, width in ((lefts, left_width), (rights, right_width))
    )
    is_column = is_prose and n_flush >= MIN_COLUMN_ROWS
    return n_over if is_column and n_over <= MAX_LINES_OVER * len(rights) else None


def _has_column(pieces: Sequence[_Line], column_left: float) -> bool:
    """Whether something begins where the right column did, and less goes over it than not."""
    n_over = sum(_goes_over(piece, column_left) for piece in pieces)
    begins = any(0 <= piece.left - column_left <= 2 * COLUMN_INDENT for piece in pieces)
    return begins and 2 * n_over < len(pieces)


def _goes_over(piece: _Line, column_left: float) -> bool:
    return piece.left < column_left < piece.right


def _read_band(pieces: Sequence[_Line], column_left: float) -> Iterator[Row]:
    """Yield the left column's rows, then the right one's."""
    left = [piece for piece in pieces if piece.left < column_left]
    right = [piece for piece in pieces if piece.left >= column_left]
    yield from (row._replace(column=1) for row in _merge(left))
    yield from (row._replace(column=2) for row in _read_column(right))


def _read_column(pieces: Sequence[_Line]) -> list[Row]:
    """Return the rows of what stands beside the rows before it, or on another page."""
    return [row._replace(begins_column=index == 0) for index, row in enumerate(_merge(pieces))]


def _merge(pieces: Iterable[_Line]) -> Iterator[Row]:
    """Yield the rows of a column from top to bottom; pieces on one baseline make one row."""
    rows: list[_Line] = []
    for piece in sorted(pieces, key=lambda piece: -piece.baseline):
        tolerance = SAME_BASELINE * piece.size
        if rows and rows[-1].baseline - piece.baseline <= tolerance:
            rows[-1].runs.extend(piece.runs)
            rows[-1].size = max(rows[-1].size, piece.size)
        else:
            rows.append(_Line(piece.baseline, piece.size, list(piece.runs)))
    for line in rows:
        yield _row(line)


def _row(line: _Line) -> Row:
    """Write a line's runs as text, a space between those that stand apart."""
    runs = sorted(line.runs, key=lambda run: run.left)
    text = ""
    right = runs[0].left
    for run in runs:
        if run.left - right > WORD_GAP * line.size:
            text += " "
        text += _marked(run, line)
        right = max(right, run.right)
    letters = sum(len(run.text.strip()) for run in runs)
    bold = sum(len(run.text.strip()) for run in runs if run.is_bold)
    sizes: Counter[float] = Counter()
    for run in runs:
        sizes[run.size] += len(run.text.strip())
    return Row(
        text=_SPACES.sub(" ", text).strip(),
        left=runs[0].left,
        right=right,
        baseline=line.baseline,
        size=sizes.most_common(1)[0][0],
        is_bold=letters > 0 and bold >= 0.95 * letters,
    )


_SPACES = re.compile(r"\s+")


def _marked(run: Run, line: _Line) -> str:
    """Return a run's text with raised numbers between marks."""
    text = run.text.translate(_NOT_TEXT)
    is_raised = (
        run.size < SMALL_SIZE * line.size
        and run.baseline - line.baseline > RAISED_LEAST * line.size
    )
    if is_raised and _RAISED_NUMBER.fullmatch(text):
        return f"{MARK_START}{text.strip()}{MARK_END}"
    return _SUPERSCRIPTS.sub(lambda found: f"{MARK_START}{found.group()}{MARK_END}", text)
