"""The default model family: cue evidence and n-grams, weighed together.

A linear layer sees a sentence's hashed n-grams and which labels have a cue in it: so a label also
profits from the cues of others, and from words that no cue names. A small logistic layer, its
weights shared by all labels and languages, weighs what it says against the label's own cues, their
number and how sure the surest of them is, and a last one calibrates each label. Sharing is what
lets a label with twenty examples, or a language with none, profit from what was learned on the
others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.records import EvidenceTable, Scores
from pipeline.tagging.cue_matcher import CueMatcher, CueMatches
from pipeline.tagging.evidence import (
    CueWords,
    find_cue_words,
    join_evidence,
    pick_heaviest,
    weigh_stretches,
)
from pipeline.tagging.lexicon import Lexicon
from pipeline.tagging.lists import Lists, spread
from pipeline.tagging.ngrams import NgramHasher, Ngrams
from pipeline.tagging.tagger import Explained
from pipeline.tagging.words import BatchWords, read_words

Array = NDArray[np.float32]
Ints = NDArray[np.int64]

STACK_FEATURES = ("bias", "linear_score", "any_cue", "further_cues", "surest_cue")
"""What the stack weighs: see ``stack_features``."""
SCORED_TOGETHER = 512
"""Sentences whose n-grams fit into the processor's cache together."""


@dataclass(frozen=True)
class StackedWeights:
    """What training finds, all float32.

    Shapes: ``bucket_weights`` (n_buckets,), ``ngrams`` (n_buckets, n_labels), ``cues`` (n_labels,
    n_labels; from the label of a cue to the label that it speaks for), ``bias`` (n_labels,),
    ``stack`` (len(STACK_FEATURES),), ``slope`` and ``intercept`` (n_labels,). ``cue_odds`` gives,
    for each language of the lexicon, the log-odds that each of its cues is right, (n_cues,).
    """

    bucket_weights: Array
    ngrams: Array
    cues: Array
    bias: Array
    stack: Array
    slope: Array
    intercept: Array
    cue_odds: Mapping[str, Array]


@dataclass(frozen=True)
class NgramBaseline:
    """A linear layer that was fitted without cues, to hold the model against.

    Shapes: ``ngrams`` (n_buckets, n_labels), ``bias`` (n_labels,); one threshold for all labels.
    """

    ngrams: Array
    bias: Array
    threshold: float


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

    @property
    def n_buckets(self) -> int:
        """How many buckets n-grams fall into."""
        return self._hasher.n_buckets

    @property
    def reads_context(self) -> bool:
        """Never: a sentence is coded by what it says itself."""
        return False

    def score(
        self, texts: Sequence[str], language: str, contexts: Sequence[str] | None = None
    ) -> Scores:
        """Return probabilities; see ``tagger.Tagger``."""
        del contexts
        counter = self._counter(language)
        scores = [np.zeros((0, len(self.label_ids)), dtype=np.float32)]
        for words in map(read_words, _parts(texts)):
            found = counter.match(words)
            surest_cues = counter.find_surest(found)
            scores.append(self._weigh(self._read(words), counter.tally(found), surest_cues))
        return np.concatenate(scores)

    def has_cue(self, texts: Sequence[str], language: str) -> NDArray[np.bool_]:
        """Return what the lexicon alone says, shape (n_texts, n_labels)."""
        return np.asarray(self._counter(language).count(read_words(texts)) > 0)

    def has_label_by_ngrams(
        self, texts: Sequence[str], baseline: NgramBaseline
    ) -> NDArray[np.bool_]:
        """Return what n-grams alone say, shape (n_texts, n_labels)."""
        scores = self._read(read_words(texts)).matrix() @ baseline.ngrams + baseline.bias
        return np.asarray(scores >= baseline.threshold)

    def explain(
        self,
        texts: Sequence[str],
        language: str,
        thresholds: Scores,
        contexts: Sequence[str] | None = None,
    ) -> Explained:
        """Return probabilities and the words that carried each label; see ``tagger.Tagger``.

        A label with cues in the sentence was carried by these, any other by the words whose
        n-grams, and whose being a cue of other labels, weigh most.
        """
        del contexts
        counter = self._counter(language)
        scores = [np.zeros((0, len(self.label_ids)), dtype=np.float32)]
        evidence: list[EvidenceTable] = []
        for number, part in enumerate(_parts(texts)):
            found, tables = self._explain(read_words(part), counter, thresholds)
            scores.append(found)
            first_row = number * SCORED_TOGETHER
            evidence += [replace(table, rows=table.rows + first_row) for table in tables]
        return Explained(np.concatenate(scores), join_evidence(self.label_ids, evidence))

    def _explain(
        self, words: BatchWords, counter: CueCounter, thresholds: Scores
    ) -> tuple[Scores, list[EvidenceTable]]:
        found = counter.match(words)
        ngrams = self._read(words)
        cue_counts = counter.tally(found)
        scores = self._weigh(ngrams, cue_counts, counter.find_surest(found))
        assigned = scores >= thresholds
        hit_labels = counter.labels_of(found)
        hit_weights = self._cue_weights(
            hit_labels, cue_counts[found.rows, hit_labels], counter.odds[found.cues]
        )
        by_cues = weigh_stretches(found, hit_labels, hit_weights, assigned, self.label_ids)
        cue_words = find_cue_words(found, hit_labels, len(self.label_ids))
        by_words = self._weigh_words(ngrams, words, cue_words, assigned & (cue_counts == 0))
        return scores, [by_cues, by_words]

    def _read(self, words: BatchWords) -> Ngrams:
        return self._hasher.read(words, self._weights.bucket_weights)

    def _weigh(self, ngrams: Ngrams, cue_counts: Array, surest_cues: Array) -> Scores:
        """Return probabilities; the stack is ``stack_features(…) @ stack``, without the array."""
        weights = self._weights
        bias, linear_weight, first_cue, further_cues, surest_cue = weights.stack
        linear = ngrams.matrix() @ weights.ngrams + weights.bias
        rows, columns = np.nonzero(cue_counts)
        linear += csr_matrix(cue_counts > 0, dtype=np.float32) @ weights.cues  # few are there
        stacked = bias + linear_weight * linear
        stacked[rows, columns] += first_cue + further_cues * np.log(cue_counts[rows, columns])
        stacked[rows, columns] += surest_cue * surest_cues[rows, columns]
        return sigmoid(weights.slope * stacked + weights.intercept)

    def _cue_weights(self, labels: Ints, n_cues: Array, odds: Array) -> NDArray[np.float64]:
        """Return what each of a sentence's cues for a label adds to its log-odds.

        Args:
            labels: Columns, one a cue.
            n_cues: How many cues of this label the sentence has.
            odds: Log-odds that each is right.
        """
        weights = self._weights
        _, linear_weight, first_cue, further_cues, surest_cue = weights.stack
        added = linear_weight * weights.cues[labels, labels] + first_cue
        added += further_cues * np.log(n_cues) + surest_cue * odds
        shares: NDArray[np.float64] = (weights.slope[labels] * added / n_cues).astype(np.float64)
        return shares

    def _weigh_words(
        self, ngrams: Ngrams, words: BatchWords, cue_words: CueWords, wanted: NDArray[np.bool_]
    ) -> EvidenceTable:
        """Return the words that carried the wanted pairs of sentence and label, without cues."""
        weights = self._weights
        rows, labels = np.nonzero(wanted)
        few = ngrams.pick(rows)
        offsets, added = few.weigh_words(rows, labels, weights.ngrams)
        owners, within = spread(np.diff(offsets))
        cues_by_row = Lists(
            np.searchsorted(cue_words.places, words.offsets), np.arange(len(cue_words.places))
        )
        pairs, cues = cues_by_row.spread(rows)
        places = (offsets[:-1] - words.offsets[rows])[pairs] + cue_words.places[cues]
        shares = weights.cues[cue_words.labels[cues], labels[pairs]] * cue_words.shares[cues]
        added += np.bincount(places, shares, len(added))
        added *= (weights.slope[labels] * weights.stack[1])[owners]
        chosen = pick_heaviest(owners, added)
        pairs = owners[chosen]
        places = words.offsets[rows[pairs]] + within[chosen]
        return EvidenceTable(
            label_ids=self.label_ids,
            rows=rows[pairs],
            labels=labels[pairs],
            starts=words.starts[places],
            ends=words.ends[places],
            weights=added[chosen],
        )

    def _counter(self, language: str) -> CueCounter:
        if language not in self.languages:
            raise ValueError(f"language {language!r} is not one of {sorted(self.languages)}")
        if language not in self._counters:
            odds = self._weights.cue_odds.get(language)
            self._counters[language] = CueCounter(self._lexicon, language, self.label_ids, odds)
        return self._counters[language]


class CueCounter:
    """Counts the cues of each label in sentences of one language.

    ``odds`` are the log-odds that each cue is right, shape (n_cues,).
    """

    def __init__(
        self,
        lexicon: Lexicon,
        language: str,
        label_ids: Sequence[str],
        odds: Array | None = None,
    ) -> None:
        known = language in lexicon.languages
        self._matcher: CueMatcher = lexicon.matcher(language) if known else CueMatcher({})
        self._n_labels = len(label_ids)
        columns = {label: column for column, label in enumerate(label_ids)}
        self._label_of_cue = np.array(
            [columns[label] for label in self._matcher.cue_labels], dtype=np.int64
        )
        n_cues = len(self._label_of_cue)
        self.odds = np.zeros(n_cues, dtype=np.float32) if odds is None else odds

    def count(self, words: BatchWords) -> Array:
        """Return how many different cues of each label stand in each text, (n_texts, n_labels)."""
        return self.tally(self.match(words))

    def match(self, words: BatchWords) -> CueMatches:
        """Return the cues found in texts."""
        return self._matcher.match(words)

    def labels_of(self, found: CueMatches) -> Ints:
        """Return the column of each hit's label."""
        return self._label_of_cue[found.cues]

    def tally(self, found: CueMatches) -> Array:
        """Return how many of the cues found are of each label, shape (n_texts, n_labels)."""
        cells, shape = self._cells(found)
        return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float32)

    def find_surest(self, found: CueMatches) -> Array:
        """Return the odds of each label's surest cue, 0 without one, shape (n_texts, n_labels)."""
        cells, shape = self._cells(found)
        return surest_of(cells, self.odds[found.cues], shape)

    def _cells(self, found: CueMatches) -> tuple[Ints, tuple[int, int]]:
        """Return each hit's place in a flat array of texts and labels, and the array's shape."""
        shape = found.words.n_texts, self._n_labels
        return found.rows * self._n_labels + self.labels_of(found), shape


def surest_of(cells: Ints, odds: Array, shape: tuple[int, int]) -> Array:
    """Return the highest odds of each cell, 0 where there are none.

    Args:
        cells: Where each cue stands, as a place in the flat array.
        odds: Of each, same shape.
        shape: Of the array that is returned.
    """
    surest = np.full(shape[0] * shape[1], -np.inf, dtype=np.float32)
    np.maximum.at(surest, cells, odds)
    surest[np.isneginf(surest)] = 0
    return surest.reshape(shape)


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield texts in batches that fit into the processor's cache."""
    for start in range(0, len(texts), SCORED_TOGETHER):
        yield texts[start : start + SCORED_TOGETHER]


def stack_features(
    linear_scores: Array, cue_counts: Array, surest_cues: Array | None = None
) -> Array:
    """Return what the stack weighs, shape (n_texts, n_labels, len(STACK_FEATURES)).

    Args:
        linear_scores: Of the linear layer, shape (n_texts, n_labels).
        cue_counts: Different cues found, same shape; a second cue adds less than the first.
        surest_cues: Log-odds of the surest of them, same shape; the last feature, which is left
            out where nothing is known of single cues.
    """
    features = [
        np.ones_like(linear_scores),
        linear_scores,
        (cue_counts > 0).astype(np.float32),
        np.log(np.maximum(cue_counts, 1)),
    ]
    return np.stack(features if surest_cues is None else [*features, surest_cues], axis=-1)


def sigmoid(log_odds: Array) -> Array:
    """Return probabilities, float32, without overflow for log-odds of any size."""
    probabilities: Array = (0.5 * (1.0 + np.tanh(0.5 * log_odds))).astype(np.float32)
    return probabilities
