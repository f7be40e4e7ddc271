"""Footnotes of plain text, where neither type nor position tells them: by their marks.

A footnote stands at the end of a page, or of the text, and begins with the number that a word of
the same page has glued to it ("terrorism1,") or behind it in brackets ("firearms (1);").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.ingestion.lines import Line

MAX_NOTE_LINES = 20
"""Footnotes at the end of a page take up at most so many lines, those of a whole text more."""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_NOTE_START = re.compile(
    r"\((?P<bracketed>\d{1,3})\)\s*(?=\S)"
    r"|(?P<plain>\d{1,3}|[⁰¹²³⁴-⁹]{1,3})(?:\s*(?=[^\W\d_]|[\"“„«])|\s+(?=\d{4,5}/\d))"
)
_BRACKETED = re.compile(r"\s?\((?P<number>\d{1,3})\)(?=[\s.,;:]|$)")
_GLUED = re.compile(
    r"(?<=[^\W\d_A-ZΑ-ΩА-Я][,.;:”\"»)])(?P<after>\d{1,3})(?=\s|$)"
    r"|(?<=[^\W\d_][^\W\d_A-ZΑ-ΩА-Я])(?P<number>\d{1,3})(?=[\s.,;:)]|$)"
    r"|(?<=\b(?:19|20)\d\d)(?P<year>\d{1,2})(?=[\s.,;:)]|$)"
    r"|(?P<raised>[⁰¹²³⁴-⁹]{1,3})"
)
"""After two letters, the last in lower case (not CO2), after a mark behind such, after a year."""


@dataclass(frozen=True, slots=True)
class _Note:
    """The first line of a footnote, its number, and whether that stands in brackets."""

    line: int
    number: str
    is_bracketed: bool
    text_start: int
    name: str


def tell_footnotes(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with the role of footnotes given to them, and without their marks."""
    told: list[Line] = []
    for start, end in _pages(lines):
        page = list(lines[start:end])
        notes = _notes_at_end(page, MAX_NOTE_LINES)
        if not notes and end == len(lines):
            notes = _notes_at_end([*told, *page], len(lines))
            page, told = ([*told, *page], []) if notes else (page, told)
        told.extend(_without_marks(page, notes))
    return told


def _pages(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    starts = [index for index, line in enumerate(lines) if line.begins_page and index]
    yield from pairwise([0, *starts, len(lines)])


def _notes_at_end(lines: Sequence[Line], max_lines: int) -> list[_Note]:
    """Return the footnotes at the end of a page: 1, 2, 3 in a row, each with its mark above."""
    first = max(0, len(lines) - max_lines)
    candidates = [note for i in range(first, len(lines)) if (note := _note_at(i, lines[i]))]
    if not candidates:
        return []
    first_line_by_mark = _first_lines(lines)
    notes: list[_Note] = []
    for note in reversed(candidates):
        if first_line_by_mark.get((note.is_bracketed, note.number), note.line) >= note.line:
            continue
        if notes and int(note.number) != int(notes[0].number) - 1:
            break
        notes.insert(0, note)
    return notes


def _note_at(index: int, line: Line) -> _Note | None:
    """Return the footnote that a line begins, provided that its mark is found above it."""
    match = _NOTE_START.match(line.text)
    if match is None:
        return None
    number = (match["bracketed"] or match["plain"]).translate(_SUPERSCRIPTS)
    name = f"{line.page}:{index}:{number}"  # another page may have one of this number
    return _Note(index, number, bool(match["bracketed"]), match.end(), name)


def _first_lines(lines: Sequence[Line]) -> dict[tuple[bool, str], int]:
    """Return the first line that has each mark, by whether it is in brackets, and its number."""
    found: dict[tuple[bool, str], int] = {}
    for index, line in enumerate(lines):
        for is_bracketed, pattern in ((True, _BRACKETED), (False, _GLUED)):
            for match in pattern.finditer(line.text):
                if match.start():
                    found.setdefault((is_bracketed, _number(match)), index)
    return found


def _mark_of(note: _Note, text: str) -> re.Match[str] | None:
    """Return the mark of a footnote in a line of text; one that the line begins with is none."""
    pattern = _BRACKETED if note.is_bracketed else _GLUED
    return next(
        (
            match
            for match in pattern.finditer(text)
            if match.start() and _number(match) == note.number
        ),
        None,
    )


def _number(match: re.Match[str]) -> str:
    found = next(group for group in match.groups() if group)
    return found.translate(_SUPERSCRIPTS)


def _without_marks(lines: list[Line], notes: Sequence[_Note]) -> Iterator[Line]:
    """Yield the lines, each footnote's first mark taken out and the footnote known for one."""
    if not notes:
        yield from lines
        return
    wanted = list(notes)
    for line in lines[: notes[0].line]:
        text, refers = line.text, []
        for note in list(wanted):
            if match := _mark_of(note, text):
                text = text[: match.start()] + text[match.end() :]
                refers.append(note.name)
                wanted.remove(note)
        yield replace(line, text=text, refers=(*line.refers, *refers))
    note_by_line = {note.line: note for note in notes}
    for index in range(notes[0].line, len(lines)):
        line = lines[index]
        begun = note_by_line.get(index)
        text = line.text[begun.text_start :] if begun else line.text
        name = begun.name if begun else ""
        yield replace(line, text=text, gap=1 if begun else 0, role="footnote", note=name)
