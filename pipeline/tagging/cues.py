"""Cues: expressions that carry a label, and their syntax.

The syntax, for people who write lexicons (a cue or mask is one line of it):

- ``word`` the whole word; ``stem*`` a word that begins so; ``*end`` one that ends so;
  ``*mid*`` one that holds it anywhere. Case does not matter, accents do.
- ``SIS`` a word written in capitals, two or more, matches only in capitals.
- ``two words`` next to each other; ``one ~ two`` in this order, at most ``MAX_GAP`` words between.
- ``(a|b*|two words)`` any of these.
- ``A & B`` both in the sentence, in any order; ``A & !B`` the first without the second.

Texts and cues are cut into words alike, at everything that is neither letter nor digit, so that
``Da'esh`` is two words next to each other and ``e-evidence`` finds ``e‑evidence``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

MAX_GAP = 3
"""Words that may stand between the two sides of a ``~``."""

MAX_REMEMBERED_FOLDS = 50_000
"""Words whose one spelling is remembered, of all languages together."""

MAX_REMEMBERED_WORDINGS = 20_000
"""Words of cues that are parsed but once; a lexicon uses the same again and again."""

_CUE_WORD = re.compile(r"(\*?)([^\W_]+)(\*?)")
_POSITION = re.compile(r"\(([^()]*)\)|([^\s()]+)")
_NO_PATTERN = re.compile(r"[|!~&()]|\*\*")
_GREEK = re.compile("[\u0370-\u1fff]")
_GREEK_TONOS = "\u0301"


class WordPattern(NamedTuple):
    """What one word must look like: ``text`` whole, at its start, at its end, or anywhere."""

    text: str
    open_start: bool = False
    open_end: bool = False

    @property
    def minds_case(self) -> bool:
        """Whether the pattern is an acronym, found only in capitals."""
        return len(self.text) > 1 and self.text.isupper()


class Position(NamedTuple):
    """One word of a phrase: any of its patterns will do, after at most ``gap`` other words."""

    patterns: tuple[WordPattern, ...]
    gap: int = 0


Wording = tuple[Position, ...]
"""Words to find one after the other."""
Phrase = tuple[Wording, ...]
"""Wordings of which any will do; more than one where an alternative has several words."""


@dataclass(frozen=True, slots=True)
class Cue:
    """All of ``phrases`` must be in the sentence and none of ``vetoes``."""

    text: str = field(compare=False)
    phrases: tuple[Phrase, ...]
    vetoes: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class CueHit:
    """A cue found in a sentence, with the spans ``[start, end)`` of the words that matched."""

    label: str
    cue: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class LabelCues:
    """The cues of one label, and the phrases that are blanked before they are tried."""

    cues: tuple[Cue, ...]
    masks: tuple[Phrase, ...] = ()


def parse_cue(text: str) -> Cue:
    """Parse one line of cue syntax.

    Raises:
        ValueError: The line is not in the syntax; the message says why.
    """
    phrases: list[Phrase] = []
    vetoes: list[Phrase] = []
    for part in map(str.strip, text.split("&")):
        if part.startswith("!"):
            vetoes.append(parse_phrase(part[1:]))
        else:
            phrases.append(parse_phrase(part))
    if not phrases:
        raise ValueError(f"cue '{text}' has only vetoes; it needs a phrase to find.")
    return Cue(text.strip(), tuple(phrases), tuple(vetoes))


def parse_phrase(text: str) -> Phrase:
    """Parse words, gaps and alternatives, without ``&``.

    Raises:
        ValueError: The phrase is empty, or holds something that is no word pattern.
    """
    wordings: list[Wording] = [()]
    gap = end = 0
    for match in _POSITION.finditer(text):
        if match.start() > end:
            _refuse_brackets(text[end : match.start()], text)
        end = match.end()
        if match.group() == "~":
            if gap or not wordings[0]:
                raise ValueError(f"'{text}' has a '~' without a word before it.")
            gap = MAX_GAP
            continue
        if match.group(1) is None:
            following = [_words(match.group(), text)]
        else:
            following = _alternatives(match.group(1).split("|"))
        if gap:
            following = [(rest[0]._replace(gap=gap), *rest[1:]) for rest in following]
        wordings = [before + rest for before in wordings for rest in following]
        gap = 0
    _refuse_brackets(text[end:], text)
    if gap or not wordings[0]:
        raise ValueError(f"'{text}' lacks a word{' after its ~' if gap else ''}.")
    return tuple(wordings)


def _alternatives(texts: Sequence[str]) -> list[Wording]:
    """Return one wording for all alternatives of a single word, and one for each longer one."""
    wordings = [
        wording
        for text in texts
        for wording in ([_words(text, text)] if _CUE_WORD.fullmatch(text) else parse_phrase(text))
    ]
    single = tuple(wording[0].patterns[0] for wording in wordings if len(wording) == 1)
    longer = [wording for wording in wordings if len(wording) > 1]
    return [(Position(single),), *longer] if single else longer


def _refuse_brackets(between: str, phrase: str) -> None:
    if between.strip():
        raise ValueError(f"'{phrase}' has a bracket that is not closed or not opened.")


def _words(text: str, phrase: str) -> Wording:
    """Return the words of a text, one after the other; punctuation cuts words as spaces do."""
    words = _read_words(text)
    if not words:
        raise ValueError(f"'{text}' in '{phrase}' is no word pattern.")
    return words


@lru_cache(maxsize=MAX_REMEMBERED_WORDINGS)
def _read_words(text: str) -> Wording:
    """Return the words of a text, none where it is no word pattern."""
    if _NO_PATTERN.search(text):
        return ()
    return tuple(
        Position((_pattern(word, before == "*", after == "*"),))
        for before, word, after in _CUE_WORD.findall(text)
    )


def _pattern(word: str, open_start: bool, open_end: bool) -> WordPattern:
    word = unicodedata.normalize("NFC", word)
    is_acronym = len(word) > 1 and word.isupper()
    return WordPattern(word if is_acronym else fold(word), open_start, open_end)


@lru_cache(maxsize=MAX_REMEMBERED_FOLDS)
def fold(word: str) -> str:
    """Return a word without case, in one spelling.

    Greek loses its accents, which capitals do not carry; older Romanian texts write a cedilla
    where there should be a comma below.
    """
    word = _fold_latin(word)
    if word.isascii() or not _GREEK.search(word):
        return word
    return unicodedata.normalize(
        "NFC", unicodedata.normalize("NFD", word).replace(_GREEK_TONOS, "")
    )


def fold_lines(text: str) -> str:
    r"""Return a text of one word a line as ``fold`` does each, all at once where none is Greek.

    >>> fold_lines("ONU\nΘέμα")
    'onu\nθεμα'
    """
    if _GREEK.search(text):
        return "\n".join(map(fold, text.split("\n")))
    return _fold_latin(text)


def _fold_latin(text: str) -> str:
    """Return a text without case, and with commas below for the cedillas of older Romanian."""
    return text.casefold().replace("\u015f", "\u0219").replace("\u0163", "\u021b")
