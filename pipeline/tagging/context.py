"""What stands before a sentence, for models that read it beside the sentence."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def texts_before(texts: Sequence[str], documents: Sequence[Hashable]) -> list[str]:
    """Return, for each text, the one before it in the same document; empty for the first.

    Args:
        texts: In the order of their documents.
        documents: The document of each.

    >>> texts_before(["A", "B", "C"], ["x", "x", "y"])
    ['', 'A', '']
    """
    before: list[str] = []
    last: dict[Hashable, str] = {}
    for text, document in zip(texts, documents, strict=True):
        before.append(last.get(document, ""))
        last[document] = text
    return before
