"""What a line break without a stop before it means: a wrap, a heading, a list item."""

from __future__ import annotations

import re

from pipeline.segmentation.language_rules import LanguageRules
from pipeline.segmentation.stops import LOOK_BEHIND, has_line_breaks
from pipeline.segmentation.words import bare, is_all_capitals, word_at

_LONGEST_HEADING = 200
"""Most characters of a heading in capitals."""
_LONGEST_ACRONYM = 5
"""A single word in capitals is a heading only if it is longer."""

LINE_MARKER = re.compile(
    r"[-–—•▪*·]\s|[(]?(?:\d{1,3}|[ivxIVX]{1,5}|\w)[)]\s|\d{1,3}\.\s+(?P<next>\S{1,30})"
)
"""A dash, letter or number that opens a list item at the start of a line."""


def line_ends(
    text: str, sentence_start: int, end: int, next_start: int, rules: LanguageRules
) -> bool:
    """Say whether a line break without a stop before it ends the sentence.

    Ingestion has joined wrapped lines already; what is left are headings, list items, and
    documents whose every line is followed by a blank one.
    """
    if end <= sentence_start:
        return False
    marker = LINE_MARKER.match(text, next_start)
    if marker is not None:
        return not is_ordinal_date(marker, rules)
    if not has_line_breaks(text, end, next_start, at_least=2):
        return _is_capital_heading(text, sentence_start, end, next_start)
    if text[end - 1] in ",-–":
        return False
    if text[end - 1] in ";:":
        return True
    last = text[max(sentence_start, end - LOOK_BEHIND) : end].split()[-1]
    is_letter = len(last) == 1 and last.isupper()  # "ANNEX A"
    if last.casefold() in rules.unfinished_words and not is_letter:  # "on the / Member States"
        return False
    first = word_at(text, next_start, rules)[:1]
    return not (first.islower() or first.isdigit())


def _is_capital_heading(text: str, start: int, end: int, next_start: int) -> bool:
    """Say whether a line in capitals stands above a line that is not in capitals."""
    line = text[start:end]
    if len(line) > _LONGEST_HEADING or not line.isupper() or text[end - 1] in ",-–":
        return False
    is_word = len(line.split()) > 1 or len(line) > _LONGEST_ACRONYM
    return is_word and not is_all_capitals(text[next_start : next_start + 2])


def is_ordinal_date(marker: re.Match[str], rules: LanguageRules) -> bool:
    """Say whether the number at a line's start is a wrapped date: "vom / 20. Juni"."""
    following = marker["next"]
    if following is None:
        return False
    return bare(following) in rules.months or following[:1].islower()
