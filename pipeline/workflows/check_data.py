"""`check-data`: what is wrong with training sentences and lexicon, and how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.codebook import Codebook, load_codebook
from pipeline.config import TrainConfig
from pipeline.ingestion.language import detect_language
from pipeline.shipped import find_shipped
from pipeline.storage.gold import GoldSentence, read_gold
from pipeline.tagging.lexicon import Lexicon, load_lexicon
from pipeline.training.data_checks import (
    MIN_CONTENTS,
    MIN_CUES,
    LanguageStatistics,
    find_dead_cues,
    find_group_conflicts,
    find_loose_cues,
    find_markup,
    find_near_duplicates,
    find_other_scripts,
    language_statistics,
)

MIN_WORDS_FOR_LANGUAGE = 8
"""Shorter sentences, headings mostly, are too short for detection to contradict."""


@dataclass(frozen=True, slots=True)
class DataReport:
    """Rows of two tables, as text and numbers, and every problem in words."""

    languages: list[tuple[str | int, ...]]
    labels: list[tuple[str | int, ...]]
    problems: list[str]


def check_training_data(config: TrainConfig) -> DataReport:
    """Check everything that the shipped model is made from.

    Raises:
        PipelineError: A file cannot be read at all; unknown labels and cue syntax are found then.
    """
    codebook = load_codebook(find_shipped(config.codebook))
    gold = read_gold(find_shipped(config.data), codebook)
    lexicon = (
        load_lexicon(find_shipped(config.lexicon), codebook) if config.lexicon else Lexicon({})
    )
    problems = [
        *find_markup(gold),
        *find_group_conflicts(gold),
        *find_near_duplicates(gold),
        *find_other_scripts(gold),
        *_find_other_languages(gold),
        *_find_rare_labels(gold, codebook),
        *_find_thin_lexicons(lexicon, codebook),
        *find_dead_cues(lexicon.lines),
        *_find_loose_cues(gold, lexicon),
    ]
    return DataReport(
        languages=[_language_row(row, lexicon) for row in language_statistics(gold)],
        labels=[_label_row(label, gold, lexicon) for label in codebook.label_ids],
        problems=problems,
    )


def _find_other_languages(gold: Sequence[GoldSentence]) -> list[str]:
    found = []
    for sentence in gold:
        if len(sentence.text.split()) >= MIN_WORDS_FOR_LANGUAGE:
            detected = detect_language(sentence.text)
            if detected and detected != sentence.language:
                found.append(
                    f"{sentence.origin}: reads like {detected}, language says {sentence.language}."
                )
    return found


def _find_loose_cues(gold: Sequence[GoldSentence], lexicon: Lexicon) -> list[str]:
    matchers = {language: lexicon.matcher(language) for language in lexicon.languages}
    covered = [sentence for sentence in gold if sentence.language in matchers]
    return find_loose_cues(
        covered,
        lambda text, language: [(hit.label, hit.cue) for hit in matchers[language].find(text)],
    )


def _find_rare_labels(gold: Sequence[GoldSentence], codebook: Codebook) -> list[str]:
    contents = {label: _n_contents(label, gold) for label in codebook.label_ids}
    return [
        f"label '{label}': {count} contents, expected at least {MIN_CONTENTS}."
        for label, count in contents.items()
        if count < MIN_CONTENTS
    ]


def _find_thin_lexicons(lexicon: Lexicon, codebook: Codebook) -> list[str]:
    return [
        f"lexicon {language}: label '{label}' has {count} cues, expected at least {MIN_CUES}."
        for language in lexicon.languages
        for label in codebook.label_ids
        if (count := _n_cues(label, lexicon, language)) < MIN_CUES
    ]


def _language_row(row: LanguageStatistics, lexicon: Lexicon) -> tuple[str | int, ...]:
    n_cues = sum(len(entry["cues"]) for entry in lexicon.lines.get(row.language, {}).values())
    return (
        row.language,
        row.n_sentences,
        row.n_without_label,
        row.n_words,
        f"{row.n_distinct_words / max(row.n_words, 1):.2f}",
        f"{row.distinct_run_fraction:.3f}",
        n_cues,
    )


def _label_row(label: str, gold: Sequence[GoldSentence], lexicon: Lexicon) -> tuple[str | int, ...]:
    """Return a label's contents, its cues in the language that has fewest, and on average."""
    counts = {language: _n_cues(label, lexicon, language) for language in lexicon.languages}
    if not counts:
        return (label, _n_contents(label, gold), 0, "", 0)
    poorest = min(counts, key=lambda language: counts[language])
    mean = round(sum(counts.values()) / len(counts))
    return (label, _n_contents(label, gold), counts[poorest], poorest, mean)


def _n_contents(label: str, gold: Sequence[GoldSentence]) -> int:
    return len({sentence.group_id for sentence in gold if label in sentence.labels})


def _n_cues(label: str, lexicon: Lexicon, language: str) -> int:
    entry = lexicon.lines[language].get(label)
    return len(entry["cues"]) if entry else 0
