"""Plain text as it comes out of a PDF, or from a colleague."""

from __future__ import annotations

import textwrap

from tests.ingestion.rendering.contents import MARK, NUMBER, Contents


def wrapped(contents: Contents, *, line_end: str = "\n", gap: str = "\n") -> bytes:
    """Hard line ends, footers, and footnotes at the end of their page.

    Args:
        contents: What is printed.
        line_end: After every line: "\\n\\n" leaves a blank line after each.
        gap: Between paragraphs, besides the line end.
    """
    pages = [[*contents.head, *_fields(contents), contents.transmission]]
    for piece in contents.pieces:
        if piece.role == "annex":
            pages.append([])
        pages[-1].append(MARK.sub(r"\1", piece.printed))
    notes: list[list[str]] = [[] for _ in pages]
    notes[1] = [f"{mark} {text}" for mark, text in contents.notes.items()]
    printed = ""
    for number, (page, page_notes) in enumerate(zip(pages, notes, strict=True), start=1):
        paragraphs = [line_end.join(textwrap.wrap(text, 92)) for text in (*page, *page_notes)]
        footer = f"{NUMBER}   ab/CD/ef   {number}{line_end}JAI.1   {contents.language.upper()}"
        printed += (line_end + gap).join([*paragraphs, footer]) + line_end
    return printed.encode()


def unwrapped(contents: Contents) -> bytes:
    """One paragraph a line, footnotes last, with their marks in brackets."""
    lines = [*contents.head, *_fields(contents), contents.transmission]
    lines += [MARK.sub(r" (\1)", piece.printed) for piece in contents.pieces]
    lines += [f"({mark}) {text}" for mark, text in contents.notes.items()]
    return "\n".join(lines).encode("utf-8-sig")


def _fields(contents: Contents) -> list[str]:
    return [f"{label} {value}" for label, value in contents.fields]
