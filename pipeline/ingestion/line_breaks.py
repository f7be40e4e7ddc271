"""Breaks within a paragraph of a format that has paragraphs: some stand for a paragraph's end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.ingestion.lines import Line
from pipeline.ingestion.numbering import number_mark
from pipeline.records import Kind

_SPACES = re.compile(r"\s+")


def paragraph_pieces(text: str, role: Kind | None) -> Iterator[str]:
    """Yield a paragraph whole, or cut at breaks that stand for paragraph ends.

    Such are two in a row, and one before a list mark, or before a number after a full stop.

    Args:
        text: A paragraph, with its breaks as line ends.
        role: What the format says the paragraph is; only one that says nothing is cut.
    """
    piece = ""
    for line in (_SPACES.sub(" ", part).strip() for part in text.split("\n")):
        if piece and role is None and (not line or _begins_item(line, piece)):
            yield piece
            piece = ""
        piece = f"{piece} {line}".strip()
    if piece:
        yield piece


def _begins_item(text: str, before: str) -> bool:
    if Line(text, 0, None).list_mark:
        return True
    return number_mark(0, text) is not None and Line(before, 0, None).is_terminated
