"""Month names in the 24 languages, for dates (ingestion) and for ordinal numbers (segmentation)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pipeline.yaml_files import read_mapping

TABLE = Path(__file__).with_name("months.yaml")
_TYPEWRITER_APOSTROPHE = str.maketrans("’ʼ", "''")


def month_number(word: str, language: str) -> int | None:
    """Return 1 to 12 for a month name in any of its forms, None for any other word.

    Case does not matter, and a prefix that ends in an apostrophe is passed over. The two-word
    months of Irish are looked up whole.

    >>> month_number("kesäkuuta", "fi"), month_number("d’août", "fr"), month_number("Rat", "de")
    (6, 8, None)

    Raises:
        ValueError: The language is not one of the 24.
    """
    name = _as_key(word).rpartition("'")[2]
    return _number_by_name(language).get(name)


@cache
def month_words(language: str) -> frozenset[str]:
    """Return every form of the month names of one language, casefolded.

    Raises:
        ValueError: The language is not one of the 24.
    """
    return frozenset(_number_by_name(language))


@cache
def _number_by_name(language: str) -> Mapping[str, int]:
    forms_by_number = _table().get(language)
    if forms_by_number is None:
        known = ", ".join(sorted(_table()))
        raise ValueError(f"no month names for language {language!r} (known: {known})")
    number_by_name: dict[str, int] = {}
    for number, forms in forms_by_number.items():
        for form in forms:
            number_by_name[_as_key(form)] = number
            if language == "el":  # capitals carry no accents: ΙΟΥΝΙΟΥ
                number_by_name[_as_key(_without_accents(form))] = number
    return MappingProxyType(number_by_name)


@cache
def _table() -> Mapping[str, dict[int, list[str]]]:
    return MappingProxyType(read_mapping(TABLE))


def _as_key(word: str) -> str:
    composed = unicodedata.normalize("NFC", word).casefold()
    return " ".join(composed.translate(_TYPEWRITER_APOSTROPHE).split())


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char))
