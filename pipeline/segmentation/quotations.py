"""Which quotation marks open and which close, where their shape and place do not tell."""

from __future__ import annotations

import re

_QUOTE = re.compile(r"(?P<opens>[„«]|,,)|(?P<closes>[»”])|(?P<either>[\"“]|'')")


class Quotations:
    """Follows the quotation marks of a text, each read once, to tell closing from opening ones.

    Needed only where a mark stands between two spaces, as in tokenised text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._is_open = False

    def is_open_at(self, position: int) -> bool:
        """Say whether a quotation is open here; positions must ascend from call to call."""
        for mark in _QUOTE.finditer(self._text, self._position, position):
            self._read(mark)
        self._position = position
        return self._is_open

    def _read(self, mark: re.Match[str]) -> None:
        if not mark["either"]:
            self._is_open = mark["opens"] is not None
            return
        is_after_word = self._text[mark.start() - 1 : mark.start()].isalnum()
        is_before_space = self._text[mark.end()].isspace()
        if is_after_word == is_before_space:
            self._is_open = not is_after_word
        else:
            self._is_open = not self._is_open
