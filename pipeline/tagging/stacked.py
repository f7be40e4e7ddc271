"""The default model family: cue evidence and n-grams, weighed together.

A linear layer sees a sentence's hashed n-grams and which labels have a cue in it: so a label also
profits from the cues of others, and from words that no cue names. A small logistic layer, its
weights shared by all labels and languages, weighs what it says against the label's own cues, and a
last one calibrates each label. Sharing is what lets a label with twenty examples, or a language
with none, profit from what was learned on the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.records import Evidence, Scores
from pipeline.tagging.cues import CueHit, CueMatcher
from pipeline.tagging.lexicon import Lexicon
from pipeline.tagging.ngrams import NgramHasher, Ngrams, word_spans
from pipeline.tagging.tagger import Explained

Array = NDArray[np.float32]

STACK_FEATURES = ("bias", "linear_score", "any_cue", "further_cues")
"""What the stack weighs: see ``stack_features``."""
SCORED_TOGETHER = 512
"""Sentences whose n-grams fit into the processor's cache together."""
MAX_WORDS = 3
MIN_WORD_SHARE = 0.25
"""Words shown for a label that no cue speaks for: so many, each with this share of the heaviest."""


@dataclass(frozen=True)
class StackedWeights:
    """What training finds, all float32.

    Shapes: ``bucket_weights`` (n_buckets,), ``ngrams`` (n_buckets, n_labels), ``cues`` (n_labels,
    n_labels; from the label of a cue to the label that it speaks for), ``bias`` (n_labels,),
    ``stack`` (len(STACK_FEATURES),), ``slope`` and ``intercept`` (n_labels,).
    """

    bucket_weights: Array
    ngrams: Array
    cues: Array
    bias: Array
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
        """Return probabilities; see ``tagger.Tagger``."""
        counter = self._counter(language)
        parts = [
            self._weigh(self._read(part), counter.count(part))
            for start in range(0, len(texts), SCORED_TOGETHER)
            for part in [texts[start : start + SCORED_TOGETHER]]
        ]
        no_scores = np.zeros((0, len(self.label_ids)), dtype=np.float32)
        return np.concatenate([no_scores, *parts])

    def has_cue(self, texts: Sequence[str], language: str) -> NDArray[np.bool_]:
        """Return what the lexicon alone says, shape (n_texts, n_labels)."""
        return np.asarray(self._counter(language).count(texts) > 0)

    def score_without_cues(self, texts: Sequence[str], language: str) -> Scores:
        """Return what the learned layer says of sentences as if no cue stood in them."""
        self._counter(language)
        no_cues = np.zeros((len(texts), len(self.label_ids)), dtype=np.float32)
        return self._weigh(self._read(texts), no_cues)

    def explain(self, texts: Sequence[str], language: str, thresholds: Scores) -> Explained:
        """Return probabilities and the words that carried each label; see ``tagger.Tagger``."""
        counter = self._counter(language)
        hits_by_row = [counter.find(text) for text in texts]
        ngrams = self._read(texts)
        labels_by_row = ([hit.label for hit in hits] for hits in hits_by_row)
        scores = self._weigh(ngrams, counter.tally(labels_by_row))
        evidence: list[list[Evidence]] = [[] for _ in texts]
        rows, columns = np.nonzero(scores >= thresholds)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            label = self.label_ids[column]
            hits = [hit for hit in hits_by_row[row] if hit.label == label]
            if hits:
                weight = self._cue_weight(column, len(hits))
                evidence[row].extend(_cue_evidence(texts[row], hits, weight))
            else:
                spans = word_spans(texts[row])
                weights = self._weigh_words(row, spans, column, ngrams, hits_by_row[row])
                evidence[row].extend(_word_evidence(label, spans, weights))
        return Explained(scores, evidence)

    def _read(self, texts: Sequence[str]) -> Ngrams:
        return self._hasher.read(texts, self._weights.bucket_weights)

    def _weigh(self, ngrams: Ngrams, cue_counts: Array) -> Scores:
        """Return probabilities; the stack is ``stack_features(…) @ stack``, without the array."""
        weights = self._weights
        bias, linear_weight, first_cue, further_cues = weights.stack
        linear = ngrams.matrix() @ weights.ngrams + weights.bias
        rows, columns = np.nonzero(cue_counts)
        linear += csr_matrix(cue_counts > 0, dtype=np.float32) @ weights.cues  # few are there
        stacked = bias + linear_weight * linear
        stacked[rows, columns] += first_cue + further_cues * np.log(cue_counts[rows, columns])
        return sigmoid(weights.slope * stacked + weights.intercept)

    def _cue_weight(self, column: int, n_cues: int) -> float:
        """Return what each of a sentence's cues for a label adds to its log-odds."""
        _, linear_weight, first_cue, further_cues = self._weights.stack
        added = linear_weight * self._weights.cues[column, column] + first_cue
        added += further_cues * math.log(n_cues)
        return float(self._weights.slope[column] * added) / n_cues

    def _weigh_words(
        self,
        row: int,
        spans: Sequence[tuple[int, int]],
        column: int,
        ngrams: Ngrams,
        hits: Sequence[CueHit],
    ) -> NDArray[np.float64]:
        """Return what each word adds to a label's log-odds: its n-grams, and cues of others."""
        weights = self._weights
        words = ngrams.weigh_words(row, self._ngrams_by_label[column])
        by_label: dict[str, set[tuple[int, int]]] = {}
        for hit in hits:
            by_label.setdefault(hit.label, set()).update(hit.spans)
        for label, cue_spans in by_label.items():
            share = weights.cues[self.label_ids.index(label), column] / len(cue_spans)
            for span in cue_spans:
                words[spans.index(span)] += share
        return words * float(weights.slope[column] * weights.stack[1])

    @cached_property
    def _ngrams_by_label(self) -> Array:
        return np.ascontiguousarray(self._weights.ngrams.T)

    def _counter(self, language: str) -> CueCounter:
        if language not in self.languages:
            raise ValueError(f"language {language!r} is not one of {sorted(self.languages)}")
        if language not in self._counters:
            self._counters[language] = CueCounter(self._lexicon, language, self.label_ids)
        return self._counters[language]


def _cue_evidence(text: str, hits: Sequence[CueHit], weight: float) -> Iterator[Evidence]:
    """Yield the words of a label's cues, each span once with the weight of all its cues.

    Neighbouring words of a cue are one span; a cue's weight is shared by its spans.
    """
    weight_by_span: dict[tuple[int, int], float] = {}
    for hit in hits:
        spans: list[tuple[int, int]] = []
        for start, end in hit.spans:
            if spans and not any(map(str.isalnum, text[spans[-1][1] : start])):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        for span in spans:
            weight_by_span[span] = weight_by_span.get(span, 0.0) + weight / len(spans)
    for (start, end), total in sorted(weight_by_span.items()):
        yield Evidence(hits[0].label, start, end, total)


def _word_evidence(
    label: str, spans: Sequence[tuple[int, int]], weights: NDArray[np.float64]
) -> Iterator[Evidence]:
    """Yield the words that weigh most, in the order of the sentence."""
    lowest = max(MIN_WORD_SHARE * weights.max(initial=0), np.finfo(float).tiny)
    heaviest = np.sort(np.argsort(-weights, kind="stable")[:MAX_WORDS])
    for place in heaviest[weights[heaviest] >= lowest].tolist():
        start, end = spans[place]
        yield Evidence(label, start, end, float(weights[place]))


class CueCounter:
    """Counts the cues of each label in sentences of one language."""

    def __init__(self, lexicon: Lexicon, language: str, label_ids: Sequence[str]) -> None:
        known = language in lexicon.languages
        self._matcher: CueMatcher = lexicon.matcher(language) if known else CueMatcher({})
        self._columns: Mapping[str, int] = {label: column for column, label in enumerate(label_ids)}

    def count(self, texts: Sequence[str]) -> Array:
        """Return how many different cues of each label stand in each text, (n_texts, n_labels)."""
        return self.tally(map(self._matcher.find_labels, texts))

    def tally(self, labels_by_row: Iterable[Iterable[str]]) -> Array:
        """Return how many of the cues found are of each label, shape (n_rows, n_labels)."""
        rows, columns = [], []
        n_rows = 0
        for labels in labels_by_row:
            for label in labels:
                rows.append(n_rows)
                columns.append(self._columns[label])
            n_rows += 1
        counts = np.zeros((n_rows, len(self._columns)), dtype=np.float32)
        np.add.at(counts, (rows, columns), 1)
        return counts

    def find(self, text: str) -> list[CueHit]:
        """Return the cues in one text."""
        return self._matcher.find(text)


def stack_features(linear_scores: Array, cue_counts: Array) -> Array:
    """Return what the stack weighs, shape (n_texts, n_labels, len(STACK_FEATURES)).

    Args:
        linear_scores: Of the linear layer, shape (n_texts, n_labels).
        cue_counts: Different cues found, same shape; a second cue adds less than the first.
    """
    return np.stack(
        [
            np.ones_like(linear_scores),
            linear_scores,
            (cue_counts > 0).astype(np.float32),
            np.log(np.maximum(cue_counts, 1)),
        ],
        axis=-1,
    )


def sigmoid(log_odds: Array) -> Array:
    """Return probabilities, float32, without overflow for log-odds of any size."""
    probabilities: Array = (0.5 * (1.0 + np.tanh(0.5 * log_odds))).astype(np.float32)
    return probabilities
