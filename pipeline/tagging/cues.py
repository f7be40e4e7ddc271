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
from dataclasses import dataclass, field, replace

MAX_GAP = 3
"""Words that may stand between the two sides of a ``~``."""

_CUE_WORD = re.compile(r"(\*?)([^\W_]+)(\*?)")
_POSITION = re.compile(r"\(([^()]*)\)|([^\s()]+)")
_COMMA_FOR_CEDILLA = str.maketrans("\u015f\u0163", "\u0219\u021b")
_GREEK_TONOS = "\u0301"


@dataclass(frozen=True, slots=True)
class WordPattern:
    """What one word must look like: ``text`` whole, at its start, at its end, or anywhere."""

    text: str
    open_start: bool = False
    open_end: bool = False

    @property
    def minds_case(self) -> bool:
        """Whether the pattern is an acronym, found only in capitals."""
        return len(self.text) > 1 and self.text.isupper()


@dataclass(frozen=True, slots=True)
class Position:
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
    for part in re.split(r"\s*&\s*", text.strip()):
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
        _refuse_brackets(text[end : match.start()], text)
        end = match.end()
        if match.group() == "~":
            if gap or not wordings[0]:
                raise ValueError(f"'{text}' has a '~' without a word before it.")
            gap = MAX_GAP
            continue
        if match.group(1) is None:
            following = [tuple(Position((pattern,)) for pattern in _patterns(match.group(), text))]
        else:
            following = _alternatives(match.group(1).split("|"))
        wordings = [before + _after(gap, rest) for before in wordings for rest in following]
        gap = 0
    _refuse_brackets(text[end:], text)
    if gap or not wordings[0]:
        raise ValueError(f"'{text}' lacks a word{' after its ~' if gap else ''}.")
    return tuple(wordings)


def _alternatives(texts: Sequence[str]) -> list[Wording]:
    """Return one wording for all alternatives of a single word, and one for each longer one."""
    wordings = [wording for text in texts for wording in parse_phrase(text)]
    single = tuple(wording[0].patterns[0] for wording in wordings if len(wording) == 1)
    longer = [wording for wording in wordings if len(wording) > 1]
    return [(Position(single),), *longer] if single else longer


def _after(gap: int, wording: Wording) -> Wording:
    """Return a wording that may begin after ``gap`` other words."""
    return (replace(wording[0], gap=gap), *wording[1:])


def _refuse_brackets(between: str, phrase: str) -> None:
    if between.strip():
        raise ValueError(f"'{phrase}' has a bracket that is not closed or not opened.")


def _patterns(text: str, phrase: str) -> list[WordPattern]:
    """Return the patterns of the words in a text; punctuation cuts words as spaces do."""
    matches = list(_CUE_WORD.finditer(text))
    if not matches or re.search(r"[|!~&()]|\*\*", text):
        raise ValueError(f"'{text}' in '{phrase}' is no word pattern.")
    patterns = []
    for match in matches:
        word = unicodedata.normalize("NFC", match.group(2))
        acronym = len(word) > 1 and word.isupper()
        patterns.append(
            WordPattern(word if acronym else fold(word), bool(match.group(1)), bool(match.group(3)))
        )
    return patterns


def fold(word: str) -> str:
    """Return a word without case, in one spelling.

    Greek loses its accents, which capitals do not carry; older Romanian texts write a cedilla
    where there should be a comma below.
    """
    word = word.casefold()
    if word.isascii():
        return word
    word = word.translate(_COMMA_FOR_CEDILLA)
    if not any("\u0370" <= character <= "\u1fff" for character in word):
        return word
    return unicodedata.normalize(
        "NFC", unicodedata.normalize("NFD", word).replace(_GREEK_TONOS, "")
    )
