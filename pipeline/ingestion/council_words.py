"""The words of ``council_words.yaml``, by which layout and metadata know a Council document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.yaml_files import Section, read_yaml

_TABLE = Path(__file__).with_name("council_words.yaml")


class _Words(Section):
    annex: tuple[str, ...]
    council: tuple[str, ...]
    fields: tuple[str, ...]
    transmission: tuple[str, ...]
    conjunctions: tuple[str, ...]


class _WordsByLanguage(Section):
    model_config = Section.model_config | {"extra": "allow"}
    __pydantic_extra__: dict[str, _Words]


@dataclass(frozen=True)
class CouncilWords:
    """Words in lower case; of all languages together, for a cover may stand in another.

    ``fields`` are bare: without spaces and punctuation, see ``bare``; ``transmission`` are
    beginnings of words.
    """

    annex: frozenset[str]
    council: frozenset[str]
    fields: frozenset[str]
    transmission: tuple[str, ...]
    conjunctions_by_language: dict[str, frozenset[str]]


@cache
def load_council_words() -> CouncilWords:
    """Return the table's words."""
    table = read_yaml(_TABLE, _WordsByLanguage).__pydantic_extra__
    return CouncilWords(
        annex=_all(words.annex for words in table.values()),
        council=_all(words.council for words in table.values()),
        fields=frozenset(map(bare, _all(words.fields for words in table.values()))),
        transmission=tuple(sorted(_all(words.transmission for words in table.values()))),
        conjunctions_by_language={
            language: frozenset(words.conjunctions) for language, words in table.items()
        },
    )


def bare(text: str) -> str:
    """Return the letters and digits of a text, to compare texts that are set differently.

    >>> bare("N.º doc. prec.") == bare("n° doc. prec.")
    True
    """
    return "".join(filter(str.isalnum, text.casefold().replace("º", "")))


def _all(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(word for group in groups for word in group)
