"""Mentions of other documents in a sentence, in the forms of the 24 languages.

| kind | mention | target |
|---|---|---|
| ``conclusions`` | conclusions of 15 June 2020 | ``conclusions-2020-06-15`` |
| ``un_resolution`` | Resolution 2254 (2015); A/RES/60/288 | ``UNSCR-2254``; ``A/RES/60/288`` |
| ``eu_act`` | Directive (EU) 2017/541; 2008/944/CFSP | its CELEX number: ``32017L0541`` |
| ``council_document`` | 10179/22; ST 9422/1/15 REV 1 | ``ST-10179-2022-INIT`` |
| ``celex`` | 52022XG0630(01) | itself |
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.ingestion.furniture import full_year
from pipeline.ingestion.metadata import CELEX, RegisterNumber
from pipeline.months import month_number
from pipeline.records import Reference
from pipeline.yaml_files import Section, read_yaml

MAX_WORDS_BETWEEN = 12
"""Words between "conclusions" and a date that belongs to them, other dates not counted."""
MAX_WORDS_TO_NUMBER = 6
"""Words between the name of an act's kind and its number ("Regulation of the Council No …")."""

YEARS = (1945, 2100)

_TABLE = Path(__file__).with_name("reference_words.yaml")
_MAY_REFER = re.compile(r"[\d/](?:(?<=\d)(?:[/-]\d|[A-Z]|(?<!\d\d)\d{2,3}(?!\d))|(?<=/)RES/)")
"""Every mention has a year or a number of a resolution, or one of these signs; few sentences do."""
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_NUMERIC_DATE = re.compile(r"(?<![\d./])(\d{1,2})\.\s?(\d{1,2})\.\s?((?:19|20)\d{2})(?!\d)")
_RES = re.compile(r"\b[AS]/RES/\d+(?:/\d+)?(?: ?\(\d{4}\))?")
_COUNCIL_DOCUMENT = re.compile(
    r"(?<![\d/.-])(?P<st>ST[ -]?)?(?P<number>\d{4,5})(?:/(?P<revision>\d))?/(?P<year>\d{2})"
    r"(?![\d/])(?P<parts>(?: (?:REV|ADD|COR) ?\d+)*)"
)
_REGISTER_ID = re.compile(r"\b[A-Z]{2,4}-\d{1,5}-(?:19|20)\d{2}-(?:INIT|(?:REV|ADD|COR)-\d+)\b")
_ACT_NUMBER = re.compile(
    r"\([^()\d]{2,16}\)(?: [^\W\d_]{1,4}[.º°]?){0,2} ?(?P<first>\d{1,4})/(?P<second>\d{1,4})(?!\d)"
    r"|(?<![\d/])(?P<year>(?:19|20)\d{2})/(?P<number>\d{1,4})/(?P<suffix>[^\W\d_]{2,5})\b"
)
_RESOLUTION_NUMBER = re.compile(
    r"(?<![\d/(.,])([1-9]\d{2,3})(?![\d/])(?P<year> ?\((?:19|20)\d{2}\))?"
)
_PART = re.compile(r"(REV|ADD|COR) ?(\d+)")

# The letter of a CELEX number in sector 3, https://eur-lex.europa.eu/content/tools/TableOfSectors
_LETTER_BY_ACT = {
    "framework_decision": "F",
    "common_position": "E",
    "regulation": "R",
    "directive": "L",
    "recommendation": "H",
    "decision": "D",
}
_FIRST_OF_NEW_NUMBERING = 2015
"""From 2015 on acts are numbered year first: Regulation (EU) 2021/784, but (EC) No 881/2002."""


class _Words(Section):
    conclusions: tuple[str, ...]
    resolution: tuple[str, ...]
    regulation: tuple[str, ...]
    directive: tuple[str, ...]
    framework_decision: tuple[str, ...]
    decision: tuple[str, ...]
    common_position: tuple[str, ...]
    recommendation: tuple[str, ...]


class _WordsByLanguage(Section):
    model_config = Section.model_config | {"extra": "allow"}
    __pydantic_extra__: dict[str, _Words]


class _Token(NamedTuple):
    text: str
    start: int
    end: int


class _Name(NamedTuple):
    """The first and the last token of a word such as "conclusions" or "framework decision"."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Date:
    """A date, its span, and the places of its first and last token."""

    iso: str
    start: int
    end: int
    first: int
    last: int


def find_references(text: str, language: str) -> list[Reference]:
    """Return the mentions of other documents in a sentence, in its order, without overlap.

    >>> find_references("It recalls its conclusions of 15 June 2020.", "en")[0].target
    'conclusions-2020-06-15'
    """
    if not _MAY_REFER.search(text):
        return []
    candidates = list(_register_numbers(text))
    if _any_word(language).search(text.casefold()):
        candidates += _named_documents(text, language)
    return _without_overlap(candidates) if candidates else []


def _named_documents(text: str, language: str) -> list[Reference]:
    """Return mentions that a word such as "conclusions" or "directive" makes known."""
    tokens = [_Token(match.group(), *match.span()) for match in _TOKEN.finditer(text)]
    words = _find_words(tokens, language)
    return [
        *_acts(text, tokens, words),
        *_dated_conclusions(text, tokens, words, language),
        *_resolutions(text, tokens, words),
    ]


def _without_overlap(candidates: Sequence[Reference]) -> list[Reference]:
    """Return the references that touch no other, earlier kinds before later ones, in text order."""
    chosen: list[Reference] = []
    for candidate in candidates:
        if all(candidate.end <= other.start or other.end <= candidate.start for other in chosen):
            chosen.append(candidate)
    return sorted(chosen, key=lambda reference: reference.start)


def _register_numbers(text: str) -> Iterator[Reference]:
    for match in CELEX.finditer(text):
        yield Reference(*match.span(), "celex", match.group())
    for match in _RES.finditer(text):
        yield Reference(*match.span(), "un_resolution", match.group().replace(" ", ""))
    for match in _REGISTER_ID.finditer(text):
        yield Reference(*match.span(), "council_document", match.group())
    for match in _COUNCIL_DOCUMENT.finditer(text):
        parts = tuple(f"{kind} {number}" for kind, number in _PART.findall(match["parts"]))
        if match["revision"] and not parts:
            parts = (f"REV {match['revision']}",)
        number = RegisterNumber(int(match["number"]), full_year(match["year"]), parts)
        yield Reference(*match.span(), "council_document", number.doc_id)


def _acts(
    text: str, tokens: Sequence[_Token], words: Mapping[str, Sequence[_Name]]
) -> Iterator[Reference]:
    """Yield numbered acts of the Union whose kind is named before or after the number."""
    for match in _ACT_NUMBER.finditer(text):
        place, end = _place(tokens, match.start()), _place(tokens, match.end())
        act, name = _nearest_act(words, place, end)
        if name is None:
            continue
        year, number = _year_and_number(match)
        yield Reference(
            min(match.start(), tokens[name.first].start),
            max(match.end(), tokens[name.last].end),
            "eu_act",
            f"3{year}{_LETTER_BY_ACT[act]}{number:04}",
        )


def _nearest_act(
    words: Mapping[str, Sequence[_Name]], place: int, end: int
) -> tuple[str, _Name | None]:
    """Return the kind of act named nearest to a number, and where; None where none is near.

    Args:
        words: Where the words of each kind stand.
        place: The number's first token.
        end: The token after it.
    """
    best: tuple[str, _Name | None] = ("", None)
    best_distance = MAX_WORDS_TO_NUMBER + 1
    for act in _LETTER_BY_ACT:
        for name in words[act]:
            distance = place - name.last if name.last < place else name.first - end + 2
            if 0 < distance < best_distance:
                best, best_distance = (act, name), distance
    return best


def _year_and_number(match: re.Match[str]) -> tuple[int, int]:
    if match["year"]:
        return int(match["year"]), int(match["number"])
    first, second = int(match["first"]), int(match["second"])
    if len(match["first"]) == 4 and first >= _FIRST_OF_NEW_NUMBERING:
        return first, second
    return (second if second > 99 else full_year(match["second"])), first


def _resolutions(
    text: str, tokens: Sequence[_Token], words: Mapping[str, Sequence[_Name]]
) -> Iterator[Reference]:
    for match in _RESOLUTION_NUMBER.finditer(text):
        place = _place(tokens, match.start())
        between = _words_between(tokens, place, words["resolution"])
        # A year is seldom a resolution: 1989 is one where the word stands next to it or a year
        # follows, as in "Resolution 1989 (2011)".
        could_be_year = YEARS[0] <= int(match[1]) <= YEARS[1] and not match["year"]
        if between is not None and between <= (1 if could_be_year else MAX_WORDS_TO_NUMBER):
            yield Reference(*match.span(), "un_resolution", f"UNSCR-{match[1]}")


def _words_between(
    tokens: Sequence[_Token], place: int, resolutions: Sequence[_Name]
) -> int | None:
    """Return how many words stand between "resolution" and a number, other numbers apart."""
    distances = [
        sum(
            not token.text.isdigit()
            for token in tokens[min(name.first, place) + 1 : max(name.first, place)]
        )
        for name in resolutions
    ]
    return min(distances, default=None)


def _dated_conclusions(
    text: str, tokens: Sequence[_Token], words: Mapping[str, Sequence[_Name]], language: str
) -> Iterator[Reference]:
    places = [name.first for name in words["conclusions"]]
    if not places:
        return
    dates = [*_dates_in_words(tokens, language), *_numeric_dates(text, tokens)]
    of_dates = {at for date in dates for at in range(date.first, date.last + 1)}
    for date in sorted(dates, key=lambda found: found.start):
        before = [at for at in places if at < date.first]
        after = [at for at in places if at > date.last]
        for at in (*reversed(before), *after):
            low, high = sorted((at, date.first if at < date.first else date.last))
            if len(set(range(low + 1, high)) - of_dates) <= MAX_WORDS_BETWEEN:
                yield Reference(date.start, date.end, "conclusions", f"conclusions-{date.iso}")
                break


def _dates_in_words(tokens: Sequence[_Token], language: str) -> Iterator[_Date]:
    """Yield dates such as 15 June 2020, 15. juuni 2020, 2020 m. birželio 15 d."""
    for at, token in enumerate(tokens):
        month, width = _month_at(tokens, at, language)
        if token.text.isdigit() or not month:
            continue
        last = at + width - 1
        day, year = _day_and_year(tokens, at, last)
        if day is None or year is None:
            continue
        first, last = min(day, year, at), max(day, year, last)
        iso = f"{int(tokens[year].text):04}-{month:02}-{int(tokens[day].text):02}"
        yield _Date(iso, tokens[first].start, tokens[last].end, first, last)


def _day_and_year(tokens: Sequence[_Token], first: int, last: int) -> tuple[int | None, int | None]:
    """Return the places of the day and the year that go with a month's tokens."""
    before, after = (first - 1, first - 2, first - 3), (last + 1, last + 2, last + 3)
    day = _number_near(tokens, before, 1, 31)
    if day is None:  # 2020 m. birželio 15 d.
        return _number_near(tokens, after, 1, 31), _number_near(tokens, before, *YEARS)
    year = _number_near(tokens, after, *YEARS)
    if year is None:  # 2020. gada 15. jūnija
        year = _number_near(tokens, (day - 1, day - 2, day - 3), *YEARS)
    return day, year


def _month_at(tokens: Sequence[_Token], at: int, language: str) -> tuple[int | None, int]:
    """Return the number of the month that begins at a token, and how many tokens name it."""
    if at + 1 < len(tokens):
        pair = f"{tokens[at].text} {tokens[at + 1].text}"
        if month := month_number(pair, language):
            return month, 2
    return month_number(tokens[at].text, language), 1


def _number_near(
    tokens: Sequence[_Token], places: Sequence[int], lowest: int, highest: int
) -> int | None:
    """Return the first of some places that holds a number in range; another number ends it."""
    for place in places:
        if 0 <= place < len(tokens) and tokens[place].text.isdigit():
            return place if lowest <= int(tokens[place].text) <= highest else None
    return None


def _numeric_dates(text: str, tokens: Sequence[_Token]) -> Iterator[_Date]:
    for match in _NUMERIC_DATE.finditer(text):
        day, month, year = map(int, match.groups())
        if 1 <= day <= 31 and 1 <= month <= 12:
            first, last = _place(tokens, match.start()), _place(tokens, match.end()) - 1
            yield _Date(f"{year:04}-{month:02}-{day:02}", *match.span(), first, last)


def _place(tokens: Sequence[_Token], offset: int) -> int:
    """Return the first token that begins at an offset or after it."""
    return bisect_left([token.start for token in tokens], offset)


def _find_words(tokens: Sequence[_Token], language: str) -> dict[str, list[_Name]]:
    """Return, for each kind of word, where tokens begin as one of the language's words do."""
    folded = [token.text.casefold() for token in tokens]
    found: dict[str, list[_Name]] = {kind: [] for kind in _Words.model_fields}
    firsts = _firsts(language)
    for at, word in enumerate(folded):
        if not word.startswith(firsts):
            continue
        following = folded[at + 1] if at + 1 < len(folded) else ""
        for kind, stems in _stems(language).items():
            for first, second in stems:
                if word.startswith(first) and following.startswith(second):
                    found[kind].append(_Name(at, at + bool(second)))
                    break
    return found


@cache
def _any_word(language: str) -> re.Pattern[str]:
    """Return what finds the first part of any of a language's words in casefolded text."""
    firsts = "|".join(map(re.escape, _firsts(language)))
    return re.compile(rf"(?<![^\W\d_])(?:{firsts or '(?!)'})")


@cache
def _firsts(language: str) -> tuple[str, ...]:
    """Return how the first parts of a language's words begin."""
    return tuple(sorted({first for stems in _stems(language).values() for first, _ in stems}))


@cache
def _stems(language: str) -> dict[str, tuple[tuple[str, str], ...]]:
    words = read_yaml(_TABLE, _WordsByLanguage).__pydantic_extra__.get(language)
    if words is None:
        return dict.fromkeys(_Words.model_fields, ())
    return {
        kind: tuple((first, second) for first, _, second in (stem.partition(" ") for stem in stems))
        for kind, stems in words.model_dump().items()
    }
