"""Document → sentences: the units that are coded, with exact offsets."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.records import Block, Document, Sentence, is_cover_field
from pipeline.segmentation.boundaries import sentence_spans

WHOLE_KINDS = frozenset({"heading", "title"})
"""Blocks that are one unit each, whatever stops they hold; so are fields of a cover."""


def segment(document: Document) -> list[Sentence]:
    """Return the units of a document in order.

    Spans ascend and do not overlap, ``document.text[start:end] == text``, and every character
    that is not white space is in exactly one unit.
    """
    return [
        Sentence(
            sentence_id=f"{document.doc_id}.{document.language}.{position}",
            doc_id=document.doc_id,
            language=document.language,
            position=position,
            start=start,
            end=end,
            text=document.text[start:end],
            kind=block.kind,
            section=block.section,
            paragraph=block.paragraph,
            page=block.page,
        )
        for position, (block, start, end) in enumerate(_spans(document), start=1)
    ]


def _spans(document: Document) -> Iterator[tuple[Block, int, int]]:
    for block in document.blocks:
        text = document.text[block.start : block.end]
        if block.kind in WHOLE_KINDS or is_cover_field(block.kind, text):
            yield block, block.start, block.end
            continue
        for start, end in sentence_spans(text, document.language):
            yield block, block.start + start, block.start + end
