"""The rules that decide whether a stop ends a sentence, in the order in which they are asked.

Each looks at a few words around the stop and answers yes, no, or nothing. The first answer
counts; a stop on which no rule has an opinion is an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.segmentation.language_rules import Ending, LanguageRules
from pipeline.segmentation.lines import LINE_MARKER, is_ordinal_date
from pipeline.segmentation.stops import (
    Stop,
    ending_of,
    has_line_breaks,
    is_abbreviation,
    is_inside_abbreviation,
)
from pipeline.segmentation.time_phrases import completes_date, is_fronted, opens_date
from pipeline.segmentation.words import (
    OPENING,
    ROMAN,
    bare,
    is_all_capitals,
    is_initial,
    is_number,
    is_number_like,
    is_opener,
    is_year,
    refers,
)

Rule = Callable[[Stop, LanguageRules], bool | None]

_BRACKET_REACH = 300
"""Characters within which a bracket has to open and close around a stop."""

_LIST_MARKER = re.compile(r"[(]?(?:\d{1,3}(?:\.\d{1,2}){0,5}|[IVXLC]{1,6}|\w)[)]?")
_LETTERED_ITEM = re.compile(r"(?P<letter>[^\W\d_])\.\s+(?P<first>\w)")
_STOPPED_NOTE = re.compile(r"(?:\(\d{1,2}\)|\[\d{1,3}\]|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})[.,;:]")
_DECIMAL = re.compile(r"(?<!\d)\d{1,3}$")
_INITIAL = re.compile(r"[^\W\d_]\.")
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.-?)+[^\W\d_]{1,2}")  # "U.S", "J.-P"
_ORDINAL = re.compile(r"\d{1,4}|\d{1,2}(?:\.?[/–-]\d{1,2}|\.(?:0?\d|1[0-2]))|[IVX]{1,6}")
_MONTH_PART = re.compile(r"(?:0\d|1[0-2])\.")  # "2022. 06. 20."
_DATE_PART = re.compile(r"(?:\d{1,2}\.|(?:19|20)\d\d)\D{0,2}")
_LETTERS = frozenset("ABCDEFGHIVXАБВГДЕΑΒΓΔΕ")
"""The capitals that number annexes, parts and options; others are initials."""
_NUMERALS = frozenset("IVX")


def decide(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether a sentence ends here: the answer of the first rule that has one."""
    for rule in RULES:
        verdict = rule(stop, rules)
        if verdict is not None:
            return verdict
    return True


def _list_item_ends(stop: Stop, rules: LanguageRules) -> bool | None:
    """A list marker on a line of its own starts something new, whatever its case."""
    if not has_line_breaks(stop.text, stop.end, stop.next_start, at_least=1):
        return None
    marker = LINE_MARKER.match(stop.text, stop.next_start)
    return True if marker is not None and not is_ordinal_date(marker, rules) else None


def _decimal_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """Tell a footnote mark ("2020.1 Er") from the digits of a number ("version 2.1 Der")."""
    if not stop.note[:1].isdecimal() or stop.closers:
        return None
    is_decimal = _DECIMAL.search(stop.word) is not None
    is_reference = ending_of(stop, rules) not in (None, Ending.LIKELY)  # "art.5"
    return False if is_decimal or is_reference else None


def _punctuation_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """A comma or another stop after it: "etc., und", "! ! !", "2020 г. (1)."."""
    char = stop.text[stop.next_start]
    if stop.text.startswith(",,", stop.next_start):  # typewriter opening quotation mark
        return None
    if char in ",;:.!?…)]}%/" or char in rules.question_marks:
        return False
    return False if _STOPPED_NOTE.match(stop.text, stop.next_start) else None


def _lower_case_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """A lower-case word goes on with the sentence: "art. of", "„Was?“ fragte er"."""
    if not stop.following[:1].islower():
        return None
    if has_line_breaks(stop.text, stop.end, stop.next_start, at_least=2):
        return not (is_abbreviation(stop, rules) or is_number(stop.word))
    return _opens_lettered_item(stop, rules)


def _opens_lettered_item(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether a letter with a stop numbers the next sentence: "notes. b. The Council"."""
    item = _LETTERED_ITEM.match(stop.text, stop.next_start)
    if item is None or not item["first"].isupper() or stop.marks != ".":
        return False
    return item["letter"] not in rules.ending_by_abbreviation and not is_abbreviation(stop, rules)


def _bracket_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """A bracket that opened within the sentence and closes behind the stop holds it together."""
    text, reach = stop.text, max(stop.sentence_start, stop.start - _BRACKET_REACH)
    opened = text.rfind("(", reach, stop.start)
    if opened <= stop.sentence_start or opened < text.rfind(")", reach, stop.end):
        return None
    closed = text.find(")", stop.next_start, stop.next_start + _BRACKET_REACH)
    reopened = text.find("(", stop.next_start, stop.next_start + _BRACKET_REACH)
    is_around = closed != -1 and (reopened == -1 or reopened > closed)
    return False if is_around else None


def _strong_mark_ends(stop: Stop, rules: LanguageRules) -> bool | None:
    """Question marks, exclamation marks and ellipses end a sentence, "[…]" alone does not."""
    if stop.marks == ".":
        return None
    is_omission = stop.word in ("(", "[") and stop.closers[:1] in (")", "]")
    return not is_omission


def _list_marker_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """The number or letter of a paragraph: "1. The Council", "IV. Der Rat", "…: 2.1. Rada"."""
    is_first = stop.start - len(stop.word) == stop.sentence_start
    if is_first or stop.previous.endswith((":", ";")):
        return False if _LIST_MARKER.fullmatch(stop.word) else None
    return None


def _abbreviation_decides(stop: Stop, rules: LanguageRules) -> bool | None:
    """Look the word up in the table of the language; several words make one ("z. B.")."""
    if is_inside_abbreviation(stop, rules):
        return False
    ending = ending_of(stop, rules)
    if ending is None:
        return None
    if ")" in stop.closers or ending is Ending.NEVER:  # "(etc.) The": the stop is not the end
        return False
    following = bare(stop.following)
    if following in rules.continuations:
        return False
    if ending is Ending.UNLESS_NUMBER:
        return is_opener(following, rules) or not is_number_like(following)
    if ending is Ending.BEFORE_OPENER and not is_opener(following, rules):
        is_count = is_year(stop.previous) and following[:1].isdigit()  # "2021 m. 27 valstybės"
        if not is_count:
            return False
    if is_number(stop.previous):  # "До края на 2022 г. Съветът"
        return not (opens_date(stop, rules) or is_fronted(stop, rules))
    return True


def _initial_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """A single capital is an initial ("J. Borrell") unless it is a name's numeral or letter."""
    if not is_initial(stop.word, rules):
        return None
    is_lettered = stop.word in _LETTERS and bare(stop.previous) in rules.reference_words
    if is_lettered:  # "Annex A."
        return True
    if stop.following[:1].isdigit():  # "S. 4"
        return False
    if is_number(stop.previous) and not stop.previous.endswith(","):  # "15 C."
        return True
    if stop.word not in _NUMERALS or _INITIAL.fullmatch(stop.following):
        return False
    return is_opener(bare(stop.following), rules)  # "Ludwig I. Er"


def _acronym_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """Only a word that opens sentences ends "U.S.": "U.S. Government" goes on."""
    word = stop.word.lstrip(OPENING)
    if not _ACRONYM.fullmatch(word):
        return None
    is_first_name = "-" in word  # "J.-Y. Le Drian"
    return not is_first_name and is_opener(bare(stop.following), rules)


def _ordinal_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """The stop of an ordinal: "20. Juni", "vom 6. Ausschuss", "2022. godine"."""
    word = stop.word.lstrip(OPENING)
    if not rules.dotted_ordinals or not _ORDINAL.fullmatch(word):
        return None
    following = bare(stop.following)
    if following in rules.months or following in rules.continuations:
        return False
    if is_year(word):
        is_inside_date = _MONTH_PART.fullmatch(stop.following) or is_fronted(stop, rules)
        return False if rules.dotted_years and is_inside_date else None
    if _DATE_PART.fullmatch(stop.following):  # "20. 6. 2022"
        return False
    if refers(stop.previous, rules):  # "Prema čl. 29. Vijeće"
        return False if rules.dotted_years and is_fronted(stop, rules) else None
    if completes_date(stop, rules):
        return None
    if stop.previous.casefold() in rules.ordinal_leads:
        return False
    if is_opener(following, rules) and not is_all_capitals(stop.following):  # "6. EU-AU-Gipfel"
        return None
    is_named = stop.previous[:1].isupper() and len(stop.tokens) > 2  # "Apollo 11."
    is_long = len(word) > (1 if is_named else 2)  # "3–2.", but "XVI. Benedek"
    is_roman = ROMAN.fullmatch(word.casefold()) is not None and not is_named
    return None if is_long and not is_roman else False


RULES: tuple[Rule, ...] = (
    _list_item_ends,
    _decimal_continues,
    _punctuation_continues,
    _lower_case_continues,
    _bracket_continues,
    _strong_mark_ends,
    _list_marker_continues,
    _abbreviation_decides,
    _initial_continues,
    _acronym_continues,
    _ordinal_continues,
)
