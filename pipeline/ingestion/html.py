"""HTML → lines: the printed text of a page, with its list marks, paragraph numbers and footnotes.

Read are both looks of EUR-Lex (tables of a number and its text), the Council's pages (without the
site around them), and any page of paragraphs. See ``html_page`` for what is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from lxml.etree import _Element as Element

from pipeline.errors import DocumentError
from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.cover import is_annex_word
from pipeline.ingestion.decoding import clean
from pipeline.ingestion.docx_numbering import format_number
from pipeline.ingestion.extracted import Extracted
from pipeline.ingestion.furniture import Footer, is_stamp, parse_footer, parse_footer_unit
from pipeline.ingestion.html_page import (
    Statements,
    class_names,
    find_content,
    furniture_name,
    is_heading,
    is_left_out,
    is_note,
    is_title,
    printed_texts,
    read_statements,
)
from pipeline.ingestion.html_tree import parse_page
from pipeline.ingestion.language import MIN_WORDS_FOR_CONFLICT, detect_language
from pipeline.ingestion.line_breaks import paragraph_pieces
from pipeline.ingestion.lines import Line, read_lines
from pipeline.ingestion.numbering import number_mark
from pipeline.records import Kind, Remark

MAX_LABEL_WORDS = 5
"""A cell of more words is no label ("No. prev. doc.:"), though it ends in a colon."""
MAX_HEADING_WORDS = 40
"""A longer paragraph in a heading's class is a paragraph all the same."""
MAX_FURNITURE_FRACTION = 0.5
"""What holds more of the text than this is not left out, whatever its class is called."""

_BLOCKS = frozenset(
    (
        *("html", "body", "main", "article", "section", "header", "footer", "div", "p", "h1"),
        *("h2", "h3", "h4", "h5", "h6", "ul", "ol", "menu", "dir", "li", "dl", "dt", "dd"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "blockquote"),
        *("center", "address", "figure", "figcaption", "form", "fieldset", "legend", "details"),
        *("summary", "hgroup", "hr", "aside", "pre", "listing", "txt_te"),
    )
)
_SPACES = re.compile(r"\s+")
_NOTE_MARK = "\0"
"""Stands for a footnote's mark until the paragraph is whole; no clean text holds it."""
_NOTE_MARKS = re.compile(r"\s?[(\[] ?\0 ?[)\]]|\s?\0(?:,? ?\0)*+(?=\s?[.,;:)]|\s?$)|\0(?:,? ?\0)*+")
_PARAGRAPH_END = "\f"
"""Parts the paragraphs while they are cleaned together."""

_MARK_TEXT = re.compile(r"[(\[]?\s*(\d{1,3}|[a-z]|[*†‡]{1,3}|[ivx]{1,5}|[↩↑^]\ufe0e?)\s*[)\]]?\.?")
_NOTE_TARGET = re.compile(
    r"#(?:nt[cr]|_?(?:ftn|edn|fn|footnote|endnote|note)|sdfootnote|ref)", re.I
)
_BACK_LINK = re.compile(r"#(?:ntc|_?(?:ftn|edn|fn|footnote|endnote)-?_?ref|.*ref)", re.I)
_RAISED = frozenset(("super", "note-tag", "FootnoteReference", "MsoFootnoteReference"))
_PRINTED_NOTE_MARK = re.compile(
    r"\s?(?:[(\[] ?(?:\d{1,3}|[a-z]|[*†‡]{1,3}) ?[)\]]|[*†‡]{1,3}|\d{1,3}(?=\s))\s?"
)
_NOTE_MARK_AT_START = re.compile(
    rf"(?:{_NOTE_MARKS.pattern}|{_PRINTED_NOTE_MARK.pattern})[\s.]{{0,3}}"
)
_LONE_MARK = re.compile(
    r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[^\W\d_]|[ivxl]{1,6}|[IVXL]{1,6})[.)]|\(\d{1,3}\)|[-–—•▪◦●■‣·]"
)
"""All that the first cell of a row holds where the table is only there to indent: "12.", "(a)"."""
_UNIT_BEFORE = re.compile(r"(?:\d|\b[kcdm]?m|CO)$")
"""A raised figure after these is a power or part of a formula: m², 10⁶."""

_FORMAT_BY_TYPE = {
    **{"a": "lowerLetter", "lower-alpha": "lowerLetter", "lower-latin": "lowerLetter"},
    **{"A": "upperLetter", "upper-alpha": "upperLetter", "upper-latin": "upperLetter"},
    **{"i": "lowerRoman", "lower-roman": "lowerRoman"},
    **{"I": "upperRoman", "upper-roman": "upperRoman"},
}
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([\w-]+)", re.IGNORECASE)
_INTEGER = re.compile(r"\s*(-?\d{1,6})")
_OJ_NUMBER = re.compile(r"\((?:C/)?\d{4}(?:/C)? ?\d{1,4}(?:/\d{1,4})?\)|\(C/\d{4}/\d{1,5}\)")
"""The Official Journal's own number below a title: "(2022/C 248/09)"."""
_OJ_FOOTER = re.compile(r"ELI: ?https?://\S+|ISSN \d{4}-\d{3}[\dX]\b[^.]*")


def extract_html(content: bytes, language: str | None) -> Extracted:
    """Return the lines of an HTML page; see ``extracted.Extract``.

    Raises:
        DocumentError: ``EMPTY``, ``BAD_FORMAT``, ``ENCODING_UNCERTAIN``, ``LIMIT`` or ``NO_TEXT``.
    """
    root, remarks = parse_page(content, language)
    element = find_content(root)
    statements = read_statements(root, element)
    reader = _PageReader(element)
    paragraphs = list(_with_whole_titles(reader.read()))
    printed, printed_footers, cleaning = _to_lines(paragraphs)
    lines, footers = _without_furniture(printed)
    if not lines:
        raise _no_text()
    stated, conflict = _language(statements, lines)
    return Extracted(
        lines=tuple(lines),
        footers=(*printed_footers, *footers),
        language=stated,
        title=statements.title,
        date=statements.date,
        celex=statements.celex,
        remarks=(*remarks, *cleaning, *reader.remarks(), *conflict),
    )


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph's text, with line breaks where it has any, and what stands before it."""

    text: str
    mark: str = ""
    role: Kind | None = None
    is_preformatted: bool = False
    is_continued: bool = False
    """Whether it goes on with the footnote above it."""
    refers: tuple[str, ...] = ()
    note: str = ""
    """The footnotes that it refers to, and the one that it is, by their marks."""

    @property
    def printed(self) -> str:
        return f"{self.mark} {self.text}" if self.mark else self.text


class _PageReader:
    """Walks through a document and collects its paragraphs."""

    def __init__(self, content: Element) -> None:
        self._content = content
        self._size = 0
        self._paragraphs: list[_Paragraph] = []
        self._pieces: list[str] = []
        self._mark = ""
        self._is_mark_printed = False
        self._role: Kind | None = None
        self._has_title = False
        self._left_out: dict[str, int] = {}
        self._note_targets: frozenset[str] = frozenset()
        self._note_marks: frozenset[str] = frozenset()
        self._refers: list[str] = []

    def read(self) -> list[_Paragraph]:
        """Return the paragraphs of the content in reading order."""
        self._size = sum(map(len, printed_texts(self._content)))
        self._has_title = any(is_title(element) for element in self._content.iter())
        self._note_targets = frozenset(_note_targets(self._content))
        self._note_marks = frozenset(_note_marks(self._content, self._note_targets))
        self._read_element(self._content)
        self._end_paragraph()
        return self._paragraphs

    def remarks(self) -> tuple[Remark, ...]:
        """Return what was left out by its class alone, which a page may use as it likes."""
        if not self._left_out:
            return ()
        words = sum(self._left_out.values())
        names = ", ".join(sorted(self._left_out))
        message = f"{words} words of the web page left out as no part of the text ({names})."
        return (Remark("LEFT_OUT", message),)

    def _read_element(self, element: Element) -> None:
        if is_left_out(element) or self._is_furniture(element):
            return
        tag = element.tag
        if tag == "br":
            self._pieces.append("\n")
        elif self._is_note_mark(element):
            self._pieces.append(_NOTE_MARK)
            self._refers.append(_bare_mark("".join(element.itertext())))
        elif tag not in _BLOCKS:
            self._read_children(element)
        else:
            self._end_paragraph()
            role = self._role
            self._role = self._role_of(element)
            self._read_block(element)
            self._end_paragraph()
            self._role = role

    def _read_children(self, element: Element) -> None:
        self._add(element.text)
        for child in element:
            self._read_element(child)
            self._add(child.tail)

    def _add(self, text: str | None) -> None:
        if text:
            self._pieces.append(_SPACES.sub(" ", text))

    def _read_block(self, element: Element) -> None:
        match element.tag:
            case "pre" | "listing":
                self._read_preformatted(element)
            case "ol" | "ul" | "menu" | "dir":
                self._read_list(element)
            case "tr":
                self._read_row(element)
            case "div" if _is_mark_column(element):
                self._expect("".join(printed_texts(element)).strip(), is_printed=True)
            case _:
                self._read_children(element)

    def _end_paragraph(self) -> None:
        """Put the pieces read so far down as a paragraph, unless they are blank."""
        text = _SPACES.sub(_folded, "".join(self._pieces)).lstrip()
        self._pieces.clear()
        refers, self._refers = tuple(self._refers), []
        if self._role == "footnote":
            self._end_footnote(text, refers)
        elif text := _NOTE_MARKS.sub("", text).strip():
            is_repeated = not self._is_mark_printed and _begins_with_mark(text)
            mark = "" if is_repeated else self._mark
            self._put(_Paragraph(text, mark, self._role, refers=refers))

    def _end_footnote(self, text: str, refers: tuple[str, ...]) -> None:
        """Put a footnote down without its mark; one that has none goes on with the one above."""
        printed = _NOTE_MARK_AT_START.match(text)
        bare = _NOTE_MARKS.sub("", text[printed.end() :] if printed else text).strip()
        if not bare:
            return
        is_marked = bool(self._mark) or printed is not None
        follows_note = bool(self._paragraphs) and self._paragraphs[-1].role == "footnote"
        is_continued = follows_note and not is_marked
        marks = (*refers[:1], self._mark, printed.group() if printed else "")
        name = next(filter(None, map(_bare_mark, marks)), "")
        note = _Paragraph(bare, role="footnote", is_continued=is_continued, note=name)
        self._put(note)

    def _put(self, paragraph: _Paragraph) -> None:
        self._paragraphs.append(paragraph)
        self._mark = ""

    def _read_preformatted(self, element: Element) -> None:
        text = "".join(printed_texts(element)).replace("\f", "\n\n")
        if text.strip():
            self._paragraphs.append(_Paragraph(text, role=self._role, is_preformatted=True))

    def _read_list(self, element: Element) -> None:
        number = _integer(element.get("start"), 1)
        self._add(element.text)
        for child in element:
            if child.tag == "li" and not is_left_out(child):
                number = _integer(child.get("value"), number)
                self._end_paragraph()
                self._expect(_item_mark(element, child, number), is_printed=False)
                self._read_element(child)
                self._mark = ""
                number += 1
            else:
                self._read_element(child)
            self._add(child.tail)

    def _read_row(self, row: Element) -> None:
        """Read a row's cells; a lone number or label goes before what it belongs to."""
        cells = list(row)
        texts = [_SPACES.sub(" ", "".join(printed_texts(cell))).strip() for cell in cells]
        last = max((index for index, text in enumerate(texts) if text), default=0)
        is_pair = sum(map(bool, texts)) == 2
        is_opening = True
        self._add(row.text)
        for index, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            is_opening = is_opening and (not text or _is_opening(text, is_pair))
            if text and is_opening and index < last:
                self._expect(f"{self._mark} {text}".strip(), is_printed=True)
            else:
                self._read_element(cell)
            self._add(cell.tail)  # blank, unless the page is damaged
        self._end_paragraph()
        self._mark = ""

    def _expect(self, mark: str, *, is_printed: bool) -> None:
        """Set what stands before the next paragraph; ``is_printed``: the page itself prints it."""
        self._mark = mark
        self._is_mark_printed = is_printed

    def _role_of(self, element: Element) -> Kind | None:
        """Return the kind of an element's paragraphs; parts of a footnote are footnotes."""
        if self._role == "footnote" or _is_note(element, self._note_targets):
            return "footnote"
        if element.tag == "h1":
            is_first, self._has_title = not self._has_title, True
            return "title" if is_first else "heading"
        if is_title(element):
            return "title"
        return "heading" if is_heading(element) else self._role

    def _is_furniture(self, element: Element) -> bool:
        """Whether an element's class says that it is the site's, and it is not most of the page."""
        name = furniture_name(element)
        if not name:
            return False
        text = "".join(printed_texts(element))
        if len(text) > MAX_FURNITURE_FRACTION * self._size:
            return False
        if words := len(text.split()):
            self._left_out[name] = self._left_out.get(name, 0) + words
        return True

    def _is_note_mark(self, element: Element) -> bool:
        """Whether an element is the mark of a footnote, in the text or before the note."""
        if element.tag == "a":
            return _is_link_to_note(element)
        if not _is_raised(element):
            return False
        match = _MARK_TEXT.fullmatch("".join(element.itertext()).strip())
        if match is None:
            return False
        if any(_is_link_to_note(link) for link in element.iter("a")):
            return True
        before = "".join(self._pieces[-3:])[-3:]
        return match[1] in self._note_marks and not _UNIT_BEFORE.search(before)


def _folded(spaces: re.Match[str]) -> str:
    """Return what a run of white space comes to: two line breaks, one, or a space."""
    return "\n" * min(spaces.group().count("\n"), 2) or " "


def _bare_mark(mark: str) -> str:
    """Return a footnote's mark without brackets: "1" of "(1)"."""
    return mark.strip(" \t\r\n\xa0()[].\0")


def _is_raised(element: Element) -> bool:
    return element.tag == "sup" or not _RAISED.isdisjoint(class_names(element))


def _is_link_to_note(element: Element) -> bool:
    """Whether a link of a few characters leads to a footnote, or from it to its mark."""
    target = element.get("href", "")
    if "#" not in target or not _MARK_TEXT.fullmatch("".join(element.itertext()).strip()):
        return False
    return bool(_NOTE_TARGET.search(target)) or any(map(_is_raised, element.iter()))


def _begins_with_note_mark(element: Element) -> bool:
    """Whether a paragraph begins with the mark of a footnote, so that it is the note itself.

    Such is a link back to the text, or a raised figure that is no link to a note.
    """
    if element.tag not in ("p", "li") or not len(element):
        return False
    if (element.text or "").strip(" \t\r\n\xa0(["):
        return False
    first = element[0]
    link = next(first.iter("a"), None)
    if link is not None and link.get("href"):
        return bool(_BACK_LINK.search(link.get("href", ""))) and _is_link_to_note(link)
    is_mark = _is_raised(first) and _MARK_TEXT.fullmatch("".join(first.itertext()).strip())
    return bool(is_mark) and bool((first.tail or "").strip(" \t\r\n\xa0)]"))


def _note_targets(content: Element) -> Iterator[str]:
    """Yield the ids that marks in the text lead to."""
    for link in content.iter("a"):
        target = link.get("href", "")
        if _is_link_to_note(link) and not _BACK_LINK.search(target):
            yield target.partition("#")[2]


def _is_note(element: Element, targets: frozenset[str]) -> bool:
    """Whether an element is a footnote: it is called one, bears its mark, or is led to by one."""
    is_target = element.tag in ("p", "li") and element.get("id") in targets
    return is_target or is_note(element) or _begins_with_note_mark(element)


def _note_marks(content: Element, targets: frozenset[str]) -> Iterator[str]:
    """Yield the marks of the footnotes that are printed below the text."""
    for element in content.iter("p", "li", "div", "aside"):
        if _is_note(element, targets):
            beginning = "".join(islice(element.itertext(), 8)).lstrip()[:8]
            if match := re.match(r"[(\[]?\s*(\d{1,3}|[*†‡]{1,3}|[a-z](?=\s*[)\]]))", beginning):
                yield match[1]


def _item_mark(items: Element, item: Element, number: int) -> str:
    """Return the mark that a browser prints before a list item, in the Council's way of writing.

    That is "1.", "(a)", "(i)", "A.", "I.", and a dash for every kind of bullet.
    """
    stated = (item.get("type"), _list_style(item), items.get("type"), _list_style(items))
    style = next((style for style in stated if style), "")
    if style == "none":
        return ""
    if items.tag != "ol":
        return "–"
    name = _FORMAT_BY_TYPE.get(style, "decimal")
    printed = format_number(number, name)
    return f"({printed})" if name.startswith("lower") else f"{printed}."


def _list_style(element: Element) -> str:
    match = _LIST_STYLE.search(element.get("style", ""))
    return match[1].lower() if match else ""


def _integer(value: str | None, default: int) -> int:
    match = _INTEGER.match(value or "")
    return int(match[1]) if match else default


def _is_mark_column(element: Element) -> bool:
    """Whether an element holds the number or mark of a list as consolidated texts print it."""
    if "grid-list-column-1" not in class_names(element):
        return False
    return _LONE_MARK.fullmatch("".join(printed_texts(element)).strip()) is not None


def _is_opening(text: str, is_pair: bool) -> bool:
    """Whether a cell is only a number, a list mark, or the label of the only other cell."""
    is_label = is_pair and text.endswith(":") and len(text.split()) <= MAX_LABEL_WORDS
    return is_label or _LONE_MARK.fullmatch(text) is not None


def _begins_with_mark(text: str) -> bool:
    return bool(Line(text, 0, None).list_mark) or number_mark(0, text) is not None


def _with_whole_titles(paragraphs: Sequence[_Paragraph]) -> Iterator[_Paragraph]:
    """Yield the paragraphs, those that make up one title joined, without the OJ's number of it."""
    title: _Paragraph | None = None
    for paragraph in paragraphs:
        if paragraph.role == "title" and not is_annex_word(paragraph.text, load_council_words()):
            if _OJ_NUMBER.fullmatch(paragraph.text):
                continue
            before = f"{title.printed} " if title else ""
            refers = (*(title.refers if title else ()), *paragraph.refers)
            title = _Paragraph(before + paragraph.printed, role="title", refers=refers)
            continue
        if title:
            yield title
            title = None
        yield paragraph
    if title:
        yield title


def _to_lines(
    paragraphs: Sequence[_Paragraph],
) -> tuple[list[Line], list[Footer], tuple[Remark, ...]]:
    """Return clean lines, one a paragraph unless line breaks in it part paragraphs or items.

    With them come the footers of preformatted text, and what cleaning did.
    """
    if not paragraphs:
        raise _no_text()
    decoded = clean(_PARAGRAPH_END.join(paragraph.printed for paragraph in paragraphs))
    lines: list[Line] = []
    footers: list[Footer] = []
    texts = decoded.text.split(_PARAGRAPH_END)
    for text, paragraph in zip(texts, paragraphs, strict=True):
        if paragraph.is_preformatted:
            preformatted = read_lines(text)
            lines.extend(_as_paragraph(preformatted.lines))
            footers.extend(preformatted.footers)
            continue
        for index, piece in enumerate(paragraph_pieces(text, paragraph.role)):
            gap = 0 if paragraph.is_continued or (index and paragraph.role == "footnote") else 1
            line = Line(piece, gap, page=None, role=_plausible_role(piece, paragraph))
            is_first = index == 0
            refers, note = (paragraph.refers, paragraph.note) if is_first else ((), "")
            lines.append(replace(line, refers=refers, note=note))
    return lines, footers, decoded.remarks


def _as_paragraph(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield printed lines, the first of them parted from what stands above."""
    for index, line in enumerate(lines):
        yield line if index else replace(line, gap=max(line.gap, 1))


def _plausible_role(text: str, paragraph: _Paragraph) -> Kind | None:
    """Return the paragraph's role; a long paragraph or numbered sentence is no heading."""
    if paragraph.role == "title" and is_annex_word(text, load_council_words()):
        return None
    if paragraph.role != "heading":
        return paragraph.role
    is_sentence = number_mark(0, text) is not None and Line(text, 0, None).is_terminated
    return None if is_sentence or len(text.split()) > MAX_HEADING_WORDS else "heading"


def _without_furniture(printed: Sequence[Line]) -> tuple[list[Line], list[Footer]]:
    """Take off what was printed at page ends: footers, stamps, and the OJ's last lines."""
    lines: list[Line] = []
    footers: list[Footer] = []
    is_after_footer = False
    for line in printed:
        footer = parse_footer(line.text)
        unit = parse_footer_unit(line.text) if is_after_footer else None
        is_after_footer = footer is not None
        if footer:
            footers.append(footer)
        elif unit:
            footers[-1] = replace(footers[-1], language=unit.language)
        elif not (is_stamp(line.text) or _OJ_FOOTER.fullmatch(line.text)):
            lines.append(line)
    return lines, footers


def _language(statements: Statements, lines: Sequence[Line]) -> tuple[str, tuple[Remark, ...]]:
    """Return the stated language of the document; that of the site only if the text agrees.

    A site often falls back on a text in another language than its own.
    """
    site = statements.site_language
    if statements.language or not site:
        return statements.language, ()
    text = "\n".join(line.text for line in lines)
    detected = detect_language(text)
    if detected in (site, None) or len(text.split()) < MIN_WORDS_FOR_CONFLICT:
        return site, ()
    message = f"the web page is in {site}, its text reads like {detected}; the page was not obeyed."
    return "", (Remark("LANGUAGE_CONFLICT", message),)


def _no_text() -> DocumentError:
    return DocumentError(
        "NO_TEXT",
        "no text on the page. Is it loaded by a script? Save it from a browser, as shown.",
    )
