"""Council layout: printed lines → cover, title, headings and paragraphs with their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.ingestion.council_words import CouncilWords
from pipeline.ingestion.lines import (
    HyphenJoiner,
    Line,
    Wrapping,
    join_lines,
    measure_wrapping,
    runs_on,
)
from pipeline.ingestion.numbering import NumberMark, number_mark, paragraph_marks
from pipeline.records import Block, Kind

MAX_HEADING_LINES = 5
MAX_HEADING_WORDS = 40
MAX_COVER_LINES = 60
"""A cover page without an annex after it ends within so many lines."""

_REGISTER_NUMBER = re.compile(r"^\d{4,5}(?:/\d+)?/\d{2}(?:\s+(?:REV|ADD|COR)\s?\d+)*$")
_SUBJECT_CODES = re.compile(r"^(?:[A-Z][A-Z/.]{1,14} \d{1,4}\b\s*)+$")
_ORIGINAL_LANGUAGE = re.compile(r"^(?:\(\d\d\.\d\d\) )?\(OR\. ?[a-z/]+\)$", re.IGNORECASE)
_PLACE_AND_DATE = re.compile(r"^[^\W\d_]+(?:,| )[^.;:]{0,20}\d{1,2}\b[^.;:]{0,20}\d{4}[^;:]{0,18}$")
_SUBJECT_PARTS = re.compile(r":\s|\s[-–—]\s")
_ANNEX_NUMBER = re.compile(
    r"^(.*?)(?:\s+(?:[IVX]{1,4}|\d{1,2}|[A-Z]))?(?:\s+(?:TO|BIJ|AU|ZUR|ZU)\b.*)?$"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A document's text, one block a line, and its blocks; see ``records.Document``."""

    text: str
    blocks: tuple[Block, ...]

    @property
    def title(self) -> str:
        """The text of the first title, or nothing."""
        titles = (block for block in self.blocks if block.kind == "title")
        return next((self.text[block.start : block.end] for block in titles), "")

    @property
    def cover(self) -> tuple[str, ...]:
        """The texts of the cover's blocks."""
        return tuple(
            self.text[block.start : block.end] for block in self.blocks if block.kind == "cover"
        )


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Lines that belong together, with the number taken off the first."""

    lines: tuple[Line, ...]
    number: str = ""
    end: int = 0
    """The index after its last line in the document."""

    @property
    def is_terminated(self) -> bool:
        return self.lines[-1].is_terminated

    @property
    def may_be_heading(self) -> bool:
        """Whether the format says so, or it is short, unfinished, no item and not lower case."""
        first = self.lines[0]
        if first.role is not None:
            return first.role in ("heading", "title")
        return (
            not self.is_terminated
            and not first.list_mark
            and not first.starts_lower
            and len(self.lines) <= MAX_HEADING_LINES
            and sum(len(line.text.split()) for line in self.lines) <= MAX_HEADING_WORDS
        )


def parse_layout(lines: Sequence[Line], words: CouncilWords, language: str) -> Layout:
    """Return the blocks of a document, furniture being off already.

    Args:
        lines: The printed lines, in reading order.
        words: Words that cover pages and annexes are known by.
        language: For the conjunctions before which a hyphen at a line end stays.
    """
    lines, notes = _set_notes_apart(lines)
    cover_end = _cover_end(lines, words)
    wrapping = measure_wrapping(lines[cover_end:])
    hyphens = HyphenJoiner(lines, words.conjunctions_by_language[language])
    marks = _paragraph_marks(lines, cover_end, wrapping)
    builder = _BlockBuilder(notes, hyphens)
    for paragraph in _cover_paragraphs(lines[:cover_end], words, wrapping):
        builder.add(paragraph, "cover")
    title_end = _title_end(lines, cover_end, builder.texts)
    body = list(_body_paragraphs(lines, cover_end, title_end, marks, wrapping, words))
    for paragraph, kind in zip(body, _kinds(body, words), strict=True):
        builder.add(paragraph, kind)
    return builder.layout()


@dataclass(frozen=True, slots=True)
class _Note:
    """A footnote, and how many lines of the text stand before it."""

    lines: tuple[Line, ...]
    anchor: int


def _set_notes_apart(lines: Sequence[Line]) -> tuple[list[Line], list[_Note]]:
    """Take footnotes out of the text, whose paragraphs run on past them."""
    text: list[Line] = []
    notes: list[_Note] = []
    previous: Line | None = None
    for line in lines:
        if line.role != "footnote":
            text.append(line)
        elif previous is not None and previous.role == "footnote" and not line.gap:
            notes[-1] = _Note((*notes[-1].lines, line), notes[-1].anchor)
        else:
            notes.append(_Note((line,), len(text)))
        previous = line
    return text, notes


def is_annex_word(text: str, words: CouncilWords) -> bool:
    """Whether a line is the word ANNEX, in any language, with at most a number after it.

    >>> from pipeline.ingestion.council_words import load_council_words
    >>> is_annex_word("BIJLAGE II", load_council_words())
    True
    """
    bare = _ANNEX_NUMBER.match(text)
    return bare is not None and text[:1].isupper() and bare.group(1).lower() in words.annex


def _cover_end(lines: Sequence[Line], words: CouncilWords) -> int:
    """Return the index of the first line after the cover page, 0 where there is none.

    The cover ends with the first word ANNEX, provided no paragraph 1 and 2 stand before it;
    without an annex it ends with the last line that only a cover has.
    """
    for index, line in enumerate(lines):
        if is_annex_word(line.text, words):
            numbers = [mark.number for mark in _marks(lines[:index])]
            is_after_body = any(pair == (1, 2) for pair in pairwise(numbers))
            return 0 if is_after_body else index + 1
    end = 0
    for index, line in enumerate(lines[:MAX_COVER_LINES]):
        if number_mark(index, line.text):
            break
        if is_cover_line(line.text, words):
            end = index + 1
    return end


def is_cover_line(text: str, words: CouncilWords) -> bool:
    """Whether only the cover page of a Council document has such a line."""
    label, colon, _ = text.partition(":")
    return (
        (bool(colon) and label.strip().lower() in words.fields)
        or text.lower().rstrip(" .") in words.council
        or (text[0].isupper() and bool(_PLACE_AND_DATE.match(text)))
        or any(
            pattern.match(text)
            for pattern in (_REGISTER_NUMBER, _SUBJECT_CODES, _ORIGINAL_LANGUAGE)
        )
    )


def _cover_paragraphs(
    lines: Sequence[Line], words: CouncilWords, wrapping: Wrapping
) -> Iterator[_Paragraph]:
    """Yield the cover's fields and sentences; a field that wraps runs on in lower case."""
    group: list[Line] = []
    for index, line in enumerate(lines):
        begins = (
            is_cover_line(line.text, words)
            or is_annex_word(line.text, words)
            or (bool(group) and _ends_cover_paragraph(group[-1], line, words, wrapping))
        )
        if group and begins:
            yield _Paragraph(tuple(group), end=index)
            group = []
        group.append(line)
    if group:
        yield _Paragraph(tuple(group), end=len(lines))


def _ends_cover_paragraph(
    line: Line, following: Line, words: CouncilWords, wrapping: Wrapping
) -> bool:
    if is_annex_word(line.text, words):
        return True
    both = f"{line.text} {following.text}".lower()
    if following.starts_lower or both in words.council:  # the institution stands on two lines
        return False
    if line.text.endswith(":"):  # a label whose value stands on the next line
        return False
    return not runs_on(line, following, wrapping)


def _marks(lines: Sequence[Line]) -> list[NumberMark]:
    found = (number_mark(index, line.text) for index, line in enumerate(lines))
    return [mark for mark in found if mark]


def _paragraph_marks(
    lines: Sequence[Line], first: int, wrapping: Wrapping
) -> dict[int, NumberMark]:
    marks = [mark for mark in _marks(lines) if mark.line >= first]
    is_weak = [_is_weak(mark, lines, first, wrapping) for mark in marks]
    return paragraph_marks(marks, is_weak)


def _is_weak(mark: NumberMark, lines: Sequence[Line], first: int, wrapping: Wrapping) -> bool:
    """Whether a mark stands inside an unfinished sentence ("20. / Juni") or before lower case."""
    rest = lines[mark.line].text[mark.text_start :]
    if rest[:1].islower():
        return True
    if mark.line == first:
        return False
    before = lines[mark.line - 1]
    return (
        not before.is_terminated
        and wrapping.is_wrapped
        and runs_on(before, lines[mark.line], wrapping)
    )


def _title_end(lines: Sequence[Line], first: int, cover: Sequence[str]) -> int:
    """Return the line after a title that repeats the cover's subject; ``first`` where none does.

    A title may fill its last line, so that the heading below it would look like its next one.
    """
    subjects = {_bare(part) for text in cover for part in _SUBJECT_PARTS.split(text)} - {""}
    for end in range(first + 1, min(first + MAX_HEADING_LINES, len(lines)) + 1):
        if _bare(" ".join(line.text for line in lines[first:end])) in subjects:
            return end
    return first


def _bare(text: str) -> str:
    """Return the letters and digits of a text, to compare texts that are set differently."""
    return "".join(filter(str.isalnum, text.casefold()))


def _body_paragraphs(
    lines: Sequence[Line],
    first: int,
    title_end: int,
    marks: dict[int, NumberMark],
    wrapping: Wrapping,
    words: CouncilWords,
) -> Iterator[_Paragraph]:
    """Yield the paragraphs after the cover, cut at numbers, annexes, and lines not run on."""
    begins = {
        index
        for index in range(first, len(lines))
        if index in (first, title_end)
        or index in marks
        or is_annex_word(lines[index].text, words)
        or is_annex_word(lines[index - 1].text, words)
        or not (
            _is_lone_number(marks.get(index - 1), lines)
            or runs_on(lines[index - 1], lines[index], wrapping)
        )
    }
    begins |= set(_headings_before_numbers(lines, first, marks, begins))
    starts = sorted(begins)
    for start, end in pairwise([*starts, len(lines)]):
        yield _without_mark(lines[start:end], marks.get(start), end)


def _is_lone_number(mark: NumberMark | None, lines: Sequence[Line]) -> bool:
    """Whether a paragraph's number stands alone on its line."""
    return mark is not None and mark.text_start >= len(lines[mark.line].text)


def _headings_before_numbers(
    lines: Sequence[Line], first: int, marks: dict[int, NumberMark], begins: set[int]
) -> Iterator[int]:
    """Yield lines where a heading begins that the wrapping alone does not show.

    A heading stands between a line that ends a sentence and a numbered paragraph, and does not
    end like a sentence itself; the line before it may by chance be a full one.
    """
    for marked in marks:
        start = marked
        while (
            start > first
            and start not in begins - {marked}
            and marked - start < MAX_HEADING_LINES
            and not lines[start - 1].is_terminated
        ):
            start -= 1
        at_sentence_end = start > first and lines[start - 1].is_terminated
        if start < marked and at_sentence_end and not lines[start].starts_lower:
            yield start


def _without_mark(lines: Sequence[Line], mark: NumberMark | None, end: int) -> _Paragraph:
    """Return lines as a paragraph, its number taken off; a lone number stays, to lose nothing."""
    if mark is None:
        return _Paragraph(tuple(lines), end=end)
    rest = lines[0].text[mark.text_start :]
    kept = (*([replace(lines[0], text=rest)] if rest else []), *lines[1:])
    return _Paragraph(kept or tuple(lines), str(mark.number), end)


def _kinds(paragraphs: Sequence[_Paragraph], words: CouncilWords) -> Iterator[Kind]:
    """Yield the kind of each paragraph after the cover.

    The first unfinished one, of the document and of each further annex, is a title if another
    heading or a numbered paragraph follows it or it is long; other unfinished ones are headings.
    """
    title_may_follow = True
    for index, paragraph in enumerate(paragraphs):
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else None
        if is_annex_word(paragraph.lines[0].text, words):
            title_may_follow = True
            yield "cover"
        elif title_may_follow and paragraph.may_be_heading and not paragraph.number:
            title_may_follow = False
            yield "title" if _is_title(paragraph, following) else "heading"
        elif paragraph.may_be_heading and following is not None:
            title_may_follow = False
            yield "heading"
        else:
            title_may_follow = False
            yield "sentence"


def _is_title(paragraph: _Paragraph, following: _Paragraph | None) -> bool:
    """Whether the first unfinished paragraph names the document, not just its first section."""
    words = sum(len(line.text.split()) for line in paragraph.lines)
    is_stated = paragraph.lines[0].role == "title"
    return is_stated or words >= 4 or (following is not None and following.may_be_heading)


class _BlockBuilder:
    """Writes paragraphs into one text and keeps where each stands, its section and its number.

    A footnote follows the paragraph in which, or right after which, it was printed.
    """

    def __init__(self, notes: Sequence[_Note], hyphens: HyphenJoiner) -> None:
        self.texts: list[str] = []
        self._notes = list(notes)
        self._hyphens = hyphens
        self._blocks: list[Block] = []
        self._end = 0
        self._section = ""
        self._number = ""
        self._lead_in: int | None = None

    def add(self, paragraph: _Paragraph, kind: Kind) -> None:
        """Append a paragraph; one without a number belongs to the numbered one above it."""
        if paragraph.number:
            self._number = paragraph.number
        elif kind == "heading":
            self._number = ""
        if kind in ("cover", "title"):
            self._section = self._number = ""
        is_item = kind == "sentence" and bool(paragraph.lines[0].list_mark)
        if not is_item:
            self._lead_in = self._end
        self._append(paragraph.lines, kind, self._lead_in if is_item else None)
        if kind == "heading":
            self._section = self.texts[-1]
        while self._notes and self._notes[0].anchor <= paragraph.end:
            self._append(self._notes.pop(0).lines, "footnote", None)

    def layout(self) -> Layout:
        """Return everything added so far."""
        return Layout("\n".join(self.texts), tuple(self._blocks))

    def _append(self, lines: Sequence[Line], kind: Kind, lead_in: int | None) -> None:
        text = join_lines(lines, self._hyphens)
        self._blocks.append(
            Block(
                start=self._end,
                end=self._end + len(text),
                kind=kind,
                section="" if kind == "heading" else self._section,
                paragraph=self._number,
                page=lines[0].page,
                lead_in=lead_in,
            )
        )
        self.texts.append(text)
        self._end += len(text) + 1
