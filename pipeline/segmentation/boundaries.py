"""Where the sentences of a paragraph end: one engine, small rules, one table per language.

The text is read once. Every run of stops and every line break is a candidate; the first rule in
``RULES`` that has an opinion decides, and a candidate no rule objects to is an end. Rules look at
a few words before and after the candidate, never at the rest of the text, so the time is linear
in its length. To deepen the engine, add a rule to the list or a word to a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from pipeline.segmentation.language_rules import (
    Ending,
    LanguageRules,
    abbreviation_key,
    load_language_rules,
)

_LOOK_BEHIND = 64
"""Characters that hold the words before a stop; longer words matter to no rule."""
_BRACKET_REACH = 300
"""Characters within which a bracket has to open and close around a stop."""
_FRONTED_WORDS = 6
"""Most words of a time phrase before the subject, year and abbreviation included."""

_OPENING = "«„“”\"'‘’‚‹›»([{¿¡—–‐•·▪*-"
_CLOSING = ")]}\"'”’“‘»›«‹"
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


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


Rule = Callable[[Stop, LanguageRules], bool | None]


def sentence_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Return the spans ``[start, end)`` of the sentences of one paragraph.

    Spans ascend, do not overlap, neither begin nor end with white space, and cover every
    character that is not white space.

    Args:
        text: One paragraph or heading, its lines joined; line breaks left in it count as spaces
            unless a blank line or a list marker shows that something new begins.
        language: ISO 639-1 code of one of the 24 languages.

    Raises:
        ValueError: There is no table for this language.

    >>> text = "Vgl. Art. 5 Abs. 2 usw. Der Rat stimmt zu."
    >>> [text[start:end] for start, end in sentence_spans(text, "de")]
    ['Vgl. Art. 5 Abs. 2 usw.', 'Der Rat stimmt zu.']
    """
    rules = load_language_rules(language)
    spans: list[tuple[int, int]] = []
    quotations = _Quotations(text)
    start = _skip_space(text, 0)
    for candidate in _candidates(rules.question_marks).finditer(text, start):
        if candidate.end() >= len(text):
            break
        if candidate["break"] is None:
            end, next_start = _edges(candidate, quotations)
            is_end = next_start > end and _is_end(
                _read_stop(text, start, candidate, (end, next_start), rules), rules
            )
        else:
            end, next_start = _strip_space(text, start, candidate.start()), candidate.end()
            is_end = _line_ends(text, start, end, next_start, rules)
        if is_end:
            spans.append((start, end))
            start = next_start
    if start < len(text):
        spans.append((start, _strip_space(text, start, len(text))))
    return spans


@cache
def _candidates(question_marks: str) -> re.Pattern[str]:
    """Return the expression for stops and line breaks; no part of it can fail after the first."""
    return re.compile(
        rf"""
        (?P<marks>[.!?…{re.escape(question_marks)}]+)
        (?P<closers>[{re.escape(_CLOSING)}]*)
        (?P<loose_closer>[ \u00a0\u202f](?:[»”“"]|'')(?=[\s.,;:)]|\Z))?
        (?P<note>
            [⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,3}}
            | (?:[ ]?\[\d{{1,3}}\]){{1,5}}
            | \(\d{{1,2}}\)
            | \d{{1,2}}(?:,\d{{1,2}}){{0,3}}(?=\s)
        )?
        (?P<late_closers>[{re.escape(_CLOSING)}]*)
        (?P<gap>\s*)
        |
        (?P<break>[{_LINE_BREAKS}]\s*)
        """,
        re.VERBOSE,
    )


_QUOTE = re.compile(r"(?P<opens>[„«]|,,)|(?P<closes>[»”])|(?P<either>[\"“]|'')")

_AHEAD = re.compile(
    rf"""
    (?P<opening>(?:,,|[{re.escape(_OPENING)}\s]){{0,8}})
    (?P<marker>[(]?\w{{1,4}}[)]\s{{1,3}})?
    (?P<more_opening>[{re.escape(_OPENING)}]{{0,4}})
    (?P<word>[^\s]{{0,40}})
    """,
    re.VERBOSE,
)


def _edges(candidate: re.Match[str], quotations: _Quotations) -> tuple[int, int]:
    """Return where a sentence that stops here would end, and where the next one would start."""
    loose = candidate.start("loose_closer")
    if loose == -1 or candidate["loose_closer"][1] in "»”" or quotations.is_open_at(loose + 1):
        return candidate.start("gap"), candidate.end()
    return loose, loose + 1


class _Quotations:
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


def _is_end(stop: Stop, rules: LanguageRules) -> bool:
    for rule in RULES:
        verdict = rule(stop, rules)
        if verdict is not None:
            return verdict
    return True


def _read_stop(
    text: str,
    sentence_start: int,
    candidate: re.Match[str],
    edges: tuple[int, int],
    rules: LanguageRules,
) -> Stop:
    start = candidate.start()
    end, next_start = edges
    before = text[max(sentence_start, start - _LOOK_BEHIND) : start]
    tokens = before.split()[-4:]
    if before[-1:].isspace():
        tokens.append("")
    return Stop(
        text=text,
        sentence_start=sentence_start,
        start=start,
        marks=candidate["marks"],
        closers=candidate["closers"] + candidate["late_closers"],
        note=candidate["note"] or "",
        end=end,
        next_start=next_start,
        tokens=tuple(tokens),
        following=_word_at(text, next_start, rules),
    )


def _word_at(text: str, position: int, rules: LanguageRules) -> str:
    """Return the word at a position, past opening punctuation, list markers and clitics."""
    ahead = _AHEAD.match(text, position)
    assert ahead is not None  # every part may be empty
    word = ahead["word"]
    if rules.elisions and text[position : position + 2].casefold() in rules.elisions:
        after = _AHEAD.match(text, ahead.end() + 1)
        return after["word"] if after is not None else word
    return word


# --- the rules, in the order in which they are asked -------------------------------------------


def _decimal_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """Tell a footnote mark ("2020.1 Er") from the digits of a number ("version 2.1 Der")."""
    if not stop.note[:1].isdecimal() or stop.closers:
        return None
    is_decimal = _DECIMAL.search(stop.word) is not None
    is_reference = _ending_of(stop, rules) not in (None, Ending.LIKELY)  # "art.5"
    return False if is_decimal or is_reference else None


def _list_item_ends(stop: Stop, rules: LanguageRules) -> bool | None:
    """A list marker on a line of its own starts something new, whatever its case."""
    if not _has_line_breaks(stop.text, stop.end, stop.next_start, at_least=1):
        return None
    marker = _LINE_MARKER.match(stop.text, stop.next_start)
    return True if marker is not None and not _is_ordinal_date(marker, rules) else None


def _punctuation_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """A comma or another stop after it: "etc., und", "! ! !"."""
    char = stop.text[stop.next_start]
    if stop.text.startswith(",,", stop.next_start):  # typewriter opening quotation mark
        return None
    return False if char in ",;:.!?…)]}%/" or char in rules.question_marks else None


def _lower_case_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """A lower-case word goes on with the sentence: "art. of", "„Was?“ fragte er"."""
    if not stop.following[:1].islower():
        return None
    if _has_line_breaks(stop.text, stop.end, stop.next_start, at_least=2):
        return not (_is_abbreviation(stop, rules) or _is_number(stop.word))
    return False


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
    if _is_inside_abbreviation(stop, rules):
        return False
    ending = _ending_of(stop, rules)
    if ending is None:
        return None
    if ")" in stop.closers or ending is Ending.NEVER:  # "(etc.) The": the stop is not the end
        return False
    following = _bare(stop.following)
    if following in rules.continuations:
        return False
    if ending is Ending.UNLESS_NUMBER:
        return following in rules.openers or not _is_number_like(following)
    if ending is Ending.BEFORE_OPENER and following not in rules.openers:
        return False
    if _is_number(stop.previous):  # "2022 m. 20 d.", "До края на 2022 г. Съветът"
        return not (stop.following[:1].isdigit() or _is_fronted(stop, rules))
    return True


def _initial_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """A single capital is an initial ("J. Borrell") unless it is a name's numeral or letter."""
    if not _is_initial(stop.word, rules):
        return None
    is_lettered = stop.word in _LETTERS and _bare(stop.previous) in rules.reference_words
    if is_lettered or _is_number(stop.previous):  # "Annex A.", "15 C."
        return True
    if stop.word not in _NUMERALS or _INITIAL.fullmatch(stop.following):
        return False
    return _bare(stop.following) in rules.openers  # "Ludwig I. Er"


def _acronym_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """Only a word that opens sentences ends "U.S.": "U.S. Government" goes on."""
    if _ACRONYM.fullmatch(stop.word.lstrip(_OPENING)):
        return _bare(stop.following) in rules.openers
    return None


def _ordinal_continues(stop: Stop, rules: LanguageRules) -> bool | None:
    """The stop of an ordinal: "20. Juni", "vom 6. Ausschuss", "2022. godine"."""
    word = stop.word.lstrip(_OPENING)
    if not rules.dotted_ordinals or not _ORDINAL.fullmatch(word):
        return None
    following = _bare(stop.following)
    if following in rules.months or following in rules.continuations:
        return False
    if _is_year(word):
        is_inside_date = _MONTH_PART.fullmatch(stop.following) or _is_fronted(stop, rules)
        return False if rules.dotted_years and is_inside_date else None
    if _DATE_PART.fullmatch(stop.following):  # "20. 6. 2022"
        return False
    if _refers(stop.previous, rules) or _completes_date(stop, rules):
        return None
    if stop.previous.casefold() in rules.ordinal_leads:
        return False
    if following in rules.openers and not _is_all_capitals(stop.following):  # "6. EU-AU-Gipfel"
        return None
    is_named = stop.previous[:1].isupper() and len(stop.tokens) > 2  # "Apollo 11.", "Annex III."
    return None if is_named or len(word) > 2 else False


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


def _line_ends(
    text: str, sentence_start: int, end: int, next_start: int, rules: LanguageRules
) -> bool:
    """Say whether a line break without a stop before it ends the sentence.

    Ingestion has joined wrapped lines already; what is left are headings, list items, and
    documents whose every line is followed by a blank one.
    """
    if end <= sentence_start:
        return False
    marker = _LINE_MARKER.match(text, next_start)
    if marker is not None:
        return not _is_ordinal_date(marker, rules)
    if not _has_line_breaks(text, end, next_start, at_least=2) or text[end - 1] in ",-–":
        return False
    if text[end - 1] in ";:":
        return True
    first = _word_at(text, next_start, rules)[:1]
    return not (first.islower() or first.isdigit())


# --- words -------------------------------------------------------------------------------------

_LIST_MARKER = re.compile(r"[(]?(?:\d{1,3}(?:\.\d{1,2}){0,5}|[IVXLC]{1,6}|\w)[)]?")
_LINE_MARKER = re.compile(
    r"[-–—•▪*·]\s|[(]?(?:\d{1,3}|[ivxIVX]{1,5}|\w)[)]\s|\d{1,3}\.\s+(?P<next>\S{1,30})"
)
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_ORDINAL = re.compile(r"\d{1,4}|\d{1,2}[.–-]{1,2}\d{1,2}|[IVX]{1,6}")
_LETTERS = frozenset("ABCDEFGHIVXАБВГДЕΑΒΓΔΕ")
"""The capitals that number annexes, parts and options; others are initials."""
_NUMERALS = frozenset("IVX")
_DECIMAL = re.compile(r"(?<!\d)\d{1,3}$")
_MONTH_PART = re.compile(r"(?:0\d|1[0-2])\.")  # "2022. 06. 20."
_DATE_PART = re.compile(r"(?:\d{1,2}\.|(?:19|20)\d\d)\D{0,2}")
_DAY = re.compile(r"\d{1,2}\.")
_INITIAL = re.compile(r"[^\W\d_]\.")
_NUMBER = re.compile(r"\d[\d.,/–-]*")
_ROMAN = re.compile(r"[ivxlc]{1,6}")


def _bare(word: str) -> str:
    """Return a word casefolded, without the punctuation around it."""
    return word.strip(".,;:!?…()[]«»„“”\"'‘’‹›").casefold()


def _is_number(word: str) -> bool:
    return _NUMBER.fullmatch(word.lstrip(_OPENING)) is not None


def _is_year(word: str) -> bool:
    """Say whether a number can be a year; the Council's meetings count beyond 3900."""
    return len(word) == 4 and word.isdigit() and "1000" <= word < "2200"


def _is_number_like(word: str) -> bool:
    """Say whether a casefolded word is what follows "art.": 5, 5a, VI, A, § 3."""
    return any(char.isdigit() for char in word) or len(word) <= 1 or bool(_ROMAN.fullmatch(word))


def _is_all_capitals(word: str) -> bool:
    return word[:2].isupper() and word[:2].isalpha()


def _refers(word: str, rules: LanguageRules) -> bool:
    """Say whether a word stands before numbers that can end a sentence: "Artikel", "str."."""
    key = _bare(word)
    is_reference = rules.ending_by_abbreviation.get(key) is Ending.UNLESS_NUMBER
    return key in rules.reference_words or (is_reference and word.endswith("."))


def _completes_date(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether the number is the last part of a date: "22. 7.", "2022. június 20."."""
    return _DAY.fullmatch(stop.previous) is not None or _bare(stop.previous) in rules.months


def _has_line_breaks(text: str, end: int, next_start: int, *, at_least: int) -> bool:
    """Count the line breaks between two sentences; two of them make a blank line."""
    lines = text[end : min(next_start, end + _LOOK_BEHIND)].splitlines(keepends=True)
    return sum(line[-1] in _LINE_BREAKS for line in lines) >= at_least


def _ending_of(stop: Stop, rules: LanguageRules) -> Ending | None:
    """Return what the table says of the word before the stop, the longest entry first."""
    for first in range(-len(stop.tokens), -1 if _is_initial(stop.word, rules) else 0):
        words = stop.tokens[first:]
        if first < -1 and not _spells_abbreviation(words):
            continue
        key = abbreviation_key("".join(words)).lstrip(_OPENING)
        ending = rules.ending_by_abbreviation.get(key)
        if ending is None and first == -1:
            tail = re.split(r"['’/–-]", key)[-1]  # "l'art.", "tad-dok."
            ending = rules.ending_by_abbreviation.get(tail)
        if ending is not None:
            return ending
    return None


def _is_initial(word: str, rules: LanguageRules) -> bool:
    """Say whether a word is one capital letter, which no table lists: "S." is not "s."."""
    bare = word.lstrip(_OPENING)
    return (len(bare) == 1 and bare.isupper()) or bare in rules.digraph_initials


def _spells_abbreviation(words: tuple[str, ...]) -> bool:
    return len("".join(words)) < 16


def _is_abbreviation(stop: Stop, rules: LanguageRules) -> bool:
    return _is_inside_abbreviation(stop, rules) or _ending_of(stop, rules) is not None


def _is_inside_abbreviation(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether the stop stands between two parts of one abbreviation: "z. B."."""
    next_part, is_stopped, _ = stop.following.partition(".")
    last_part = stop.word.lstrip(_OPENING).rpartition(".")[2]
    return bool(is_stopped) and f"{last_part}.{next_part}".casefold() in rules.inner_pairs


def _is_fronted(stop: Stop, rules: LanguageRules) -> bool:
    """Say whether the words before the stop are a time phrase in front of its subject.

    "Do końca 2022 r. Komisja przedstawi" is one sentence, for no verb has been seen yet; so is
    "…, a do końca 2022 r. Komisja".
    """
    reach = max(stop.sentence_start, stop.start - _LOOK_BEHIND)
    clause = stop.text[reach : stop.start]
    _, comma, phrase = clause.rpartition(",")
    words = phrase.split()
    if comma:
        if not words or words[0].casefold() not in rules.conjunctions:
            return False
        words = words[1:]
    elif reach > stop.sentence_start:
        return False
    if not words or len(words) > _FRONTED_WORDS:
        return False
    if _bare(words[0]) in rules.fronting_words:
        return True
    return all(_is_number(word) or _names_date_part(word, rules) for word in words)


def _names_date_part(word: str, rules: LanguageRules) -> bool:
    """Say whether a word of a date is a month or the abbreviation of year, month or day."""
    key = abbreviation_key(word)
    ending = rules.ending_by_abbreviation.get(key)
    return key in rules.months or ending in (Ending.LIKELY, Ending.BEFORE_OPENER)


def _is_ordinal_date(marker: re.Match[str], rules: LanguageRules) -> bool:
    """Say whether the number at a line's start is a wrapped date: "vom / 20. Juni"."""
    following = marker["next"]
    if following is None:
        return False
    return _bare(following) in rules.months or following[:1].islower()


# --- white space -------------------------------------------------------------------------------


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _strip_space(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end
