"""What a single word is: a number, a year, an initial, a word that opens sentences."""

from __future__ import annotations

import re

from pipeline.segmentation.language_rules import Ending, LanguageRules, abbreviation_key

OPENING = "«„“”\"'‘’‚‹›»([{¿¡—–‐•·▪*-"
"""Punctuation that may stand before the first word of a sentence."""
CLOSING = ")]}\"'”’“‘»›«‹"
"""Punctuation that may follow a stop within the same sentence."""

ROMAN = re.compile(r"[ivxlc]{1,6}|[ιχ]{1,6}")
"""A casefolded Roman number; Greek capitals look the same."""
_NUMBER = re.compile(r"\d[\d.,/–—-]*")
_CLITIC = re.compile(r"(?P<head>\w{1,8})(?P<joint>['’-])\w")
_AHEAD = re.compile(
    rf"""
    (?P<opening>(?:,,|[{re.escape(OPENING)}\s]){{0,8}})
    (?P<marker>[(]?\w{{1,4}}[)]\s{{1,3}})?
    (?P<more_opening>[{re.escape(OPENING)}]{{0,4}})
    (?P<word>[^\s]{{0,40}})
    """,
    re.VERBOSE,
)


def bare(word: str) -> str:
    """Return a word casefolded, without the punctuation around it."""
    return word.strip(".,;:!?…()[]«»„“”\"'‘’‹›").casefold()


def is_opener(word: str, rules: LanguageRules) -> bool:
    """Say whether a bare word opens sentences, by itself or by a clitic ("l'union")."""
    if word in rules.openers:
        return True
    clitic = _CLITIC.match(word)
    if clitic is None:
        return False
    head, joint = clitic["head"], clitic["joint"].replace("’", "'")
    return f"{head}{joint}" in rules.openers or (joint == "'" and head in rules.openers)


def is_number(word: str) -> bool:
    """Say whether a word is a number, a date in digits or a range of numbers."""
    return _NUMBER.fullmatch(word.lstrip(OPENING)) is not None


def is_year(word: str) -> bool:
    """Say whether a number can be a year; the Council's meetings count beyond 3900."""
    return len(word) == 4 and word.isdigit() and "1000" <= word < "2200"


def is_number_like(word: str) -> bool:
    """Say whether a casefolded word is what follows "art.": 5, 5a, VI, A, § 3."""
    return any(char.isdigit() for char in word) or len(word) <= 1 or bool(ROMAN.fullmatch(word))


def is_all_capitals(word: str) -> bool:
    """Say whether a word begins with two capitals: "EU-AU-Gipfel"."""
    return len(word) > 1 and word[:2].isupper() and word[:2].isalpha()


def refers(word: str, rules: LanguageRules) -> bool:
    """Say whether a word stands before numbers that can end a sentence: "Artikel", "str."."""
    key = bare(word)
    is_reference = rules.ending_by_abbreviation.get(key) is Ending.UNLESS_NUMBER
    return key in rules.reference_words or (is_reference and word.endswith("."))


def names_date_part(word: str, rules: LanguageRules) -> bool:
    """Say whether a word of a date is a month or the abbreviation of year, month or day."""
    key = abbreviation_key(word)
    ending = rules.ending_by_abbreviation.get(key)
    return key in rules.months or ending in (Ending.LIKELY, Ending.BEFORE_OPENER)


def is_initial(word: str, rules: LanguageRules) -> bool:
    """Say whether a word is one capital letter, which no table lists: "S." is not "s."."""
    bare = word.lstrip(OPENING)
    return (len(bare) == 1 and bare.isupper()) or bare in rules.digraph_initials


def word_at(text: str, position: int, rules: LanguageRules) -> str:
    """Return the word at a position, past opening punctuation, list markers and clitics."""
    ahead = _AHEAD.match(text, position)
    assert ahead is not None  # every part may be empty
    word = ahead["word"]
    if rules.elisions and ahead["opening"] + word.casefold() in rules.elisions:  # "'s Raads"
        after = _AHEAD.match(text, ahead.end() + 1)
        return after["word"] if after is not None else word
    return word
