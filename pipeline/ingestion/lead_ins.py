"""Which block a list item completes: the one that leads its list in ("The Council calls for:")."""

from __future__ import annotations

import re

from pipeline.ingestion.lines import DASHES
from pipeline.records import Kind

_FULL_STOP = re.compile(r"[.!?]['\"”’»“)\]]*$")
_ROMAN = re.compile(r"[ivx]+")
_LETTER_BEFORE = {"i": "h", "v": "u", "x": "w"}
"""What stands before a letter that may also be a roman number."""


class LeadIns:
    """Follows a document's blocks in order, lists within lists included.

    >>> lead_ins = LeadIns()
    >>> lead_ins.follow(0, "It calls for:", "", "sentence")
    >>> lead_ins.follow(14, "(a) more ports:", "(a)", "sentence")
    0
    >>> lead_ins.follow(30, "– large ones;", "–", "sentence")
    14
    >>> lead_ins.follow(44, "(b) more ships.", "(b)", "sentence")
    0
    """

    def __init__(self) -> None:
        self._lead_in: int | None = None
        self._lists: list[tuple[str, int | None]] = []
        self._last_letter = ""

    def follow(self, start: int, text: str, mark: str, kind: Kind) -> int | None:
        """Take up the next block.

        Args:
            start: Where it begins.
            text: What it says.
            mark: The list mark before it, empty for what is no item.
            kind: Only a sentence is an item or leads items in.

        Returns:
            Where the block begins that it completes; None for what is no item, or one of a list
            that nothing leads in.
        """
        if not mark or kind != "sentence":
            self._lists.clear()
            leads_in = kind == "sentence" and not _FULL_STOP.search(text)
            self._lead_in = start if leads_in else None
            return None
        self._enter_list(self._style(mark))
        found = self._lists[-1][1]
        self._lead_in = start if text.endswith(":") else None
        return found

    def _enter_list(self, style: str) -> None:
        """Go back to the list of this style, or begin one within the last."""
        styles = [style for style, _ in self._lists]
        if style in styles:
            del self._lists[styles.index(style) + 1 :]
        elif self._lead_in is not None or not self._lists:
            self._lists.append((style, self._lead_in))
        else:
            self._lists.append((style, self._lists[-1][1]))

    def _style(self, mark: str) -> str:
        sign = mark.strip("().")
        if sign.isdigit():
            return "1"
        if not sign.isalpha():
            return "–" if sign in DASHES else "•"
        in_sequence = any(style == "a" for style, _ in self._lists) and (
            _LETTER_BEFORE.get(sign) == self._last_letter
        )
        if _ROMAN.fullmatch(sign) and not in_sequence:
            return "i"
        self._last_letter = sign
        return "a"
