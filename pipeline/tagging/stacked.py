"""The default model family: cue evidence and n-grams, stacked.

Two readers look at a sentence. The lexicon's cues say how many expressions of each label stand in
it; a linear layer over hashed n-grams gives each label log-odds. A small logistic layer, its
weights shared by all labels and languages, weighs the two against each other, and a last one
calibrates each label. Sharing is what lets a label with twenty examples, or a language with none,
profit from what was learned on the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Scores
from pipeline.tagging.cues import CueHit, CueMatcher
from pipeline.tagging.lexicon import Lexicon
from pipeline.tagging.ngrams import NgramHasher

Array = NDArray[np.float32]

STACK_FEATURES = ("bias", "ngram_log_odds", "any_cue", "further_cues")
"""What the stack weighs: see ``stack_features``."""


@dataclass(frozen=True)
class StackedWeights:
    """What training finds, all float32.

    Shapes: ``ngrams`` (n_buckets, n_labels), ``ngram_bias`` (n_labels,), ``stack``
    (len(STACK_FEATURES),), ``slope`` and ``intercept`` (n_labels,).
    """

    ngrams: Array
    ngram_bias: Array
    stack: Array
    slope: Array
    intercept: Array


class StackedTagger:
    """Scores sentences with a lexicon and trained weights; see ``tagger.Tagger``."""

    def __init__(
        self,
        label_ids: Sequence[str],
        languages: frozenset[str],
        lexicon: Lexicon,
        hasher: NgramHasher,
        weights: StackedWeights,
    ) -> None:
        self.label_ids = tuple(label_ids)
        self.languages = languages
        self._lexicon = lexicon
        self._hasher = hasher
        self._weights = weights
        self._counters: dict[str, CueCounter] = {}

    def score(self, texts: Sequence[str], language: str) -> Scores:
        """Return probabilities in [0, 1], shape (n_texts, n_labels), columns as ``label_ids``.

        Raises:
            ValueError: The model was not made for ``language``.
        """
        if language not in self.languages:
            raise ValueError(f"language {language!r} is not one of {sorted(self.languages)}")
        weights = self._weights
        log_odds = self._hasher.transform(texts) @ weights.ngrams + weights.ngram_bias
        features = stack_features(log_odds, self._counter(language).count(texts))
        return sigmoid(weights.slope * (features @ weights.stack) + weights.intercept)

    def find_cues(self, text: str, language: str) -> list[CueHit]:
        """Return the cues in a sentence, with the words that matched."""
        return self._counter(language).find(text)

    def _counter(self, language: str) -> CueCounter:
        if language not in self._counters:
            self._counters[language] = CueCounter(self._lexicon, language, self.label_ids)
        return self._counters[language]


class CueCounter:
    """Counts the cues of each label in sentences of one language."""

    def __init__(self, lexicon: Lexicon, language: str, label_ids: Sequence[str]) -> None:
        known = language in lexicon.languages
        self._matcher: CueMatcher = lexicon.matcher(language) if known else CueMatcher({})
        self._columns: Mapping[str, int] = {label: column for column, label in enumerate(label_ids)}

    def count(self, texts: Sequence[str]) -> Array:
        """Return how many different cues of each label stand in each text, (n_texts, n_labels)."""
        counts = np.zeros((len(texts), len(self._columns)), dtype=np.float32)
        for row, text in enumerate(texts):
            for hit in self._matcher.find(text):
                counts[row, self._columns[hit.label]] += 1
        return counts

    def find(self, text: str) -> list[CueHit]:
        """Return the cues in one text."""
        return self._matcher.find(text)


def stack_features(log_odds: Array, cue_counts: Array) -> Array:
    """Return what the stack weighs, shape (n_texts, n_labels, len(STACK_FEATURES)).

    Args:
        log_odds: Of the n-gram layer, shape (n_texts, n_labels).
        cue_counts: Different cues found, same shape; a second cue adds less than the first.
    """
    return np.stack(
        [
            np.ones_like(log_odds),
            log_odds,
            (cue_counts > 0).astype(np.float32),
            np.log(np.maximum(cue_counts, 1)),
        ],
        axis=-1,
    )


def sigmoid(log_odds: Array) -> Array:
    """Return probabilities, float32, without overflow for log-odds of any size."""
    probabilities: Array = (0.5 * (1.0 + np.tanh(0.5 * log_odds))).astype(np.float32)
    return probabilities
