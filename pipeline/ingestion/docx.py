"""DOCX → lines: the printed text of a Word document, with its automatic numbers and footnotes.

Tracked changes count as accepted: insertions are in, deletions out. Hidden text, tables of
contents, headers and footers are out; what a footer says of its document is kept. The standard
of the format is ECMA-376 part 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from pipeline.errors import DocumentError
from pipeline.ingestion.decoding import clean
from pipeline.ingestion.docx_numbering import (
    NAMESPACES,
    PRIVATE_CHARACTERS,
    WORD,
    Numbering,
    Styles,
    attribute,
    integer,
    is_on,
)
from pipeline.ingestion.docx_package import Package
from pipeline.ingestion.extracted import Extracted
from pipeline.ingestion.furniture import Footer, is_stamp, parse_footer
from pipeline.ingestion.language import detect_language
from pipeline.ingestion.line_breaks import paragraph_pieces
from pipeline.ingestion.lines import Line
from pipeline.ingestion.metadata import find_date
from pipeline.records import EU_LANGUAGES, Kind, Remark

MAX_HEADING_WORDS = 40
"""A longer paragraph in the style of a heading is a paragraph all the same."""
MAX_FIELD_DEPTH = 20
MAX_INSTRUCTION = 100
"""Fields within fields, and characters of what a field says, beyond which nobody writes them."""
MIN_TITLE_WORDS = 3
MIN_LANGUAGE_FRACTION = 0.9
"""The proofing language counts where so much of the text is in it."""

_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_CORE_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
}


def _tags(*names: str) -> frozenset[str]:
    return frozenset(f"{{{WORD}}}{name}" for name in names)


_PARAGRAPH = f"{{{WORD}}}p"
_TABLE = f"{{{WORD}}}tbl"
_ROW = f"{{{WORD}}}tr"
_CELL = f"{{{WORD}}}tc"
_RUN = f"{{{WORD}}}r"
_RUN_SETTINGS = f"{{{WORD}}}rPr"
_CONTENT_CONTROL = f"{{{WORD}}}sdt"
_TEXT_BOX = f"{{{WORD}}}txbxContent"
_SIMPLE_FIELD = f"{{{WORD}}}fldSimple"
_SYMBOL = f"{{{WORD}}}sym"
_BREAK = f"{{{WORD}}}br"
_TEXT = _tags("t") | {f"{{{_MATH}}}t"}
_FIELD_PARTS = _tags("fldChar", "instrText")
_NOTE_REFERENCES = _tags("footnoteReference", "endnoteReference")
_OWN_NOTE_MARKS = _tags("footnoteRef", "endnoteRef")
_PRINTED = {
    f"{{{WORD}}}tab": "\t",
    f"{{{WORD}}}ptab": "\t",
    f"{{{WORD}}}cr": "\n",
    f"{{{WORD}}}noBreakHyphen": "-",
}
_ALTERNATIVES = f"{{{_COMPATIBILITY}}}AlternateContent"
_NOT_PRINTED = _tags(
    *("del", "moveFrom", "rt", "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr"),
    *("sdtPr", "sdtEndPr"),
)

_NOTE_MARK = "\0"
"""Stands for a footnote's mark until the paragraph is whole; XML cannot hold it."""
_NOTE_MARKS = re.compile(r"\s*\(\s*\0\s*\)|[ \t]*\0(?:\s*,?\s*\0)*+(?=[.,])|\0(?:\s*,?\s*\0)*+")
_PARAGRAPH_END = "\f"
"""Parts the paragraphs while they are cleaned together; XML cannot hold it either."""
_SPACES = re.compile(r"\s+")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_SYMBOL_LETTERS: dict[int, str] = dict(
    zip(
        (*range(0x41, 0x5B), *range(0x61, 0x7B)),
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
)
"""The letters of the font Symbol, which stand at the places of Latin ones."""

_LONE_MARK = re.compile(
    r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[^\W\d_]|[ivxl]{1,6}|[IVXL]{1,6})[.)]|[-–—•▪◦●■‣·]"
)
"""All that the first cell of a row holds where the table is only there to indent: "12.", "(a)"."""

_HEADING_NAMES = (
    *("heading", "заглавие", "nadpis", "overskrift", "überschrift", "επικεφαλίδα", "título"),
    *("pealkiri", "otsikko", "titre", "ceannteideal", "naslov", "címsor", "titolo", "antraštė"),
    *("virsraksts", "intestatura", "kop", "nagłówek", "titlu", "rubrik"),
)
_TITLE_NAMES = (
    *("title", "заглавие", "název", "titel", "τίτλος", "título", "pealkiri", "otsikko", "titre"),
    *("teideal", "naslov", "cím", "titolo", "pavadinimas", "nosaukums", "titlu", "tytuł"),
    *("názov", "rubrik"),
)


def _with_ids(names: Iterable[str]) -> str:
    """Return a pattern of style names and of their ids, which drop all letters but ASCII ones."""
    ids = {name.encode("ascii", "ignore").decode() for name in names}
    return "|".join(sorted({*names, *ids} - {""}))


_HEADING_STYLE = re.compile(rf"(?:{_with_ids(_HEADING_NAMES)}) ?[1-9]")
_TITLE_STYLE = re.compile(_with_ids(_TITLE_NAMES))
_CONTENTS_STYLE = re.compile(r"toc ?(?:[1-9]|heading)|table of figures|tableoffigures")
_EMPTY_TITLE = re.compile(r"microsoft word|powerpoint|untitled|.*\.(?:docx?|dotx?|rtf|pdf)$", re.I)


def extract_docx(content: bytes, language: str | None) -> Extracted:
    """Return the lines of a Word document; see ``extracted.Extract``.

    Raises:
        DocumentError: ``EMPTY``, ``BAD_FORMAT``, ``ENCRYPTED``, ``LIMIT``, ``BAD_XML``, or
            ``NO_TEXT`` for a document without a character, such as one of scanned pages.
    """
    package = Package(content)
    styles = Styles(package.part("styles"))
    main = package.main()
    body = main.find("w:body", NAMESPACES)
    if body is None:
        raise DocumentError(
            "BAD_FORMAT", "expected a Word document, found none in the file. Save it as .docx."
        )
    story = _Story(styles, Numbering(package.part("numbering"), styles), _notes(package))
    lines, remarks = _to_lines(story.paragraphs(body))
    printed_footers = [footer for line in lines if (footer := _line_footer(line))]
    lines = [line for line in lines if not _is_furniture(line)]
    footers = (*_part_footers(package, styles), *printed_footers)
    text = "\n".join(line.text for line in lines)
    detected = detect_language(text)
    properties = package.part("core-properties")
    return Extracted(
        lines=tuple(lines),
        footers=footers,
        language=_language(story.letters_by_language, footers, detected),
        title=_title(properties),
        date=_date(properties, lines, language or detected),
        remarks=(*remarks, *_embedded(main)),
    )


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph as printed: its text, the automatic number before it, and its kind if known."""

    text: str
    number: str = ""
    role: Kind | None = None

    @property
    def printed(self) -> str:
        """The number and the text."""
        return f"{self.number} {self.text}".strip()


@dataclass(slots=True)
class _Field:
    """A field such as a page number: its instruction, then the result that Word last printed."""

    begins_at: int
    instruction: str = ""
    is_printed: bool = False

    @property
    def kind(self) -> str:
        """The first word of the instruction: "PAGE", "NOTEREF"."""
        return self.instruction.split()[0].upper() if self.instruction.strip() else ""


@dataclass(slots=True)
class _Draft:
    """A paragraph being read: its text so far, and the notes and text boxes that follow it."""

    texts: list[str] = field(default_factory=list)
    fields: list[_Field] = field(default_factory=list)
    notes: list[Element] = field(default_factory=list)
    boxes: list[_Paragraph] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Append text, unless it belongs to what a field says and does not print."""
        if all(field.is_printed for field in self.fields):
            self.texts.append(text)

    def begin_field(self, instruction: str = "") -> None:
        """Open a field; it prints nothing before its result begins."""
        if len(self.fields) < MAX_FIELD_DEPTH:
            self.fields.append(_Field(len(self.texts), instruction))

    def begin_result(self) -> None:
        """Let the open field print, unless it is the mark of a footnote that is printed again."""
        if self.fields:
            self.fields[-1].is_printed = self.fields[-1].kind != "NOTEREF"

    def end_field(self) -> None:
        """Close a field; a page number is 1 where none was stored."""
        if not self.fields:
            return
        ended = self.fields.pop()
        if ended.kind == "NOTEREF":
            self.add(_NOTE_MARK)
        elif ended.kind == "PAGE" and not "".join(self.texts[ended.begins_at :]).strip():
            self.add("1")

    def follow_field(self, element: Element) -> None:
        """Take up a ``w:fldChar`` or ``w:instrText``."""
        if element.tag.endswith("instrText"):
            # The first word is all that matters; it may be spread over several runs.
            if self.fields and len(self.fields[-1].instruction) < MAX_INSTRUCTION:
                self.fields[-1].instruction += element.text or ""
            return
        steps = {"begin": self.begin_field, "separate": self.begin_result, "end": self.end_field}
        step = steps.get(attribute(element, "fldCharType"))
        if step:
            step()

    @property
    def text(self) -> str:
        """The text without the marks of footnotes."""
        return _NOTE_MARKS.sub("", "".join(self.texts)).strip()


class _Story:
    """Reads paragraphs in printed order, counting their numbers and the letters per language."""

    def __init__(self, styles: Styles, numbering: Numbering, notes: dict[str, Element]) -> None:
        self._styles = styles
        self._numbering = numbering
        self._unread_notes = notes
        self._roles: dict[str, Kind | None] = {}
        self.letters_by_language: Counter[str] = Counter()

    def paragraphs(self, container: Element) -> Iterator[_Paragraph]:
        """Yield the paragraphs of a body, cell, note or text box; empty ones only if numbered.

        A paragraph whose end is deleted or hidden runs on in the next one.
        """
        draft = _Draft()
        number = ""
        for block in _nearest(container, frozenset((_PARAGRAPH, _TABLE))):
            if block.tag == _TABLE:
                yield from self._finish(draft, number, None)
                draft, number = _Draft(), ""
                yield from self._table(block)
                continue
            properties = block.find("w:pPr", NAMESPACES)
            style_id = self._style_of(properties)
            if self._is_contents(style_id):
                continue
            is_joined = bool(draft.texts)
            if not _is_end_deleted(properties):
                number = number or self._numbering.next_number(properties, style_id)
            self._read_inline(block, draft, style_id)
            draft.fields.clear()
            if _runs_on(properties):
                continue
            role = None if is_joined else self._role(properties, style_id)
            yield from self._finish(draft, number, role)
            draft, number = _Draft(), ""
        yield from self._finish(draft, number, None)

    def _finish(self, draft: _Draft, number: str, role: Kind | None) -> Iterator[_Paragraph]:
        """Yield a paragraph, then its footnotes, then the text boxes anchored in it."""
        if draft.text or number:
            yield _Paragraph(draft.text, number, role)
        for note in draft.notes:
            for paragraph in self.paragraphs(note):
                yield _Paragraph(paragraph.text, paragraph.number, "footnote")
        yield from draft.boxes

    def _table(self, table: Element) -> Iterator[_Paragraph]:
        for row in _nearest(table, frozenset((_ROW,))):
            if row.find("w:trPr/w:del", NAMESPACES) is None:
                yield from self._row(row)

    def _row(self, row: Element) -> Iterator[_Paragraph]:
        """Yield a row's paragraphs, a lone number or a label joined with what it belongs to."""
        cells = [
            list(self.paragraphs(cell))
            for cell in _nearest(row, frozenset((_CELL,)))
            if cell.find("w:tcPr/w:cellDel", NAMESPACES) is None
        ]
        filled = [paragraphs for paragraphs in cells if paragraphs]
        if len(filled) == 2 and len(filled[0]) == 1 and _opens_row(filled[0][0]):
            first, *others = filled[1]
            yield _Paragraph(first.printed, filled[0][0].printed, first.role)
            yield from others
        else:
            for paragraphs in filled:
                yield from paragraphs

    def _read_inline(self, element: Element, draft: _Draft, style_id: str) -> None:
        """Add what an element prints to the draft."""
        for child in _children(element):
            tag = child.tag
            if tag == _RUN:
                self._read_run(child, draft, style_id)
            elif tag in _TEXT:
                draft.add(re.sub(r"[\r\n\t]", " ", child.text or ""))
            elif tag in _PRINTED:
                draft.add(_PRINTED[tag])
            elif tag == _BREAK:
                draft.add("\n\n" if attribute(child, "type") in ("page", "column") else "\n")
            elif tag == _SYMBOL:
                draft.add(_symbol(child))
            elif tag in _FIELD_PARTS:
                draft.follow_field(child)
            elif tag == _SIMPLE_FIELD:
                draft.begin_field(attribute(child, "instr"))
                draft.begin_result()
                self._read_inline(child, draft, style_id)
                draft.end_field()
            elif tag in _NOTE_REFERENCES:
                self._refer(child, draft)
                if attribute(child, "customMarkFollows") in ("1", "true", "on"):
                    return
            elif tag in _OWN_NOTE_MARKS:
                draft.add(_NOTE_MARK)
            elif tag == _TEXT_BOX:
                draft.boxes.extend(self.paragraphs(child))
            else:
                self._read_inline(child, draft, style_id)

    def _read_run(self, run: Element, draft: _Draft, style_id: str) -> None:
        own = run.find(_RUN_SETTINGS)
        if is_on(self._run_setting(own, style_id, "vanish")):
            for part in run.iterchildren(*_FIELD_PARTS):
                draft.follow_field(part)
            return
        first_new = len(draft.texts)
        self._read_inline(run, draft, style_id)
        language = attribute(self._run_setting(own, style_id, "lang"))[:2].lower()
        self.letters_by_language[language] += sum(map(len, draft.texts[first_new:]))

    def _run_setting(self, own: Element | None, style_id: str, name: str) -> Element | None:
        """Return a setting of a run: its own, its style's, its paragraph's, the document's."""
        if own is not None:
            found = own.find(f"w:{name}", NAMESPACES)
            if found is not None:
                return found
            run_style = attribute(own.find("w:rStyle", NAMESPACES))
            found = self._styles.find(run_style, f"w:rPr/w:{name}")
            if found is not None:
                return found
        found = self._styles.find(style_id, f"w:rPr/w:{name}")
        return found if found is not None else self._styles.default_setting(name)

    def _refer(self, reference: Element, draft: _Draft) -> None:
        """Put a note after the paragraph that refers to it, and only there."""
        draft.add(_NOTE_MARK)
        kind = reference.tag.rpartition("}")[2].removesuffix("Reference")
        note = self._unread_notes.pop(f"{kind} {attribute(reference, 'id')}", None)
        if note is not None:
            draft.notes.append(note)

    def _style_of(self, properties: Element | None) -> str:
        own = None if properties is None else properties.find("w:pStyle", NAMESPACES)
        return attribute(own) or self._styles.default_paragraph

    def _is_contents(self, style_id: str) -> bool:
        return any(_CONTENTS_STYLE.fullmatch(name) for name in self._styles.names(style_id))

    def _role(self, properties: Element | None, style_id: str) -> Kind | None:
        """Return what the style, or an outline level of the paragraph's own, says it is."""
        own = None if properties is None else properties.find("w:outlineLvl", NAMESPACES)
        if own is not None:
            return "heading" if integer(own, 9) < 9 else None
        if style_id not in self._roles:
            self._roles[style_id] = self._role_of_style(style_id)
        return self._roles[style_id]

    def _role_of_style(self, style_id: str) -> Kind | None:
        names = self._styles.names(style_id)
        if any(_TITLE_STYLE.fullmatch(name) for name in names):
            return "title"
        level = self._styles.find(style_id, "w:pPr/w:outlineLvl")
        if level is not None:
            return "heading" if integer(level, 9) < 9 else None
        return "heading" if any(_HEADING_STYLE.fullmatch(name) for name in names) else None


def _children(element: Element) -> Iterator[Element]:
    """Yield the children that are printed: no deletions, prompts or second alternatives."""
    for child in element.iterchildren("{*}*"):
        if child.tag == _ALTERNATIVES:
            branch = next(child.iterchildren("{*}Choice", "{*}Fallback"), None)
            if branch is not None:
                yield from _children(branch)
        elif child.tag == _CONTENT_CONTROL:
            if not is_on(child.find("w:sdtPr/w:showingPlcHdr", NAMESPACES)):
                yield child
        elif child.tag not in _NOT_PRINTED:
            yield child


def _nearest(element: Element, tags: frozenset[str]) -> Iterator[Element]:
    """Yield the elements of these kinds below, through content controls and insertions."""
    for child in _children(element):
        if child.tag in tags:
            yield child
        else:
            yield from _nearest(child, tags)


def _is_end_deleted(properties: Element | None) -> bool:
    if properties is None:
        return False
    return any(
        properties.find(f"w:rPr/w:{name}", NAMESPACES) is not None for name in ("del", "moveFrom")
    )


def _runs_on(properties: Element | None) -> bool:
    """Whether the paragraph's end is deleted, or only there to divide styles (``specVanish``)."""
    if properties is None:
        return False
    divides_styles = is_on(properties.find("w:rPr/w:specVanish", NAMESPACES))
    return divides_styles or _is_end_deleted(properties)


def _opens_row(cell: _Paragraph) -> bool:
    """Whether a cell is only a number, a list mark, or a label such as "From:"."""
    return cell.printed.endswith(":") or bool(_LONE_MARK.fullmatch(cell.printed))


def _symbol(element: Element) -> str:
    """Return the character that a ``w:sym`` names by its place in a font."""
    digits = attribute(element, "char")
    if not re.fullmatch(r"[0-9A-Fa-f]{1,4}", digits):
        return ""
    code = int(digits, 16)
    font = attribute(element, "font").lower()
    if code < 0xF000 and not font.startswith(("symbol", "wingdings", "webdings")):
        return chr(code)
    place = code & 0xFF
    is_letter = font == "symbol" and place in _SYMBOL_LETTERS
    return _SYMBOL_LETTERS[place] if is_letter else chr(0xF000 | place)


def _notes(package: Package) -> dict[str, Element]:
    """Return footnotes and endnotes by "footnote 2"; the separating rules among them left out."""
    return {
        f"{kind} {attribute(note, 'id')}": note
        for kind in ("footnote", "endnote")
        for root in package.parts(f"{kind}s")
        for note in root.iterchildren(f"{{{WORD}}}{kind}")
        if attribute(note, "type") in ("", "normal")
    }


def _to_lines(paragraphs: Iterable[_Paragraph]) -> tuple[list[Line], tuple[Remark, ...]]:
    """Return clean lines, one a paragraph unless it holds breaks that part list items.

    Raises:
        DocumentError: ``NO_TEXT`` where there is nothing to read.
    """
    printed = [paragraph for paragraph in paragraphs if paragraph.text]
    if not printed:
        raise DocumentError(
            "NO_TEXT",
            "no text in the document. If its pages are pictures, run text recognition first.",
        )
    text = _PARAGRAPH_END.join(paragraph.printed for paragraph in printed)
    text, n_unknown = _PRIVATE.subn("", text.translate(PRIVATE_CHARACTERS))
    decoded = clean(text)
    remarks = decoded.remarks
    if n_unknown:
        message = f"{n_unknown} characters of picture fonts (such as Wingdings) removed."
        remarks = (*remarks, Remark("CLEANED", message))
    lines = [
        Line(piece, gap=1, page=None, role=_plausible_role(piece, paragraph))
        for paragraph, cleaned in zip(printed, decoded.text.split(_PARAGRAPH_END), strict=True)
        for piece in paragraph_pieces(cleaned, paragraph.role)
    ]
    return lines, remarks


def _plausible_role(text: str, paragraph: _Paragraph) -> Kind | None:
    """Return the paragraph's role; a numbered sentence is no heading, whatever its style."""
    if paragraph.role not in ("heading", "title"):
        return paragraph.role
    is_sentence = bool(paragraph.number) and Line(text, 0, None).is_terminated
    return None if is_sentence or len(text.split()) > MAX_HEADING_WORDS else paragraph.role


def _line_footer(line: Line) -> Footer | None:
    return parse_footer(line.text) if line.role is None else None


def _is_furniture(line: Line) -> bool:
    return line.role is None and (is_stamp(line.text) or parse_footer(line.text) is not None)


def _part_footers(package: Package, styles: Styles) -> Iterator[Footer]:
    """Yield what the footers say; their cells may spread one line of print over a table."""
    for root in package.parts("footer"):
        story = _Story(styles, Numbering(None, styles), {})
        texts = [_SPACES.sub(" ", paragraph.text) for paragraph in story.paragraphs(root)]
        found = (parse_footer(text) for text in (" ".join(texts), *texts))
        footer = next((footer for footer in found if footer), None)
        if footer:
            yield footer


def _language(
    letters_by_language: Counter[str], footers: Sequence[Footer], detected: str | None
) -> str:
    """Return the language that nearly all of the text is proofread in.

    Nobody looks at this setting, and Word's own default is English: where a footer or the text
    itself tells another, or the footer the same, it says nothing.
    """
    if any(footer.language for footer in footers) or not letters_by_language:
        return ""
    [(language, letters)] = letters_by_language.most_common(1)
    is_stated = letters >= MIN_LANGUAGE_FRACTION * letters_by_language.total()
    is_plausible = language in EU_LANGUAGES and detected in (language, None)
    return language if is_stated and is_plausible else ""


def _title(properties: Element | None) -> str:
    """Return the title in the properties unless a program put it there: "Document1"."""
    stated = _property(properties, "dc:title")
    is_real = len(stated.split()) >= MIN_TITLE_WORDS and not _EMPTY_TITLE.match(stated)
    return stated if is_real else ""


def _date(properties: Element | None, lines: Sequence[Line], language: str | None) -> str:
    """Return the day of making or saving if the text names that day too.

    By itself it may be the day of a template, a translation or a conversion.
    """
    stated = {_property(properties, f"dcterms:{name}")[:10] for name in ("created", "modified")}
    if language not in EU_LANGUAGES or not any(stated):
        return ""
    named = (find_date([line.text], language) for line in lines)
    return next((date for date in named if date and date in stated), "")


def _property(properties: Element | None, path: str) -> str:
    if properties is None:
        return ""
    return _SPACES.sub(" ", str(properties.findtext(path, "", _CORE_NAMESPACES))).strip()


def _embedded(main: Element) -> Iterator[Remark]:
    n_embedded = sum(1 for _ in main.iter(f"{{{WORD}}}altChunk", f"{{{WORD}}}subDoc"))
    if n_embedded:
        yield Remark(
            "INCOMPLETE",
            f"{n_embedded} documents embedded in this one are not read. Read them too.",
        )
