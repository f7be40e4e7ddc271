"""Cues: expressions that carry a label, their syntax, and one pass that finds them all.

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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import NamedTuple

MAX_GAP = 3
"""Words that may stand between the two sides of a ``~``."""

MAX_REMEMBERED_WORDS = 100_000
"""Distinct words whose patterns a matcher keeps; some 20 MB a language, whatever the corpus."""

_WORD = re.compile(r"[^\W_]+")
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


_NOTHING: frozenset[int] = frozenset()

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


class CueMatcher:
    """Finds the cues of all labels of one language in one pass over the words of a sentence.

    Every distinct word pattern has a number. Which patterns a word fits, and which wordings it
    begins, is looked up once per distinct word and remembered; the pass itself only follows the
    few wordings whose second word is near.
    """

    def __init__(self, cues_by_label: Mapping[str, LabelCues]) -> None:
        self._pattern_ids: dict[WordPattern, int] = {}
        self._goals: list[_Goal] = []
        self._goals_by_first_pattern: dict[int, list[int]] = defaultdict(list)
        self._masks: set[int] = set()
        self._cues: list[_CueGoals] = []
        self._cues_by_first_goal: dict[int, list[int]] = defaultdict(list)
        for label, entry in cues_by_label.items():
            for mask in entry.masks:
                self._masks.update(self._add_goals(label, mask))
            for cue in entry.cues:
                self._add_cue(label, cue)
        self._index = _PatternIndex(self._pattern_ids)
        self._words: dict[str, _Word] = {}

    def find(self, text: str) -> list[CueHit]:
        """Return the cues found in a sentence: each at most once per label, in lexicon order."""
        cue_ids, found = self._match(text)
        if not cue_ids:
            return []
        spans = [match.span() for match in _WORD.finditer(text)]
        return [self._hit(self._cues[cue_id], found, spans) for cue_id in cue_ids]

    def find_labels(self, text: str) -> list[str]:
        """Return the label of each cue that ``find`` finds, without its words."""
        return [self._cues[cue_id].label for cue_id in self._match(text)[0]]

    def _match(self, text: str) -> tuple[list[int], dict[int, tuple[int, ...]]]:
        """Return the cues in a sentence, and for every goal reached the places of its words."""
        words = [self._words.get(word) or self._look_up(word) for word in _WORD.findall(text)]
        starts = _possible_starts(words)
        masked = self._masked_positions(words, starts)
        found: dict[int, tuple[int, ...]] = {}
        for position, word in enumerate(words):
            place = (position,)
            for goal_id in word.whole:
                if goal_id not in found:
                    found[goal_id] = place
        if masked:
            self._drop_masked(found, words, masked)
        for goal_id, start in starts:
            if goal_id not in found:
                goal = self._goals[goal_id]
                blocked = masked.get(goal.label, _NOTHING)
                if positions := _extend(goal.positions, words, start, blocked):
                    found[goal_id] = positions
        return self._complete(found), found

    def _add_cue(self, label: str, cue: Cue) -> None:
        required = tuple(self._add_goals(label, phrase) for phrase in cue.phrases)
        vetoes = tuple(goal for phrase in cue.vetoes for goal in self._add_goals("", phrase))
        for goal_id in required[0]:
            self._cues_by_first_goal[goal_id].append(len(self._cues))
        self._cues.append(_CueGoals(label, cue.text, required, vetoes))

    def _add_goals(self, label: str, phrase: Phrase) -> tuple[int, ...]:
        return tuple(self._add_goal(label, wording) for wording in phrase)

    def _add_goal(self, label: str, wording: Wording) -> int:
        goal_id = len(self._goals)
        positions = tuple(
            (frozenset(map(self._id_of, position.patterns)), position.gap) for position in wording
        )
        self._goals.append(_Goal(label, positions))
        for pattern_id in positions[0][0]:
            self._goals_by_first_pattern[pattern_id].append(goal_id)
        return goal_id

    def _id_of(self, pattern: WordPattern) -> int:
        return self._pattern_ids.setdefault(pattern, len(self._pattern_ids))

    def _look_up(self, word: str) -> _Word:
        if len(self._words) >= MAX_REMEMBERED_WORDS:
            self._words.clear()
        fits = self._index.fits(word)
        if not fits:
            self._words[word] = _PLAIN
            return _PLAIN
        begun = [goal_id for fit in fits for goal_id in self._goals_by_first_pattern.get(fit, ())]
        longer = [goal_id for goal_id in begun if len(self._goals[goal_id].positions) > 1]
        alone = [goal_id for goal_id in begun if len(self._goals[goal_id].positions) == 1]
        self._words[word] = found = _Word(
            fits=frozenset(fits),
            whole=tuple(dict.fromkeys(goal for goal in alone if goal not in self._masks)),
            masks=tuple(dict.fromkeys(goal for goal in alone if goal in self._masks)),
            begun=self._by_second_pattern(dict.fromkeys(longer)),
        )
        return found

    def _by_second_pattern(self, goal_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """Return goals of several words by each pattern that their second word may fit."""
        found: dict[int, list[int]] = {}
        for goal_id in goal_ids:
            for pattern_id in self._goals[goal_id].positions[1][0]:
                found.setdefault(pattern_id, []).append(goal_id)
        return {pattern_id: tuple(goals) for pattern_id, goals in found.items()}

    def _masked_positions(
        self, words: Sequence[_Word], starts: Sequence[tuple[int, int]]
    ) -> dict[str, set[int]]:
        """Return, for every label with a mask in the sentence, the words that are blanked."""
        masked: dict[str, set[int]] = {}
        for position, word in enumerate(words):
            for goal_id in word.masks:
                masked.setdefault(self._goals[goal_id].label, set()).add(position)
        for goal_id, start in starts:
            if goal_id in self._masks:
                goal = self._goals[goal_id]
                if positions := _extend(goal.positions, words, start, _NOTHING):
                    masked.setdefault(goal.label, set()).update(positions)
        return masked

    def _drop_masked(
        self,
        found: dict[int, tuple[int, ...]],
        words: Sequence[_Word],
        masked: Mapping[str, Set[int]],
    ) -> None:
        """Move goals of one word from a blanked word to the next that will do, or drop them."""
        for goal_id in list(found):
            blocked = masked.get(self._goals[goal_id].label, _NOTHING)
            if found[goal_id][0] not in blocked:
                continue
            free = (
                position
                for position, word in enumerate(words)
                if goal_id in word.whole and position not in blocked
            )
            position = next(free, None)
            if position is None:
                del found[goal_id]
            else:
                found[goal_id] = (position,)

    def _complete(self, found: Mapping[int, tuple[int, ...]]) -> list[int]:
        """Return the cues of which every phrase and no veto was found, in lexicon order."""
        cues_of = self._cues_by_first_goal
        cue_ids = {cue_id for goal in found if goal in cues_of for cue_id in cues_of[goal]}
        return [
            cue_id
            for cue_id in sorted(cue_ids)
            if all(not found.keys().isdisjoint(goals) for goals in self._cues[cue_id].required)
            and found.keys().isdisjoint(self._cues[cue_id].vetoes)
        ]

    @staticmethod
    def _hit(
        cue: _CueGoals, found: Mapping[int, tuple[int, ...]], spans: Sequence[tuple[int, int]]
    ) -> CueHit:
        first_wordings = (next(goal for goal in goals if goal in found) for goals in cue.required)
        positions = sorted({position for goal in first_wordings for position in found[goal]})
        return CueHit(cue.label, cue.text, tuple(spans[position] for position in positions))


class _Word(NamedTuple):
    """What is remembered of a distinct word.

    The patterns it fits, the goals and the masks that it alone reaches, and those that it begins,
    by the pattern of their second word.
    """

    fits: frozenset[int]
    whole: tuple[int, ...]
    masks: tuple[int, ...]
    begun: dict[int, tuple[int, ...]]


_PLAIN = _Word(_NOTHING, (), (), {})
"""A word that no pattern fits, as most do not."""


@dataclass(frozen=True, slots=True)
class _Goal:
    """A wording in numbers: for each of its words the patterns that will do and the gap before."""

    label: str
    positions: tuple[tuple[frozenset[int], int], ...]


@dataclass(frozen=True, slots=True)
class _CueGoals:
    """A cue in numbers: of each of ``required`` one goal must be reached, of ``vetoes`` none."""

    label: str
    text: str
    required: tuple[tuple[int, ...], ...]
    vetoes: tuple[int, ...]


class _PatternIndex:
    """Answers which of many word patterns a word fits, by looking up its parts."""

    def __init__(self, pattern_ids: Mapping[WordPattern, int]) -> None:
        self._ids_by_shape: dict[tuple[bool, bool, bool], dict[str, int]] = defaultdict(dict)
        for pattern, pattern_id in pattern_ids.items():
            shape = (pattern.minds_case, pattern.open_start, pattern.open_end)
            self._ids_by_shape[shape][pattern.text] = pattern_id
        self._lengths_by_shape = {
            shape: sorted(set(map(len, ids))) for shape, ids in self._ids_by_shape.items()
        }

    def fits(self, word: str) -> tuple[int, ...]:
        """Return the numbers of the patterns that the word fits, ascending."""
        folded = fold(word)
        found = set()
        for shape, ids in self._ids_by_shape.items():
            minds_case, open_start, open_end = shape
            form = word if minds_case else folded
            for part in _parts(form, open_start, open_end, self._lengths_by_shape[shape]):
                if part in ids:
                    found.add(ids[part])
        return tuple(sorted(found))


def _parts(word: str, open_start: bool, open_end: bool, lengths: Sequence[int]) -> Iterator[str]:
    """Yield the parts of a word that a pattern of this shape and one of these lengths could be."""
    if not (open_start or open_end):
        yield word
        return
    for length in lengths:
        last_start = len(word) - length
        if last_start < 0:
            return
        first = 0 if open_end else last_start
        last = last_start if open_start else 0
        for start in range(first, last + 1):
            yield word[start : start + length]


def _possible_starts(words: Sequence[_Word]) -> list[tuple[int, int]]:
    """Return goals of several words, each with a place where its first two words could be."""
    starts: list[tuple[int, int]] = []
    for position, word in enumerate(words):
        begun = word.begun
        if begun:
            for following in words[position + 1 : position + MAX_GAP + 2]:
                for second in following.fits:
                    if second in begun:
                        starts.extend((goal_id, position) for goal_id in begun[second])
    return starts


def _extend(
    positions: Sequence[tuple[frozenset[int], int]],
    words: Sequence[_Word],
    start: int,
    blocked: Set[int],
) -> tuple[int, ...]:
    """Return the words of a phrase whose first word is ``start``, or () where it does not fit.

    Of several words within a gap the nearest is taken that lets the rest of the phrase fit.
    """
    if start in blocked:
        return ()
    if len(positions) == 1:
        return (start,)
    pattern_ids, gap = positions[1]
    for following in range(start + 1, min(start + gap + 2, len(words))):
        if not pattern_ids.isdisjoint(words[following].fits) and (
            rest := _extend(positions[1:], words, following, blocked)
        ):
            return (start, *rest)
    return ()
