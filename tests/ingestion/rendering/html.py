"""The web pages of EUR-Lex and of the Council."""

from __future__ import annotations

from html import escape
from itertools import groupby

from tests.ingestion.rendering.contents import MARK, Contents, Piece

_JOURNAL_CLASS = {"title": "oj-doc-ti", "heading": "oj-ti-grseq-1", "annex": "oj-doc-ti"}


def journal(contents: Contents) -> bytes:
    """EUR-Lex: numbers in table cells, notes below, a running head above."""
    body = '<table width="100%"><tr>' + "".join(
        f'<td><p class="oj-hd-{name}">{text}</p></td>'
        for name, text in (
            ("date", "4.6.2031"),
            ("lg", contents.language.upper()),
            ("ti", "Official Journal"),
            ("oj", "C 248/9"),
        )
    )
    body += "</tr></table>"
    body += "".join(f'<p class="oj-normal">{escape(text)}</p>' for text in _cover_head(contents))
    body += _field_table(contents)
    body += f'<p class="oj-normal">{escape(contents.transmission)}</p>'
    for piece in contents.pieces:
        body += _journal_piece(piece)
    body += '<hr class="oj-note"/>'
    for mark, text in contents.notes.items():
        body += (
            f'<p class="oj-note"><a id="ntr{mark}-C_1" href="#ntc{mark}-C_1">(<span class="'
            f'oj-super">{mark}</span>)</a>\xa0\xa0{escape(text)}</p>'
        )
    return _page(contents, body, "oj-")


def _journal_piece(piece: Piece) -> str:
    link = r'<a id="ntc\1-C_1" href="#ntr\1-C_1">\xa0(<span class="oj-super oj-note-tag">\1</span>)</a>'
    text = MARK.sub(link.replace(r"\xa0", "\xa0"), escape(piece.text))
    paragraph = f'<p class="{_JOURNAL_CLASS.get(piece.role, "oj-normal")}">{text}</p>'
    before = f"{piece.number}." if piece.role == "paragraph" else piece.mark
    if not before:
        return paragraph
    return (
        '<table width="100%" border="0"><col width="4%"/><col width="96%"/><tbody><tr>'
        f'<td valign="top"><p class="oj-normal">{before}</p></td>'
        f'<td valign="top">{paragraph}</td></tr></tbody></table>'
    )


def council(contents: Contents) -> bytes:
    """A page of the Council's site: real lists, raised marks, and the site around it."""
    body = (
        '<header><nav><ul><li><a href="/">Home</a></li></ul></nav></header>'
        '<div class="cookie-banner">We use cookies.</div><main><article>'
    )
    body += "".join(f"<p>{escape(text)}</p>" for text in _cover_head(contents))
    body += _field_table(contents)
    body += f"<p>{escape(contents.transmission)}</p>"
    for is_list, pieces in groupby(contents.pieces, lambda piece: piece.mark == "–"):
        if is_list:
            items = (f"<li>{_raised(piece.text)}</li>" for piece in pieces)
            body += f"<ul>{''.join(items)}</ul>"
        else:
            body += "".join(map(_council_piece, pieces))
    for mark, text in contents.notes.items():
        body += f'<p id="fn{mark}"><sup>{mark}</sup> {escape(text)}</p>'
    body += "</article></main><footer><p>Contact</p></footer>"
    return _page(contents, body, "")


def _council_piece(piece: Piece) -> str:
    tag = {"title": "h1", "heading": "h2"}.get(piece.role, "p")
    text = _raised(piece.printed)
    return f"<{tag}>{f'<strong>{text}</strong>' if piece.role == 'annex' else text}</{tag}>"


def _raised(text: str) -> str:
    return MARK.sub(r'<sup><a href="#fn\1">\1</a></sup>', escape(text))


def _cover_head(contents: Contents) -> tuple[str, ...]:
    return (" ".join(contents.council), *contents.head[2:]) if contents.council else ()


def _field_table(contents: Contents) -> str:
    rows = (
        f"<tr><td><p>{escape(label)}</p></td><td><p>{escape(value)}</p></td></tr>"
        for label, value in contents.fields
    )
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _page(contents: Contents, body: str, prefix: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html>'
        f'<html xmlns="http://www.w3.org/1999/xhtml" lang="{contents.language}"><head>'
        f"<title>{prefix}page</title></head><body>{body}</body></html>"
    ).encode()
