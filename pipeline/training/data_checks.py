"""Checks of training sentences: copies, contradictions, markup, and how varied they are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.near_duplicates import near_duplicate_pairs, runs_of, words_of
from pipeline.records import LabelSet

MIN_CONTENTS = 12
"""Contents a label needs, language versions counted once; fewer teach the n-grams nothing."""
MIN_CUES = 25
"""Cues a label needs in each language; with half of its cues a lexicon loses 8 points of F1."""
MAX_FALSE_FRACTION = 0.03
"""Share of a language's sentences without a label that one of its cues may be found in."""
MIN_SCRIPT_FRACTION = 0.6
"""Share of a sentence's letters that must be of its language's script; names may be in another."""
SCRIPT_BY_LANGUAGE = {"bg": "CYRILLIC", "el": "GREEK"}
"""The others are written in Latin letters."""

_MARKUP = re.compile(r"<[^>]+>|&[a-z]+;|\{\{|\[\[|\*\*|__|\\[nt]|\ufffd|https?://")


class LabelledText(Protocol):
    """What the checks need of a gold sentence."""

    @property
    def group_id(self) -> str:
        """Shared by the language versions of a content."""
        ...

    @property
    def language(self) -> str:
        """ISO 639-1."""
        ...

    @property
    def text(self) -> str:
        """The sentence."""
        ...

    @property
    def labels(self) -> LabelSet:
        """Its labels."""
        ...

    @property
    def origin(self) -> str:
        """File and line."""
        ...


@dataclass(frozen=True, slots=True)
class LanguageStatistics:
    """How much there is in one language, and how varied."""

    language: str
    n_sentences: int
    n_without_label: int
    n_words: int
    n_distinct_words: int
    distinct_run_fraction: float
    """Runs of four words that stand once, of all; 1 where no turn of phrase comes back."""


def find_markup(sentences: Sequence[LabelledText]) -> list[str]:
    """Name the sentences with tags, entities, placeholders or web addresses."""
    return [
        f"{sentence.origin}: holds markup: {match.group()!r}."
        for sentence in sentences
        if (match := _MARKUP.search(sentence.text))
    ]


def find_group_conflicts(sentences: Sequence[LabelledText]) -> list[str]:
    """Name groups with two sentences in one language, with unlike labels, or a language missing."""
    groups: dict[str, list[LabelledText]] = defaultdict(list)
    for sentence in sentences:
        groups[sentence.group_id].append(sentence)
    languages = {sentence.language for sentence in sentences}
    return [problem for group in groups.values() for problem in _conflicts(group, languages)]


def _conflicts(group: Sequence[LabelledText], languages: set[str]) -> Iterator[str]:
    first = group[0]
    for other in group[1:]:
        if other.labels != first.labels:
            yield f"{other.origin}: labels differ from {first.origin} of the same group."
    present = [sentence.language for sentence in group]
    for language in sorted(languages - set(present)):
        yield f"group {first.group_id}: no sentence in {language}."
    for language in sorted({code for code in present if present.count(code) > 1}):
        yield f"group {first.group_id}: {present.count(language)} sentences in {language}."


def find_near_duplicates(sentences: Sequence[LabelledText]) -> list[str]:
    """Name pairs of different groups, in one language, that share too many four-word runs."""
    pairs = near_duplicate_pairs(
        [sentence.text for sentence in sentences], [sentence.language for sentence in sentences]
    )
    return [
        f"{sentences[other].origin}: nearly the same as {sentences[row].origin}."
        for row, other in pairs
        if sentences[row].group_id != sentences[other].group_id
    ]


def language_statistics(sentences: Sequence[LabelledText]) -> list[LanguageStatistics]:
    """Return counts for each language, in alphabetical order."""
    by_language: dict[str, list[LabelledText]] = defaultdict(list)
    for sentence in sentences:
        by_language[sentence.language].append(sentence)
    statistics = []
    for language, members in sorted(by_language.items()):
        words_by_member = [words_of(member.text) for member in members]
        words = [word for words in words_by_member for word in words]
        runs = [run for words in words_by_member for run in runs_of(words)]
        statistics.append(
            LanguageStatistics(
                language=language,
                n_sentences=len(members),
                n_without_label=sum(not member.labels for member in members),
                n_words=len(words),
                n_distinct_words=len(set(words)),
                distinct_run_fraction=len(set(runs)) / max(len(runs), 1),
            )
        )
    return statistics


def find_other_scripts(sentences: Sequence[LabelledText]) -> list[str]:
    """Name sentences whose letters are mostly not of their language's script."""
    problems = []
    for sentence in sentences:
        script = SCRIPT_BY_LANGUAGE.get(sentence.language, "LATIN")
        letters = [letter for letter in sentence.text if letter.isalpha()]
        own = sum(unicodedata.name(letter, "").startswith(script) for letter in letters)
        if letters and own < MIN_SCRIPT_FRACTION * len(letters):
            problems.append(f"{sentence.origin}: is not written in {script.capitalize()} letters.")
    return problems


def find_loose_cues(
    sentences: Sequence[LabelledText], find_cues: Callable[[str, str], Iterable[tuple[str, str]]]
) -> list[str]:
    """Name cues found in too many sentences that lack their label.

    Args:
        sentences: Training sentences.
        find_cues: Returns label and cue of everything found in a text of a language.
    """
    false: Counter[tuple[str, str, str]] = Counter()
    with_label: Counter[tuple[str, str]] = Counter()
    of_language: Counter[str] = Counter()
    for sentence in sentences:
        of_language[sentence.language] += 1
        with_label.update((sentence.language, label) for label in sentence.labels)
        for label, cue in find_cues(sentence.text, sentence.language):
            if label not in sentence.labels:
                false[sentence.language, label, cue] += 1
    problems = []
    for (language, label, cue), count in sorted(false.items()):
        without = of_language[language] - with_label[language, label]
        if count > max(1, MAX_FALSE_FRACTION * without):
            problems.append(
                f"lexicon {language}: {label}: cue '{cue}' is in {count} of {without} sentences "
                "that lack the label. Narrow it, or mask what it should not find."
            )
    return problems


def find_dead_cues(
    lines: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]],
) -> list[str]:
    """Name cues that a mask of the same label always blanks.

    Args:
        lines: Language → label → ``cues`` and ``masks``.
    """
    return [
        f"lexicon {language}: {label}: '{cue}' is a cue and a mask."
        for language, labels in lines.items()
        for label, entry in labels.items()
        for cue in entry["cues"]
        if cue in set(entry["masks"])
    ]
