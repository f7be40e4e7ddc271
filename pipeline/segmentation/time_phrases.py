"""Dates around a stop: does one go on behind it, does one stand in front of the subject?"""

from __future__ import annotations

import re

from pipeline.segmentation.language_rules import LanguageRules
from pipeline.segmentation.stops import LOOK_BEHIND, Stop
from pipeline.segmentation.words import bare, is_number, names_date_part

_UNKNOWN_WORDS = 2
"""Most words of a time phrase that are neither prepositions nor parts of a date."""
_PARAGRAPH_NUMBER = re.compile(r"\d{1,3}[.)]|[(]?\w{1,4}[)]|[-–—•]")
_DAY = re.compile(r"\d{1,2}\.")
_NUMBERED = re.compile(r"\d[\d.,/–-]*\s?(?P<unit>\S{0,20})")


def is_fronted(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether the words before the stop are a time phrase in front of its subject.

    "Do końca 2022 r. Komisja przedstawi" is one sentence, for no verb has been seen yet; so is
    "…, a do końca 2022 r. Komisja".
    """
    words = _phrase_before(stop, rules)
    if not words:
        return False
    n_unknown = sum(not _belongs_to_time_phrase(word, rules) for word in words)
    is_led = bare(words[0]) in rules.fronting_words
    return n_unknown <= (_UNKNOWN_WORDS if is_led else 0)


def _phrase_before(stop: Stop, rules: LanguageRules) -> list[str]:
    """Return the words of the sentence so far, or those after a comma and a conjunction."""
    reach = max(stop.sentence_start, stop.start - LOOK_BEHIND)
    _, comma, phrase = stop.text[reach : stop.start].rpartition(",")
    words = phrase.split()
    if comma:
        return words[1:] if words and words[0].casefold() in rules.conjunctions else []
    if reach > stop.sentence_start:
        return []
    is_numbered = bool(words) and _PARAGRAPH_NUMBER.fullmatch(words[0]) is not None
    return words[1:] if is_numbered else words


def _belongs_to_time_phrase(word: str, rules: LanguageRules) -> bool:
    is_date_part = is_number(word) or names_date_part(word, rules)
    return is_date_part or bare(word) in rules.fronting_words


def opens_date(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether a number follows that is not the first word of a sentence: "2022 m. 20 d."."""
    numbered = _NUMBERED.match(stop.text, stop.next_start)
    if numbered is None:
        return False
    unit = numbered["unit"]
    return not unit.isalpha() or unit.casefold() in rules.months or names_date_part(unit, rules)


def completes_date(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether the number is the last part of a date: "22. 7.", "2022. június 20."."""
    return _DAY.fullmatch(stop.previous) is not None or bare(stop.previous) in rules.months
