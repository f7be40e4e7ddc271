"""PDF documents: as the Council's register has them, as the OJ, and as an office program."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import matplotlib
import typst
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.ingestion.rendering.contents import MARK, NUMBER, Contents, Piece

_FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")
_LEFT, _RIGHT, _TOP, _BOTTOM = 71.0, 524.0, 770.0, 150.0


def register(contents: Contents, *, gap: float = 9, font: str = "Serif", size: float = 12) -> bytes:
    """Return the register's look: hanging numbers, ragged lines, footers on two lines.

    Args:
        contents: What is printed.
        gap: Points between paragraphs.
        font: Of DejaVu's.
        size: Of the text, in points.
    """
    return _Sheet(contents, gap, font, size).draw()


class _Sheet:
    """Draws a document from top to bottom with reportlab."""

    def __init__(self, contents: Contents, gap: float, font: str, size: float) -> None:
        self._contents = contents
        self._gap, self._size = gap, size
        self._font, self._bold = f"DejaVu{font}", f"DejaVu{font}-Bold"
        for name in (self._font, self._bold):
            pdfmetrics.registerFont(TTFont(name, _FONTS / f"{name}.ttf"))
        self._buffer = BytesIO()
        self._canvas = Canvas(self._buffer, invariant=True)
        self._y = _TOP
        self._page = 1
        self._notes: list[str] = []

    def draw(self) -> bytes:
        self._draw_cover()
        for piece in self._contents.pieces:
            if piece.role == "annex":
                self._end_page()
                self._draw_line(400, piece.text, self._bold)
                self._y -= 2 * self._gap + 6
            else:
                self._draw_piece(piece)
        self._end_page()
        self._canvas.save()
        return self._buffer.getvalue()

    def _draw_cover(self) -> None:
        for text in self._contents.council:
            self._draw_line(_LEFT, text, self._bold)
        for text in self._contents.head[2:-1]:
            self._y -= 6
            self._draw_line(360, text, self._font)
        self._y -= 20
        self._draw_line(_LEFT, self._contents.type, self._bold)
        self._y -= 10
        for label, value in self._contents.fields:
            self._canvas.setFont(self._font, self._size)
            self._canvas.drawString(_LEFT, self._y, label)
            for line in self._wrap(value, _RIGHT - 230):
                self._draw_line(230, line, self._font)
            self._y -= 6
        self._canvas.line(_LEFT, self._y, _RIGHT, self._y)
        self._y -= 30
        self._draw_paragraph(_LEFT, self._contents.transmission, self._font)

    def _draw_piece(self, piece: Piece) -> None:
        indent = 28 if piece.role in ("paragraph", "unnumbered") else 0
        indent = 56 if piece.role == "item" else indent
        before = f"{piece.number}." if piece.role == "paragraph" else piece.mark
        font = self._bold if piece.role in ("title", "heading") else self._font
        n_lines = len(self._wrap(piece.text, _RIGHT - _LEFT - indent))
        if self._y - n_lines * 1.5 * self._size < _BOTTOM:
            self._end_page()
        if before:
            self._canvas.setFont(self._font, self._size)
            self._canvas.drawString(_LEFT + indent - 28, self._y, before)
        self._draw_paragraph(_LEFT + indent, piece.text, font)
        if piece.role == "title":
            self._y -= 6
        self._notes += piece.note_marks

    def _draw_paragraph(self, left: float, text: str, font: str) -> None:
        for line in self._wrap(text, _RIGHT - left, font):
            self._draw_line(left, line, font)
        self._y -= self._gap

    def _draw_line(self, x: float, text: str, font: str, size: float = 0) -> None:
        size = size or self._size
        for index, part in enumerate(MARK.split(text)):
            is_mark = index % 2 == 1
            self._canvas.setFont(font, size * (0.6 if is_mark else 1))
            self._canvas.drawString(x, self._y + (0.35 * size if is_mark else 0), part)
            x += pdfmetrics.stringWidth(part, font, size * (0.6 if is_mark else 1))
        self._y -= 1.5 * size

    def _wrap(self, text: str, width: float, font: str = "", size: float = 0) -> list[str]:
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            bare = MARK.sub("", longer)
            length = pdfmetrics.stringWidth(bare, font or self._font, size or self._size)
            if lines[-1] and length > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def _end_page(self) -> None:
        size = 0.8 * self._size
        self._y = 100 + 14 * len(self._notes)
        if self._notes:
            self._canvas.line(_LEFT, self._y + 12, 200, self._y + 12)
        for mark in self._notes:
            self._draw_line(_LEFT, f"^{mark}^", self._font, size)
            self._y += 1.5 * size
            for line in self._wrap(self._contents.notes[mark], 400, size=size):
                self._draw_line(_LEFT + 28, line, self._font, size)
        self._canvas.setFont(self._font, self._size)
        for x, text in ((_LEFT, NUMBER), (300, "ab/CD/ef"), (510, str(self._page))):
            self._canvas.drawString(x, 60, text)
        for x, text in ((300, "JAI.1"), (505, self._contents.language.upper())):
            self._canvas.drawString(x, 44, text)
        self._canvas.showPage()
        self._y = _TOP
        self._page += 1
        self._notes = []


def office(contents: Contents) -> bytes:
    """Return the look of an office program: justified, words divided, notes below their page."""
    return _typeset(
        contents,
        """
        #set page(paper: "a4", margin: (x: 2.4cm, y: 2.6cm), numbering: "1")
        #set text(font: "New Computer Modern", size: 11.5pt, lang: LANGUAGE, hyphenate: true)
        #set par(justify: true, leading: 0.75em, spacing: 1.2em)
        """,
        columns=1,
    )


def journal(contents: Contents) -> bytes:
    """Return the look of the Official Journal: two columns, words divided, a running head."""
    return _typeset(
        contents,
        """
        #set page(width: 21cm, height: 13cm, margin: (x: 2cm, y: 2.4cm), header: context {
          [C 248/#counter(page).display()]
          h(1fr)
          [Official Journal of the European Union]
          h(1fr)
          [4.6.2031]
        })
        #set text(font: "Libertinus Serif", size: 9pt, lang: LANGUAGE, hyphenate: true)
        #set par(justify: true, leading: 0.6em, spacing: 1em)
        """,
        columns=2,
    )


def _typeset(contents: Contents, settings: str, *, columns: int) -> bytes:
    lines = [
        settings.replace("LANGUAGE", f'"{contents.language}"'),
        "#show table: set par(justify: false)",
        "#set smartquote(enabled: false)",
    ]
    lines += [" \\\n".join(map(_escaped, contents.council))]
    lines += [f"#pad(left: 55%)[{_escaped(text)}]" for text in contents.head[2:-1]]
    lines.append(f"*{_escaped(contents.type)}*")
    cells = ", ".join(f"[{_escaped(text)}]" for field in contents.fields for text in field)
    lines.append(f"#table(columns: (30%, 70%), stroke: none, {cells})")
    lines.append(_escaped(contents.transmission))
    opened = ""
    for piece in contents.pieces:
        if piece.role == "annex":
            lines.append(f"{opened}#pagebreak()\n#align(right)[*{_escaped(piece.text)}*]")
            opened = ""
        elif piece.role == "title":
            lines.append(f"#align(center)[*{_escaped(piece.text)}*]")
            if columns > 1:
                lines.append(f"#columns({columns})[")
                opened = "]\n"
        else:
            lines.append(_typeset_piece(contents, piece))
    lines.append(opened)
    return bytes(typst.compile("\n\n".join(lines).encode()))


def _typeset_piece(contents: Contents, piece: Piece) -> str:
    text = _escaped(piece.text)
    for mark, note in contents.notes.items():
        text = text.replace(f"\\^{mark}\\^", f"#footnote[{_escaped(note)}]")
    if piece.role == "heading":
        return f"#v(0.6em)\n*{text}*"
    if piece.role == "paragraph":
        return f"#grid(columns: (2em, 1fr), [{piece.number}.], [{text}])"
    if piece.role == "item":
        return f"#pad(left: 2em, grid(columns: (2em, 1fr), [{_escaped(piece.mark)}], [{text}]))"
    return f"#pad(left: 2em)[{text}]"


def _escaped(text: str) -> str:
    return re.sub(r"([\\#$*_`<>@=~\[\]^/])", r"\\\1", text)
