"""A candidate boundary with the words around it, and what the tables say of its abbreviation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.segmentation.language_rules import Ending, LanguageRules, abbreviation_key
from pipeline.segmentation.words import OPENING, is_all_capitals, is_initial

LOOK_BEHIND = 64
"""Characters that hold the words before a stop; longer words matter to no rule."""
LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_LONGEST_ABBREVIATION = 16
_JOINT = re.compile(r"['’/–-]")


@dataclass(frozen=True, slots=True)
class Stop:
    """A candidate: a run of stops with what hangs on it and the words around it."""

    text: str
    sentence_start: int
    start: int
    marks: str
    closers: str
    note: str
    end: int
    next_start: int
    tokens: tuple[str, ...]
    """Up to four words before the stop; the last one touches it unless it is empty."""
    following: str
    """The next word, without the punctuation that opens it."""

    @property
    def word(self) -> str:
        """The word that touches the stop."""
        return self.tokens[-1] if self.tokens else ""

    @property
    def previous(self) -> str:
        """The word before ``word``."""
        return self.tokens[-2] if len(self.tokens) > 1 else ""


def has_line_breaks(text: str, end: int, next_start: int, *, at_least: int) -> bool:
    """Count the line breaks between two sentences; two of them make a blank line."""
    lines = text[end : min(next_start, end + LOOK_BEHIND)].splitlines(keepends=True)
    return sum(line[-1] in LINE_BREAKS for line in lines) >= at_least


def ending_of(stop: Stop, rules: LanguageRules) -> Ending | None:
    """Return what the table says of the word before the stop, the longest entry first."""
    for first in range(-len(stop.tokens), -1 if is_initial(stop.word, rules) else 0):
        words = stop.tokens[first:]
        if first < -1 and not _spells_abbreviation(words):
            continue
        key = abbreviation_key(" ".join(words)).lstrip(OPENING)
        ending = rules.ending_by_abbreviation.get(key)
        if ending is None and first == -1:
            tail = _JOINT.split(stop.word)[-1]  # "l'art.", "tad-dok."
            if not is_initial(tail, rules):  # "J.-P."
                ending = rules.ending_by_abbreviation.get(abbreviation_key(tail))
        if ending is not None:
            is_acronym = first == -1 and _is_acronym(stop, rules)
            return None if is_acronym and ending is not Ending.UNLESS_NUMBER else ending
    return None


def _is_acronym(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether a word in capitals is another one than the abbreviation: "500 MW.", not "mw."."""
    word = stop.word.lstrip(OPENING)
    is_plain = len(word) > 1 and word.isupper() and word.isalpha()
    is_shouted = is_all_capitals(stop.following)  # "MR. SMITH"
    return is_plain and not is_shouted and word.casefold() not in rules.capital_abbreviations


def _spells_abbreviation(words: tuple[str, ...]) -> bool:
    return len("".join(words)) < _LONGEST_ABBREVIATION


def is_abbreviation(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether the stop belongs to an abbreviation of the table."""
    return is_inside_abbreviation(stop, rules) or ending_of(stop, rules) is not None


def is_inside_abbreviation(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether the stop stands between two parts of one abbreviation: "z. B."."""
    next_part, is_stopped, _ = stop.following.partition(".")
    last_part = stop.word.lstrip(OPENING).rpartition(".")[2]
    return bool(is_stopped) and f"{last_part}.{next_part}".casefold() in rules.inner_pairs
