"""Which of the 24 languages a text is in: by option, file name or footer, and by detection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import DocumentError
from pipeline.records import EU_LANGUAGES, Remark

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

DETECTION_LENGTH = 1_500
"""Characters that detection looks at; more changes nothing and costs time."""
MIN_WORDS_FOR_DETECTION = 4
"""Fewer words say too little: at three words py3langid errs in 6 of 100 windows."""
MIN_WORDS_FOR_CONFLICT = 10
"""A detection from fewer words does not contradict a stated language; at ten words py3langid errs
in 2 of 5,692 windows of the training sentences, at eight in 7."""

_SUFFIX = re.compile(r"[._-]([A-Za-z]{2})$")


@dataclass(frozen=True, slots=True)
class LanguageFinding:
    """A language, what told it, and the remark to report where the sources disagree."""

    language: str
    origin: str
    remark: Remark | None = None


def language_of_name(path: Path) -> str | None:
    """Return the language of a file name's ``_xx``, ``.xx`` or ``-xx`` suffix.

    >>> language_of_name(Path("st-10179-2022-init_nl.txt"))
    'nl'
    """
    match = _SUFFIX.search(path.stem)
    code = match.group(1).lower() if match else ""
    return code if code in EU_LANGUAGES else None


def name_without_language(path: Path) -> str:
    """Return a file's name without extension and language suffix."""
    return _SUFFIX.sub("", path.stem) if language_of_name(path) else path.stem


def detect_language(text: str) -> str | None:
    """Return the likeliest of the 24 languages, None for too few words to tell."""
    sample = text[:DETECTION_LENGTH]
    if len(re.findall(r"[^\W\d_]{2,}", sample)) < MIN_WORDS_FOR_DETECTION:
        return None
    return str(_identifier().classify(sample)[0])


def decide_language(
    text: str, option: str | None, name: str | None, printed: str | None
) -> LanguageFinding:
    """Choose between what was asked for, what the file name says, what is printed, and detection.

    The first that is there decides; a later one that differs is reported, never obeyed.

    Raises:
        DocumentError: ``LANGUAGE_UNKNOWN`` where nothing tells.
    """
    detected = detect_language(text)
    sources = {
        "the option": option,
        "the file name": name,
        "the document itself": printed,
        "its text": detected,
    }
    stated = {source: language for source, language in sources.items() if language}
    if not stated:
        raise DocumentError(
            "LANGUAGE_UNKNOWN",
            "too few words to tell the language. Say it with --language or in the file name "
            "(report_nl.txt).",
        )
    deciding, language = next(iter(stated.items()))
    if (
        detected
        and len(text[:DETECTION_LENGTH].split()) < MIN_WORDS_FOR_CONFLICT
        and deciding != "its text"
    ):
        stated.pop("its text")
    others = [f"{source} says {other}" for source, other in stated.items() if other != language]
    if not others:
        return LanguageFinding(language, deciding)
    message = f"{deciding} says {language}, {', '.join(others)}; read as {language}."
    return LanguageFinding(language, deciding, Remark("LANGUAGE_CONFLICT", message))


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # half a second, so only when used

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(EU_LANGUAGES))
    return identifier
