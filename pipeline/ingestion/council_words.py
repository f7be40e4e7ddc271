"""The words of ``council_words.yaml``, by which layout and metadata know a Council document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from pipeline.yaml_files import Section, read_yaml

NO_ARTICLES = re.compile("(?!)")
"""Matches nothing: only Maltese writes its articles with a hyphen."""

MAX_LENGTH_AROUND_NAME = 8
"""Punctuation around an institution's name that stands alone."""

_ACCENTS = re.compile("[\u0300-\u036f]+")
_TABLE = Path(__file__).with_name("council_words.yaml")


class _Words(Section):
    annex: tuple[str, ...]
    council: tuple[str, ...]
    fields: tuple[str, ...]
    transmission: tuple[str, ...]
    conjunctions: tuple[str, ...]
    articles: str = NO_ARTICLES.pattern


class _WordsByLanguage(Section):
    model_config = Section.model_config | {"extra": "allow"}
    __pydantic_extra__: dict[str, _Words]


@dataclass(frozen=True)
class HyphenRules:
    """Where a hyphen at a line end stays: before conjunctions, and after articles."""

    conjunctions: frozenset[str] = frozenset()
    articles: re.Pattern[str] = NO_ARTICLES


@dataclass(frozen=True)
class CouncilWords:
    """Words of all languages together, for a cover may stand in another; see ``fold``.

    ``fields`` are bare besides: without spaces and punctuation, see ``bare``; ``transmission``
    are beginnings of words.
    """

    annex: frozenset[str]
    council: frozenset[str]
    fields: frozenset[str]
    transmission: tuple[str, ...]
    hyphen_rules_by_language: dict[str, HyphenRules]

    def is_institution(self, text: str, after: str) -> bool:
        """Whether a text is the name of an institution, but for the marks ``after`` it."""
        is_short = len(text) <= self._longest_name + MAX_LENGTH_AROUND_NAME
        return is_short and fold(text).rstrip(after) in self.council

    @cached_property
    def _longest_name(self) -> int:
        return max(map(len, self.council))


@cache
def load_council_words() -> CouncilWords:
    """Return the table's words."""
    table = read_yaml(_TABLE, _WordsByLanguage).__pydantic_extra__
    fields = _all(words.fields for words in table.values())
    return CouncilWords(
        annex=_all(words.annex for words in table.values()),
        council=_all(words.council for words in table.values()),
        fields=frozenset(map(bare, fields)),
        transmission=tuple(sorted(_all(words.transmission for words in table.values()))),
        hyphen_rules_by_language={
            language: HyphenRules(
                frozenset(words.conjunctions), re.compile(words.articles, re.IGNORECASE)
            )
            for language, words in table.items()
        },
    )


def fold(text: str) -> str:
    """Return a text without case and accents, which Greek capitals do not have.

    >>> fold("Παράρτημα") == fold("ΠΑΡΑΡΤΗΜΑ")
    True
    """
    if text.isascii():
        return text.casefold()
    return _ACCENTS.sub("", unicodedata.normalize("NFD", text.casefold()))


def bare(text: str) -> str:
    """Return the letters and digits of a text, to compare texts that are set differently.

    >>> bare("N.º doc. prec.") == bare("n° doc. prec.")
    True
    """
    return "".join(filter(str.isalnum, fold(text).replace("º", "")))


def _all(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(fold(word) for group in groups for word in group)
