"""What the rule engine has to know about one language, read from ``languages/<code>.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, model_validator

from pipeline.months import month_words
from pipeline.yaml_files import Section, read_yaml

TABLES = Path(__file__).with_name("languages")
LANGUAGES = tuple(sorted(path.stem for path in TABLES.glob("*.yaml")))


class Ending(Enum):
    """When the stop of an abbreviation also ends the sentence."""

    NEVER = "never"
    BEFORE_OPENER = "before a word that opens sentences"
    UNLESS_NUMBER = "unless a number follows"
    LIKELY = "before whatever can start a sentence"


@dataclass(frozen=True, slots=True)
class LanguageRules:
    """The table of one language, ready for look-ups: casefolded, but for the initials."""

    language: str
    ending_by_abbreviation: Mapping[str, Ending]
    capital_abbreviations: frozenset[str]
    inner_pairs: frozenset[str]
    openers: frozenset[str]
    reference_words: frozenset[str]
    fronting_words: frozenset[str]
    conjunctions: frozenset[str]
    ordinal_leads: frozenset[str]
    continuations: frozenset[str]
    elisions: frozenset[str]
    digraph_initials: frozenset[str]
    unfinished_words: frozenset[str]
    months: frozenset[str]
    question_marks: str
    dotted_ordinals: bool
    dotted_years: bool


def abbreviation_key(written: str) -> str:
    """Return an abbreviation as it is looked up: casefolded, no space after a stop, no final stop.

    >>> abbreviation_key("z. B."), abbreviation_key("et al.")
    ('z.b', 'et al')
    """
    return " ".join(written.casefold().split()).replace(". ", ".").removesuffix(".")


def _with_final_stop(entry: str) -> str:
    if not entry.endswith("."):
        raise ValueError(f"abbreviation {entry!r} must end with a full stop")
    return entry


_Abbreviations = tuple[Annotated[str, AfterValidator(_with_final_stop)], ...]
_Words = tuple[str, ...]


class LanguageTable(Section):
    """One file of ``languages/``, key for key. Abbreviations are written as in running text."""

    titles: _Abbreviations
    """Stand before a name (Mr., prof.): never an end."""
    never_end: _Abbreviations
    """Need a word after them (e.g., cf.): never an end."""
    before_number: _Abbreviations
    """Stand before a number (art., nr.): an end only where none follows."""
    rarely_end: _Abbreviations
    """An end only before one of the openers (Inc., mln.), since names and nouns may follow."""
    may_end: _Abbreviations
    """Often the last word (etc., usw.): an end before a capital, a digit or a quotation mark."""
    openers: _Words
    """Words whose capital shows the start of a sentence (articles, pronouns, institutions)."""
    reference_words: _Words = ()
    """Stand before a number or a letter (Article 5, Annex A), which then can end a sentence."""
    fronting_words: _Words = ()
    """Open a time phrase before the subject: "Do końca 2022 r. Komisja" is one sentence."""
    conjunctions: _Words = ()
    """May stand before such a phrase within a sentence: "…, a do końca 2022 r. Komisja"."""
    ordinal_leads: _Words = ()
    """Show that the dotted number after them is an ordinal: "vom 6. Ausschuss"."""
    continuations: _Words = ()
    """Capitalised, yet they continue after a dotted number: "članka 29. Ugovora"."""
    elisions: _Words = ()
    """Lower-case clitics that can open a sentence, the capital after them: "'s Raads"."""
    digraph_initials: _Words = ()
    """Two letters that count as one when a first name is shortened, case and all: "Gy. Nagy"."""
    unfinished_words: _Words = ()
    """Articles, prepositions and conjunctions: a line that ends in one goes on in the next."""
    question_marks: str = ""
    """Marks that end a sentence in this language alone."""
    dotted_ordinals: bool = False
    """A number with a stop is an ordinal: "20. Juni"."""
    dotted_years: bool = False
    """A year carries that stop as well: "2022. június"."""

    @model_validator(mode="after")
    def _abbreviations_stand_once(self) -> LanguageTable:
        keys = [abbreviation_key(entry) for entries, _ in self.endings() for entry in entries]
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        if repeated:
            raise ValueError(f"abbreviations stand more than once: {', '.join(repeated)}")
        return self

    def endings(self) -> tuple[tuple[tuple[str, ...], Ending], ...]:
        """Return the lists of abbreviations, each with what its stop means."""
        return (
            (self.titles, Ending.NEVER),
            (self.never_end, Ending.NEVER),
            (self.before_number, Ending.UNLESS_NUMBER),
            (self.rarely_end, Ending.BEFORE_OPENER),
            (self.may_end, Ending.LIKELY),
        )


@cache
def load_language_rules(language: str) -> LanguageRules:
    """Return the rules of one language.

    Raises:
        ValueError: There is no table for this language.
        ConfigError: The table has an unknown key or a value of the wrong type; the message names
            the file, the line and the key.
    """
    if language not in LANGUAGES:
        raise ValueError(
            f"no sentence rules for language {language!r} (known: {', '.join(LANGUAGES)})"
        )
    table = read_yaml(TABLES / f"{language}.yaml", LanguageTable)
    abbreviations = [entry for entries, _ in table.endings() for entry in entries]
    return LanguageRules(
        language=language,
        ending_by_abbreviation=MappingProxyType(
            {abbreviation_key(entry): end for entries, end in table.endings() for entry in entries}
        ),
        capital_abbreviations=frozenset(map(abbreviation_key, filter(str.isupper, abbreviations))),
        inner_pairs=_inner_pairs(abbreviations),
        openers=_casefolded(table.openers),
        reference_words=_casefolded(table.reference_words),
        fronting_words=_casefolded(table.fronting_words),
        conjunctions=_casefolded(table.conjunctions),
        ordinal_leads=_casefolded(table.ordinal_leads),
        continuations=_casefolded(table.continuations),
        elisions=_casefolded(table.elisions),
        digraph_initials=frozenset(table.digraph_initials),
        unfinished_words=_casefolded(table.unfinished_words),
        months=month_words(language),
        question_marks=table.question_marks,
        dotted_ordinals=table.dotted_ordinals,
        dotted_years=table.dotted_years,
    )


def _inner_pairs(abbreviations: Iterable[str]) -> frozenset[str]:
    """Return the neighbours inside abbreviations of several parts: "i. t. t." gives i.t and t.t."""
    pairs: set[str] = set()
    for abbreviation in abbreviations:
        key = abbreviation_key(abbreviation)
        parts = [part.split() for part in key.split(".") if part]
        pairs.update(f"{left[-1]}.{right[0]}" for left, right in pairwise(parts))
    return frozenset(pairs)


def _casefolded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)
