"""What a line break without a stop before it means: a wrap, a heading, a list item."""

from __future__ import annotations

import re

from pipeline.segmentation.language_rules import LanguageRules
from pipeline.segmentation.stops import LOOK_BEHIND, has_line_breaks
from pipeline.segmentation.words import bare, is_all_capitals, is_opener, word_at

_LONGEST_HEADING = 200
"""Most characters of a heading in capitals."""
_LONGEST_ACRONYM = 5
"""A single word in capitals is a heading only if it is longer."""

LINE_MARKER = re.compile(
    r"""
    [-–—•▪*·‣◦●○■□►➢]\s
    | [(]?(?:\d{1,3}|[ivxIVX]{1,5}|\w)[)]\s
    | \d{1,3}(?:\.\d{1,2}){0,4}\.\s+(?P<next>\S{1,30})
    """,
    re.VERBOSE,
)
"""A dash, letter or number that opens a list item at the start of a line."""
_SECTION_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2}){1,4}\s+")


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
        is_wrapped = marker["next"] is not None and _is_unfinished(text, sentence_start, end, rules)
        is_item = text[end - 1] in ";:" or not is_ordinal_date(marker, rules)
        return is_item and not is_wrapped  # "im / 6. Ausschuss"
    if not has_line_breaks(text, end, next_start, at_least=2):
        return _is_capital_heading(text, sentence_start, end, next_start)
    if text[end - 1] in ",-–":
        return False
    if text[end - 1] in ";:":
        return True
    if _is_unfinished(text, sentence_start, end, rules):
        return False
    if text[next_start].isdigit():
        return _opens_section(text, next_start, rules)
    first = word_at(text, next_start, rules)[:1]
    return not (first.islower() or first.isdigit())


def _is_unfinished(text: str, start: int, end: int, rules: LanguageRules) -> bool:
    """Say whether a line ends in a word that cannot be the last: "on the / Member States"."""
    last = text[max(start, end - LOOK_BEHIND) : end].split()[-1]
    is_letter = len(last) == 1 and last.isupper()  # "ANNEX A"
    return last.casefold() in rules.unfinished_words and not is_letter


def _opens_section(text: str, start: int, rules: LanguageRules) -> bool:
    """Say whether a line starts with the number of a section: "2.1 The", but not "2.5 Mio."."""
    number = _SECTION_NUMBER.match(text, start)
    return number is not None and is_opener(bare(word_at(text, number.end(), rules)), rules)


def _is_capital_heading(text: str, start: int, end: int, next_start: int) -> bool:
    """Say whether a line in capitals stands above a line that is not in capitals."""
    if end - start > _LONGEST_HEADING or text[end - 1] in ",-–":
        return False
    line = text[start:end]
    if not line.isupper():
        return False
    is_word = len(line.split()) > 1 or len(line) > _LONGEST_ACRONYM
    return is_word and not is_all_capitals(text[next_start : next_start + 2])


def is_ordinal_date(marker: re.Match[str], rules: LanguageRules) -> bool:
    """Say whether the number at a line's start is a wrapped date: "vom / 20. Juni"."""
    following = marker["next"]
    if following is None:
        return False
    is_ordinal = rules.dotted_ordinals and following[:1].islower()
    return is_ordinal or bare(following) in rules.months or following[:1].isdigit()
