"""Rows of PDF pages → lines: furniture off, footnotes and headings told apart, gaps. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise, takewhile
from statistics import median, quantiles

from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.cover import is_annex_word
from pipeline.ingestion.furniture import Footer, is_stamp, parse_footer, parse_footer_unit
from pipeline.ingestion.layout import MAX_HEADING_LINES, MAX_HEADING_WORDS
from pipeline.ingestion.lines import Line
from pipeline.ingestion.numbering import number_mark
from pipeline.ingestion.pdf_page import MARK_END, MARK_START, Row

EDGE_ROWS = 3
"""Running heads and feet have at most so many rows."""
MIN_REPEATED_PAGES = 3
SAME_HEIGHT = 3.0
"""Points by which a running head's distance from the edge may differ."""
NOTE_SIZE = 0.93
"""Footnotes are set in type of at most this part of the text's size."""
PARAGRAPH_GAP = 1.2
"""A distance of so many times the usual one separates paragraphs."""
MAX_BOLD_FRACTION = 0.25
"""Where more of the text is bold, bold type does not tell headings."""
MIN_RUN_ON_ROWS = 2
"""Fewer rows that are known to run on do not tell the usual distance."""
MAX_LEADING = 1.8
"""In type sizes: lines one and a half apart; where only other rows tell, it is at most this."""

_DIGITS = re.compile(r"\d+")
_SUPERSCRIPT_OF = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_DIGIT_OF = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_MARK = re.compile(
    rf"(?P<space>\s*)(?P<open>\(\s*)?{MARK_START}(?P<mark>[^{MARK_END}]*){MARK_END}"
    r"(?P<close>(?(open)\s*\)))(?=(?P<next>.?))"
)
_NOTE_START = re.compile(
    rf"\(?\s*{MARK_START}(?P<raised>[^{MARK_END}]*){MARK_END}\s*\)?\s*"
    r"|\(?(?P<level>\d{1,3}|\*{1,3})\)?[.)]?\s+(?=\S)"
)
_BEFORE_POWER = re.compile(r"(?:\d|(?:^|[\s\d/(])[kcdm]?m)$")


@dataclass(frozen=True, slots=True)
class Page:
    """A page's rows in reading order and the heights of its edges, in points."""

    number: int
    bottom: float
    top: float
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a document without page furniture, and the footers that were taken off."""

    lines: tuple[Line, ...]
    footers: tuple[Footer, ...]


def lines_of_pages(pages: Sequence[Page]) -> PageLines:
    """Return the lines of a document, each footnote after the column that it stands under."""
    bare_pages, footers = _take_footers(pages)
    setting = _measure(bare_pages)
    bare_pages = _without_repeated(bare_pages, setting)
    lines: list[Line] = []
    end_of_notes = 0
    for page in bare_pages:
        columns = [_Column.of(rows, page.rows, setting) for rows in _columns(page.rows)]
        numbers = {number for column in columns for number in column.note_numbers}
        for column in columns:
            carried = list(_note_lines(column.carried, page.number, numbers))
            may_carry = bool(end_of_notes) and not lines[end_of_notes - 1].is_terminated
            if may_carry:
                lines[end_of_notes:end_of_notes] = [replace(line, gap=0) for line in carried]
            else:
                column = replace(column, text=(*column.text, *column.carried))
            lines.extend(_text_lines(column.text, page.number, numbers, setting))
            if column.notes:
                lines.extend(_note_lines(column.notes, page.number, numbers))
                end_of_notes = len(lines)
    return PageLines(tuple(lines), footers)


def _take_footers(pages: Iterable[Page]) -> tuple[list[Page], tuple[Footer, ...]]:
    """Take off what is known to be furniture by its words."""
    bare_pages: list[Page] = []
    footers: list[Footer] = []
    for page in pages:
        kept: list[Row] = []
        after_footer = False
        for row in page.rows:
            footer = parse_footer(row.text)
            unit = parse_footer_unit(row.text) if after_footer else None
            if footer:
                footers.append(footer)
                after_footer = True
            elif unit:
                language = unit.language or footers[-1].language
                footers[-1] = replace(footers[-1], language=language)
            elif is_stamp(row.text) or not row.text:
                continue
            else:
                kept.append(row)
                after_footer = False
        bare_pages.append(replace(page, rows=tuple(kept)))
    return bare_pages, tuple(footers)


def _without_repeated(pages: Sequence[Page], setting: _Setting) -> list[Page]:
    """Take off running heads and feet: the same words but for digits, at the same height.

    They stand on three pages or both of two, outside everything else and with a gap. The first
    ANNEX of many is kept, and so is a heading that counts on ("Article 3").
    """
    places: dict[tuple[bool, tuple[str, ...]], list[_Place]] = {}
    for index, page in enumerate(pages):
        for place in chain(*_edges(index, page)):
            key = (place.is_top, tuple(sorted(_DIGITS.sub("#", place.row.text).split())))
            places.setdefault(key, []).append(place)
    repeated = {
        place
        for found in places.values()
        for same in _same_height(found)
        if _is_running(same, len(pages), setting)
        for place in same
    }
    texts_kept: set[str] = set()
    return [
        replace(page, rows=tuple(_without_running(index, page, repeated, setting, texts_kept)))
        for index, page in enumerate(pages)
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands: on which page, and how far from its upper or lower edge."""

    page: int
    is_top: bool
    distance: float
    row: Row


def _edges(index: int, page: Page) -> tuple[list[_Place], list[_Place]]:
    """Return the places at the upper and at the lower edge of a page, from there inwards.

    One more row is looked at than can run, for the gap before it.
    """
    rows = sorted(page.rows, key=lambda row: -row.baseline)
    upper = rows[: EDGE_ROWS + 1]
    lower = rows[: -EDGE_ROWS - 2 : -1]
    return (
        [_Place(index, True, page.top - row.baseline, row) for row in upper],
        [_Place(index, False, row.baseline - page.bottom, row) for row in lower],
    )


def _same_height(places: Iterable[_Place]) -> Iterator[list[_Place]]:
    """Yield the places at one distance from the edge."""
    group: list[_Place] = []
    for place in sorted(places, key=lambda place: place.distance):
        if group and place.distance - group[-1].distance > SAME_HEIGHT:
            yield group
            group = []
        group.append(place)
    yield group


def _is_running(places: Sequence[_Place], n_pages: int, setting: _Setting) -> bool:
    on_pages = len({place.page for place in places})
    if on_pages < max(2, min(MIN_REPEATED_PAGES, n_pages)):
        return False
    is_counted = len({place.row.text for place in places}) > 1
    is_prominent = any(place.row.is_bold or place.row.size > setting.size for place in places)
    return not (is_counted and is_prominent)


def _without_running(
    index: int, page: Page, repeated: set[_Place], setting: _Setting, texts_kept: set[str]
) -> Iterator[Row]:
    """Yield the rows of a page but for its running head and foot."""
    words = load_council_words()
    running = {row for edge in _edges(index, page) for row in _outside(edge, repeated, setting)}
    for row in page.rows:
        is_first_annex = is_annex_word(row.text, words) and row.text not in texts_kept
        if row not in running or is_first_annex:
            texts_kept.add(row.text)
            yield row


def _outside(edge: Sequence[_Place], repeated: set[_Place], setting: _Setting) -> Iterator[Row]:
    """Yield the rows from the edge inwards that run, up to the last gap."""
    running = list(
        takewhile(lambda place: place in repeated or place.row.text == str(place.page + 1), edge)
    )[:EDGE_ROWS]
    while running and not (
        len(running) == len(edge) or setting.separates(running[-1].row, edge[len(running)].row)
    ):
        running.pop()
    for place in running:
        yield place.row


@dataclass(frozen=True, slots=True)
class _Setting:
    """How the text is set: its size, its line distance in sizes, and whether bold type is rare."""

    size: float
    leading: float
    bold_is_rare: bool

    def separates(self, row: Row, following: Row) -> bool:
        """Whether the distance between two rows of a column is that between paragraphs."""
        distance = abs(row.baseline - following.baseline)
        return distance > PARAGRAPH_GAP * self.leading * max(row.size, following.size)


def _measure(pages: Sequence[Page]) -> _Setting:
    rows = [row for page in pages for row in page.rows]
    size = _body_size(rows)
    distances: list[float] = []
    run_on_distances: list[float] = []
    for page in pages:
        for row, following in pairwise(page.rows):
            if following.begins_column or not row.size == following.size == size:
                continue
            distances.append((row.baseline - following.baseline) / size)
            if _runs_on(row, following):
                run_on_distances.append(distances[-1])
    bold = sum(len(row.text) for row in rows if row.is_bold)
    return _Setting(
        size=size,
        leading=_leading(distances, run_on_distances),
        bold_is_rare=bold <= MAX_BOLD_FRACTION * sum(len(row.text) for row in rows),
    )


def _runs_on(row: Row, following: Row) -> bool:
    line, next_line = Line(row.text, 0, None), Line(following.text, 0, None)
    return next_line.starts_lower and not next_line.list_mark and not line.is_terminated


def _leading(distances: Sequence[float], run_on_distances: Sequence[float]) -> float:
    if len(run_on_distances) >= MIN_RUN_ON_ROWS:
        return median(run_on_distances)
    if len(distances) >= 2:
        return min(quantiles(distances, n=4, method="inclusive")[0], MAX_LEADING)
    return min(min(distances, default=0) or 1.2, MAX_LEADING)


def _body_size(rows: Iterable[Row]) -> float:
    sizes: Counter[float] = Counter()
    for row in rows:
        sizes[row.size] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _columns(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    column: list[Row] = []
    for row in rows:
        if row.begins_column and column:
            yield tuple(column)
            column = []
        column.append(row)
    if column:
        yield tuple(column)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column's text, its footnotes, and small rows between that may end an earlier footnote."""

    text: tuple[Row, ...]
    carried: tuple[Row, ...]
    notes: tuple[Row, ...]
    note_numbers: frozenset[str]

    @classmethod
    def of(cls, rows: tuple[Row, ...], page_rows: Sequence[Row], setting: _Setting) -> _Column:
        """Tell footnotes by smaller type at the foot that begins with a mark."""
        largest = NOTE_SIZE * setting.size
        first_small = len(rows)
        while first_small and rows[first_small - 1].size <= largest:
            first_small -= 1
        marked = _marks_in(row for row in page_rows if row.size > largest)
        starts = [
            index
            for index in range(first_small, len(rows))
            if _note_number(rows[index], marked) is not None
        ]
        first = starts[0] if starts else len(rows)
        numbers = (_note_number(rows[index], marked) for index in starts)
        return cls(
            text=rows[:first_small],
            carried=rows[first_small:first],
            notes=rows[first:],
            note_numbers=frozenset(number for number in numbers if number),
        )


def _marks_in(rows: Iterable[Row]) -> set[str]:
    return {
        number
        for row in rows
        for match in _MARK.finditer(row.text)
        for number in _numbers(match["mark"])
    }


def _numbers(mark: str) -> list[str]:
    return re.findall(r"\d+|\*+", mark.translate(_DIGIT_OF))


def _note_number(row: Row, marked: set[str]) -> str | None:
    """Return the number of the footnote that a row begins, None where it begins none.

    A number that is not raised counts if the page's text has the same one raised.
    """
    match = _NOTE_START.match(row.text)
    if not match:
        return None
    numbers = _numbers(match["raised"] or match["level"])
    return numbers[0] if numbers and (match["raised"] or numbers[0] in marked) else None


def _note_lines(rows: Sequence[Row], page: int, numbers: set[str]) -> Iterator[Line]:
    """Yield footnotes without their marks; each begins with a gap."""
    for row in rows:
        number = _note_number(row, numbers)
        text = row.text if number is None else _NOTE_START.sub("", row.text, count=1)
        text = _without_marks(text, numbers)
        if text:
            name = "" if number is None else _note_name(page, number)
            yield Line(text, int(bool(name)), page, role="footnote", note=name)


def _note_name(page: int, number: str) -> str:
    """Return what a footnote is known by; another page may have one of the same number."""
    return f"{page}:{number}"


def _ends_paragraph(row: Row, following: Row, setting: _Setting) -> bool:
    """Whether a gap parts two rows, or one goes over both columns and the other does not."""
    return (row.column == 0) != (following.column == 0) or setting.separates(row, following)


def _text_lines(
    rows: Sequence[Row], page: int, numbers: set[str], setting: _Setting
) -> Iterator[Line]:
    """Yield a column's lines; the first one's gap is not known."""
    lines = []
    for index, row in enumerate(rows):
        gap = int(index > 0 and _ends_paragraph(rows[index - 1], row, setting))
        text = _without_marks(row.text, numbers)
        refers = tuple(_note_name(page, number) for number in _marks_in([row]) & numbers)
        lines.append(Line(text, gap, page, begins_page=index == 0, refers=refers))
    headings = _heading_indices(rows, lines) if setting.bold_is_rare else set()
    for index, line in enumerate(lines):
        if line.text:
            yield replace(line, role="heading") if index in headings else line


def _heading_indices(rows: Sequence[Row], lines: Sequence[Line]) -> set[int]:
    """Return the rows that are surely headings: bold, short, unfinished, gaps around them."""
    words = load_council_words()
    indices: set[int] = set()
    for is_bold, group in groupby(range(len(rows)), key=lambda index: rows[index].is_bold):
        for paragraph in _split_at_gaps(list(group), lines):
            first, after = paragraph[0], paragraph[-1] + 1
            text = " ".join(lines[index].text for index in paragraph)
            whole = Line(text, 0, None)
            if (
                is_bold
                and after < len(rows)
                and (first == 0 or lines[first].gap)
                and (lines[after].gap or number_mark(0, lines[after].text))
                and len(paragraph) <= MAX_HEADING_LINES
                and len(text.split()) <= MAX_HEADING_WORDS
                and text
                and not (whole.is_terminated or whole.starts_lower or whole.list_mark)
                and not is_annex_word(text, words)
            ):
                indices.update(paragraph)
    return indices


def _split_at_gaps(indices: Sequence[int], lines: Sequence[Line]) -> Iterator[list[int]]:
    paragraph: list[int] = []
    for index in indices:
        if paragraph and lines[index].gap:
            yield paragraph
            paragraph = []
        paragraph.append(index)
    yield paragraph


def _without_marks(text: str, numbers: set[str]) -> str:
    r"""Take footnote marks out of a text; a power keeps its number as a superscript.

    Args:
        text: A row's text, raised numbers between marks.
        numbers: The numbers of the page's footnotes.

    >>> _without_marks("the plan\ue0001\ue001, on 5 km\ue0002\ue001", {"1"})
    'the plan, on 5 km²'
    """

    def replacement(match: re.Match[str]) -> str:
        mark = match["mark"]
        is_known = not numbers.isdisjoint(_numbers(mark))
        before = text[: match.start()]
        is_power = bool(_BEFORE_POWER.search(before)) or mark.translate(_DIGIT_OF) != mark
        if not is_known and is_power:
            kept = mark.translate(_SUPERSCRIPT_OF)
            return f"{match['space']}{match['open'] or ''}{kept}{match['close']}"
        follows_on = match["next"].isalnum() or match["next"] in ("(", MARK_START)
        return match["space"] if follows_on else ""

    return _MARK.sub(replacement, text).strip()
