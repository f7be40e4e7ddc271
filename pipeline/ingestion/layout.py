"""Council layout: printed lines → cover, title, headings and paragraphs with their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise, zip_longest

from pipeline.ingestion.council_words import CouncilWords, bare
from pipeline.ingestion.cover import cover_end, cover_paragraphs, is_annex_word
from pipeline.ingestion.lead_ins import LeadIns
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

_SUBJECT_PARTS = re.compile(r":\s|\s[-–—]\s")


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
    """Lines that belong together, with the number taken off the first.

    ``end`` is the index after its last line in the document, ``mark`` what makes it a list item.
    """

    lines: tuple[Line, ...]
    number: str = ""
    end: int = 0
    mark: str = ""

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
            and not self.lines[-1].text.endswith(",")
            and not self.mark
            and not first.starts_lower
            and len(self.lines) <= MAX_HEADING_LINES
            and sum(len(line.text.split()) for line in self.lines) <= MAX_HEADING_WORDS
        )


def parse_layout(lines: Sequence[Line], words: CouncilWords, language: str) -> Layout:
    """Return the blocks of a document, furniture being off already.

    Args:
        lines: The printed lines, in reading order.
        words: Words that cover pages and annexes are known by.
        language: For the words beside which a hyphen at a line end stays.
    """
    lines, notes = _set_notes_apart(lines)
    first = cover_end(lines, words)
    wrapping = measure_wrapping(lines[first:])
    hyphens = HyphenJoiner(lines, words.hyphen_rules_by_language[language])
    marks = _find_marks(lines, first, wrapping, words)
    builder = _BlockBuilder(notes, hyphens)
    for start, end in cover_paragraphs(lines[:first], words, wrapping):
        builder.add(_Paragraph(tuple(lines[start:end]), end=end), "cover")
    title_end = _title_end(lines, first, builder.texts)
    body = list(_body_paragraphs(lines, first, title_end, marks, wrapping, words))
    pairs = zip_longest(body, body[1:])
    for (paragraph, following), kind in zip(pairs, _kinds(body, words), strict=True):
        begins_anew = following is not None and following.number == "1"
        builder.add(paragraph, kind, ends_numbers=begins_anew and not paragraph.number)
    return builder.layout()


@dataclass(frozen=True, slots=True)
class _Note:
    """A footnote, and the number of the text's lines after which it belongs."""

    lines: tuple[Line, ...]
    anchor: int


def _set_notes_apart(lines: Sequence[Line]) -> tuple[list[Line], list[_Note]]:
    """Take footnotes out of the text, whose paragraphs run on past them.

    Each is anchored to the line that refers to it, or to where it was printed.
    """
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
    anchored = [replace(note, anchor=_anchor(note, text)) for note in notes]
    return text, sorted(anchored, key=lambda note: note.anchor)


def _anchor(note: _Note, text: Sequence[Line]) -> int:
    """Return the index after the line nearest above, else below, that refers to a footnote."""
    name = note.lines[0].note
    if not name:
        return note.anchor
    nearest = chain(range(note.anchor - 1, -1, -1), range(note.anchor, len(text)))
    return next((i + 1 for i in nearest if name in text[i].refers), note.anchor)


@dataclass(frozen=True, slots=True)
class _Marks:
    """Numbers by the lines that they begin: those of paragraphs, and those of lists in them."""

    paragraphs: dict[int, NumberMark]
    items: dict[int, NumberMark]


def _find_marks(
    lines: Sequence[Line], first: int, wrapping: Wrapping, words: CouncilWords
) -> _Marks:
    """Tell the numbers of paragraphs, in each annex anew, from those of lists within one."""
    paragraphs: dict[int, NumberMark] = {}
    items: dict[int, NumberMark] = {}
    annexes = [i for i in range(first, len(lines)) if is_annex_word(lines[i].text, words)]
    for start, end in pairwise([first, *annexes, len(lines)]):
        found = (number_mark(index, lines[index].text) for index in range(start, end))
        marks = [mark for mark in found if mark]
        is_weak = [_is_weak(mark, lines, first, wrapping) for mark in marks]
        chosen = paragraph_marks(marks, is_weak)
        paragraphs |= chosen
        left = [
            mark
            for mark, weak in zip(marks, is_weak, strict=True)
            if mark.line not in chosen and not weak
        ]
        listed = paragraph_marks(left, [False] * len(left))
        items |= listed if len(listed) > 1 else {}
    return _Marks(paragraphs, items)


def _is_weak(mark: NumberMark, lines: Sequence[Line], first: int, wrapping: Wrapping) -> bool:
    """Whether a mark stands inside an unfinished sentence ("20. / Juni") or before lower case."""
    rest = lines[mark.line].text[mark.text_start :]
    if mark.line == first:
        return rest[:1].islower()
    before = lines[mark.line - 1]
    if rest[:1].islower() and not before.is_terminated:
        return True
    return (
        not before.is_terminated
        and wrapping.is_wrapped
        and runs_on(before, lines[mark.line], wrapping)
    )


def _title_end(lines: Sequence[Line], first: int, cover: Sequence[str]) -> int:
    """Return the line after a title that repeats the cover's subject; ``first`` where none does.

    A title may fill its last line, so that the heading below it would look like its next one.
    """
    subjects = {bare(part) for text in cover for part in _SUBJECT_PARTS.split(text)} - {""}
    for end in range(first + 1, min(first + MAX_HEADING_LINES, len(lines)) + 1):
        if bare(" ".join(line.text for line in lines[first:end])) in subjects:
            return end
    return first


def _body_paragraphs(
    lines: Sequence[Line],
    first: int,
    title_end: int,
    marks: _Marks,
    wrapping: Wrapping,
    words: CouncilWords,
) -> Iterator[_Paragraph]:
    """Yield the paragraphs after the cover, cut at numbers, annexes, and lines not run on."""
    begins = {
        index
        for index in range(first, len(lines))
        if index in (first, title_end)
        or index in marks.paragraphs
        or index in marks.items
        or _stands_alone(lines[index].text, words)
        or _stands_alone(lines[index - 1].text, words)
        or not (
            _is_lone_number(marks.paragraphs.get(index - 1), lines)
            or runs_on(lines[index - 1], lines[index], wrapping)
        )
    }
    begins |= set(_headings_before_numbers(lines, first, marks.paragraphs, begins))
    starts = sorted(begins)
    for start, end in pairwise([*starts, len(lines)]):
        if start in marks.items:
            mark = lines[start].text[: marks.items[start].text_start].strip()
            yield _Paragraph(tuple(lines[start:end]), end=end, mark=mark)
        else:
            yield _without_mark(lines[start:end], marks.paragraphs.get(start), end)


def _stands_alone(text: str, words: CouncilWords) -> bool:
    """Whether a line is a paragraph whatever its neighbours: ANNEX, or THE COUNCIL OF …, alone."""
    return is_annex_word(text, words) or words.is_institution(text, after=" ,:")


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
            and (start == marked or start not in begins)
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
        return _Paragraph(tuple(lines), end=end, mark=lines[0].list_mark)
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
        elif (
            paragraph.may_be_heading
            and following is not None
            and not _leads_in(paragraph, following)
        ):
            title_may_follow = False
            yield "heading"
        else:
            title_may_follow = False
            yield "sentence"


def _leads_in(paragraph: _Paragraph, following: _Paragraph) -> bool:
    """Whether an unfinished paragraph is a clause that a list completes: "RECALLING that"."""
    first = paragraph.lines[0]
    is_clause = first.role is None and first.opens_clause and not first.text.isupper()
    return is_clause and bool(following.mark)


def _is_title(paragraph: _Paragraph, following: _Paragraph | None) -> bool:
    """Whether the first unfinished paragraph names the document, not just its first section."""
    words = sum(len(line.text.split()) for line in paragraph.lines)
    is_stated = paragraph.lines[0].role == "title"
    return is_stated or words >= 4 or (following is not None and following.may_be_heading)


class _BlockBuilder:
    """Writes paragraphs into one text and keeps where each stands, its section and its number.

    A footnote follows the paragraph that refers to it, else the one in which it was printed.
    """

    def __init__(self, notes: Sequence[_Note], hyphens: HyphenJoiner) -> None:
        self.texts: list[str] = []
        self._notes = list(notes)
        self._hyphens = hyphens
        self._blocks: list[Block] = []
        self._end = 0
        self._section = ""
        self._number = ""
        self._lead_ins = LeadIns()

    def add(self, paragraph: _Paragraph, kind: Kind, *, ends_numbers: bool = False) -> None:
        """Append a paragraph; one without a number belongs to the numbered one above it.

        ``ends_numbers``: it belongs to none, as "INVITES the Commission to:" before a new 1.
        """
        if paragraph.number:
            self._number = paragraph.number
        elif kind == "heading" or ends_numbers:
            self._number = ""
        if kind in ("cover", "title"):
            self._section = self._number = ""
        self._append(paragraph.lines, kind, paragraph.mark)
        if kind == "heading":
            self._section = self.texts[-1]
        while self._notes and self._notes[0].anchor <= paragraph.end:
            self._append(self._notes.pop(0).lines, "footnote")

    def layout(self) -> Layout:
        """Return everything added so far."""
        return Layout("\n".join(self.texts), tuple(self._blocks))

    def _append(self, lines: Sequence[Line], kind: Kind, mark: str = "") -> None:
        text = join_lines(lines, self._hyphens)
        is_note = kind == "footnote"
        lead_in = None if is_note else self._lead_ins.follow(self._end, text, mark, kind)
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
