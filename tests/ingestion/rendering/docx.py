"""Word documents, with automatic numbers and real footnotes."""

from __future__ import annotations

import zipfile
from html import escape
from io import BytesIO

from tests.ingestion.rendering.contents import MARK, NUMBER, Contents, Piece

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_DECIMAL, _LETTERS, _LETTERS_IN_BRACKETS, _DASHES = 0, 1, 2, 3
_LEVELS = (("decimal", "%1."), ("lowerLetter", "%1)"), ("lowerLetter", "(%1)"), ("bullet", "–"))


def document(contents: Contents, *, with_styles: bool = False) -> bytes:
    """Return a Word document, its headings known by style or by their look alone."""
    writer = _Writer(contents, with_styles=with_styles)
    body = "".join(_paragraph(text) for text in contents.head[2:])
    if contents.council:
        first, second = contents.council
        body = _paragraph(first, f"<w:r><w:br/>{_text(second)}</w:r>") + body
    body += _field_table(contents) + _paragraph(contents.transmission)
    body += "".join(map(writer.piece, contents.pieces))
    footer = f"{NUMBER}\tab/CD/ef\t1 JAI.1 {contents.language.upper()}"
    return _package(
        {
            "document": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
            "styles": _styles(),
            "numbering": writer.numbering(),
            "footnotes": writer.footnotes(),
            "footer": f"<w:ftr {_W}>{_paragraph(footer)}</w:ftr>",
        }
    )


class _Writer:
    def __init__(self, contents: Contents, *, with_styles: bool) -> None:
        self._contents = contents
        self._with_styles = with_styles
        self._lists: list[int] = []
        self._last_role = ""

    def piece(self, piece: Piece) -> str:
        number = self._number(piece)
        text = piece.printed if piece.mark and not number else piece.text
        style = {"title": "Title", "heading": "Heading1"}.get(piece.role, "")
        properties = f'<w:pStyle w:val="{style}"/>' if style and self._with_styles else ""
        properties += number
        content = ""
        for index, part in enumerate(MARK.split(text)):
            content += (
                f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
                f'<w:footnoteReference w:id="{part}"/></w:r>'
                if index % 2
                else f"<w:r>{_text(part)}</w:r>"
            )
        self._last_role = piece.role
        return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"

    def _number(self, piece: Piece) -> str:
        """Return the list that a piece belongs to; each run of items and each annex has its own."""
        if piece.role == "paragraph":
            kind = _DECIMAL
            begins = piece.number == "1"
        elif piece.mark in ("a)", "b)", "c)"):
            kind, begins = _LETTERS, piece.mark == "a)"
        elif piece.mark in ("(a)", "(b)", "(c)"):
            kind, begins = _LETTERS_IN_BRACKETS, piece.mark == "(a)"
        elif piece.mark == "–":
            kind, begins = _DASHES, False
        else:
            return ""
        if begins or kind not in self._lists:
            self._lists.append(kind)
        number = max(i for i, listed in enumerate(self._lists, start=1) if listed == kind)
        return f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'

    def numbering(self) -> str:
        abstract = "".join(
            f'<w:abstractNum w:abstractNumId="{kind}"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
            f'<w:numFmt w:val="{number_format}"/><w:lvlText w:val="{text}"/></w:lvl>'
            "</w:abstractNum>"
            for kind, (number_format, text) in enumerate(_LEVELS)
        )
        nums = "".join(
            f'<w:num w:numId="{number}"><w:abstractNumId w:val="{kind}"/><w:lvlOverride '
            'w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
            for number, kind in enumerate(self._lists, start=1)
        )
        return f"<w:numbering {_W}>{abstract}{nums}</w:numbering>"

    def footnotes(self) -> str:
        notes = "".join(
            f'<w:footnote w:id="{mark}"><w:p><w:r><w:footnoteRef/></w:r><w:r>{_text(" " + text)}'
            "</w:r></w:p></w:footnote>"
            for mark, text in self._contents.notes.items()
        )
        return f"<w:footnotes {_W}>{notes}</w:footnotes>"


def _text(text: str) -> str:
    return f'<w:t xml:space="preserve">{escape(text, quote=False)}</w:t>'


def _paragraph(text: str, more: str = "") -> str:
    return f"<w:p><w:r>{_text(text)}</w:r>{more}</w:p>"


def _field_table(contents: Contents) -> str:
    rows = "".join(
        f"<w:tr><w:tc>{_paragraph(label)}</w:tc><w:tc>{_paragraph(value)}</w:tc></w:tr>"
        for label, value in contents.fields
    )
    return f"<w:tbl>{rows}</w:tbl>"


def _styles() -> str:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{label}"/></w:style>'
        for name, label in (("Title", "Title"), ("Heading1", "heading 1"))
    )
    return f"<w:styles {_W}>{styles}</w:styles>"


def _package(parts: dict[str, str]) -> bytes:
    buffer = BytesIO()
    names = [name for name in parts if name != "document"]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in parts.items():
            archive.writestr(f"word/{name}.xml", f'<?xml version="1.0"?>{xml}')
        archive.writestr("_rels/.rels", _relationships([("officeDocument", "word/document.xml")]))
        archive.writestr(
            "word/_rels/document.xml.rels",
            _relationships([(name, f"{name}.xml") for name in names]),
        )
    return buffer.getvalue()


def _relationships(targets: list[tuple[str, str]]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}">'
        + "".join(
            f'<Relationship Id="r{index}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
            for index, (kind, target) in enumerate(targets)
        )
        + "</Relationships>"
    )
