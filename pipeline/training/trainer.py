"""Fits the stacked model: linear layer, stack and calibration, all on held-out scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from pipeline.config import LearnedLayerConfig
from pipeline.tagging.lexicon import Lexicon
from pipeline.tagging.ngrams import NgramHasher
from pipeline.tagging.stacked import (
    CueCounter,
    StackedWeights,
    sigmoid,
    stack_features,
    surest_of,
)
from pipeline.tagging.words import read_words
from pipeline.training.calibration import (
    MIN_POSITIVES_FOR_PLATT,
    choose_thresholds,
    fit_platt,
)
from pipeline.training.feature_weights import inverse_document_frequency, scale_to_lengths
from pipeline.training.ridge import RidgeFit, fit_ridge

SHORT_FRACTION = 0.25
"""Sentences that say less than the others: their n-grams are not scaled up to the same length."""

PRIOR_SENTENCES = 2.0
PRIOR_SHARE = 0.75
PRIOR_ODDS = float(np.log(PRIOR_SHARE / (1 - PRIOR_SHARE)))
"""What is believed of a cue before any sentence was seen with it: right in three of four, with the
weight of two sentences."""

Array = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """What the trainer needs of the gold sentences.

    ``gold`` has shape (n_sentences, n_labels); ``folds`` gives each sentence's fold; sentences
    with the same ``group_ids`` entry say the same in different languages. ``is_unseen`` is False
    for sentences by which the lexicon was revised; ``contexts`` are the sentences before.
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    group_ids: tuple[str, ...]
    gold: Bools
    folds: NDArray[np.int64]
    is_unseen: Bools
    contexts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the model says of sentences it was not fitted on, stack and calibration included.

    ``rows`` are these sentences' places in the training set; the others have shape (n_rows,
    n_labels). ``thresholds`` are those chosen without the sentence's fold; ``learned_only`` are
    scores without the lexicon, on a scale of their own.
    """

    rows: NDArray[np.int64]
    probabilities: Array
    thresholds: Array
    learned_only: Array
    cue_counts: Array


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Weights and thresholds fitted on everything, and the held-out scores that vouch for them.

    ``ngrams_alone`` is a linear layer without cues, to hold the model against;
    ``other_languages`` are the scores where neither linear layer nor stack has seen the sentence's
    language.
    """

    weights: StackedWeights
    thresholds: Array
    held_out: HeldOut
    ngrams_alone: RidgeFit
    other_languages: HeldOut | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """The layer that weighs evidence, with calibration and thresholds, as float64."""

    weights: NDArray[np.float64]
    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    def probabilities(self, features: Array) -> Array:
        """Return calibrated probabilities for ``stack_features``."""
        return sigmoid((self.slope * (features @ self.weights) + self.intercept).astype(np.float32))


def fit_stacked(
    training: TrainingSet,
    label_ids: Sequence[str],
    lexicon: Lexicon,
    config: LearnedLayerConfig,
    progress: Progress,
    hold_out_languages: bool = False,
) -> TrainedModel:
    """Fit the stacked model.

    The linear layer also predicts each fold from the others, so that the stack learns how far to
    trust its word on sentences it has not seen; stack, calibration and thresholds are fitted on
    these held-out scores, for the reported ones again without the fold in question, and only on
    sentences that the lexicon has not seen either.
    """
    n_steps = 3
    progress("reading cues", 0, n_steps)
    hits = find_cues(training, lexicon, label_ids)
    cue_counts = hits.counts()
    progress("linear layer", 1, n_steps)
    ngrams = NgramHasher(config.hash_bits, config.char_ngrams, config.word_ngrams).read(
        read_words(training.texts)
    )
    present = ngrams.matrix()
    bucket_weights = scale_to_lengths(
        present, inverse_document_frequency(present, training.group_ids), SHORT_FRACTION
    )
    inputs = replace(ngrams, bucket_weights=bucket_weights).matrix()
    has_cue = csr_matrix((cue_counts > 0) * np.float32(config.cue_weight))
    languages = None
    if hold_out_languages and len(set(training.languages)) > 1:
        languages = np.unique(np.array(training.languages), return_inverse=True)[1]
    linear, alone = fit_ridge(
        inputs, has_cue, training.gold, config.penalty, training.folds, languages
    )
    progress("stack and calibration", 2, n_steps)
    surest = hits.surest_without_folds(training.gold, training.folds)
    features = stack_features(linear.held_out.astype(np.float32), cue_counts, surest)
    stack = fit_stack(features, training, training.is_unseen)
    n_buckets = inputs.shape[1]
    held_out = _hold_out(features, alone.held_out.astype(np.float32), cue_counts, training)
    other_languages = None
    if linear.without_groups is not None:
        unseen = linear.without_groups.astype(np.float32)
        other_languages = _hold_out_languages(unseen, cue_counts, training)
    progress("done", n_steps, n_steps)
    return TrainedModel(
        weights=StackedWeights(
            bucket_weights=_as_stored(bucket_weights),
            ngrams=_as_stored(linear.weights[:n_buckets]),
            cues=(linear.weights[n_buckets:] * config.cue_weight).astype(np.float32),
            bias=linear.bias.astype(np.float32),
            stack=stack.weights.astype(np.float32),
            slope=stack.slope.astype(np.float32),
            intercept=stack.intercept.astype(np.float32),
            cue_odds=hits.odds_by_language(training.gold),
        ),
        thresholds=stack.thresholds.astype(np.float32),
        held_out=held_out,
        ngrams_alone=alone,
        other_languages=other_languages,
    )


def _as_stored(weights: NDArray[Any]) -> Array:
    """Return weights rounded as the model folder keeps them, in half precision."""
    return weights.astype(np.float16).astype(np.float32)


def _hold_out(
    features: Array, learned_only: Array, cue_counts: Array, training: TrainingSet
) -> HeldOut:
    probabilities = np.zeros_like(cue_counts)
    thresholds = np.zeros_like(cue_counts)
    for fold in np.unique(training.folds[training.is_unseen]):
        outside = training.folds == fold
        stack = fit_stack(features, training, training.is_unseen & ~outside)
        probabilities[outside] = stack.probabilities(features[outside])
        thresholds[outside] = stack.thresholds
    rows = np.flatnonzero(training.is_unseen)
    return HeldOut(
        rows, probabilities[rows], thresholds[rows], learned_only[rows], cue_counts[rows]
    )


def _hold_out_languages(linear: Array, cue_counts: Array, training: TrainingSet) -> HeldOut:
    """Score each sentence without its language and without its fold, its lexicon apart.

    Args:
        linear: What a linear layer says that has not seen either, shape (n_sentences, n_labels).
        cue_counts: Same shape.
        training: The sentences.
    """
    languages = np.array(training.languages)
    surest = (cue_counts > 0) * np.float32(PRIOR_ODDS)
    features = stack_features(linear, cue_counts, surest)
    probabilities, thresholds = np.zeros_like(linear), np.zeros_like(linear)
    for name in np.unique(languages):
        outside = languages == name
        stack = fit_stack(features, training, training.is_unseen & ~outside)
        probabilities[outside] = stack.probabilities(features[outside])
        thresholds[outside] = stack.thresholds
    rows = np.flatnonzero(training.is_unseen)
    return HeldOut(rows, probabilities[rows], thresholds[rows], linear[rows], cue_counts[rows])


@dataclass(frozen=True, slots=True)
class CueHits:
    """Which cues of the lexicon stand in which sentences, one entry a cue and sentence.

    ``cells`` are places in a flat array of ``shape`` (n_sentences, n_labels); ``cues`` count
    through all languages in alphabetical order; ``n_cues`` says how many each language has.
    """

    shape: tuple[int, int]
    cells: Ints
    cues: Ints
    n_cues: Mapping[str, int]

    def counts(self) -> Array:
        """Return how many cues of each label stand in each sentence."""
        counts = np.bincount(self.cells, minlength=self.shape[0] * self.shape[1])
        return counts.reshape(self.shape).astype(np.float32)

    def odds(self, gold: Bools, is_seen: Bools) -> Array:
        """Return the log-odds that each cue is right, as some sentences say, shape (n_cues,)."""
        seen = is_seen[self.cells // self.shape[1]]
        n_all = sum(self.n_cues.values())
        n_found = np.bincount(self.cues[seen], minlength=n_all)
        n_right = np.bincount(self.cues[seen], gold.ravel()[self.cells[seen]], n_all)
        share = (n_right + PRIOR_SENTENCES * PRIOR_SHARE) / (n_found + PRIOR_SENTENCES)
        return np.asarray(np.log(share / (1 - share)), dtype=np.float32)

    def surest_without_folds(self, gold: Bools, folds: Ints) -> Array:
        """Return each label's surest cue in each sentence, by what the other folds say."""
        surest = np.zeros(self.shape, dtype=np.float32)
        for fold in np.unique(folds):
            odds = self.odds(gold, folds != fold)
            held_out = folds == fold
            surest[held_out] = surest_of(self.cells, odds[self.cues], self.shape)[held_out]
        return surest

    def odds_by_language(self, gold: Bools) -> dict[str, Array]:
        """Return the log-odds of each language's cues, as all sentences say."""
        odds = self.odds(gold, np.ones(len(gold), dtype=bool))
        ends = np.cumsum(list(self.n_cues.values()))
        return {
            language: odds[end - n_cues : end]
            for (language, n_cues), end in zip(self.n_cues.items(), ends, strict=True)
        }


def find_cues(training: TrainingSet, lexicon: Lexicon, label_ids: Sequence[str]) -> CueHits:
    """Find the cues of every sentence in the lexicon of its language."""
    languages = np.array(training.languages)
    n_labels = len(label_ids)
    cells, cues = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    n_cues = {language: lexicon.n_cues(language) for language in lexicon.languages}
    n_before = 0
    for language in lexicon.languages:
        rows = np.flatnonzero(languages == language)
        if len(rows):  # a matcher takes a third of a second to make
            counter = CueCounter(lexicon, language, label_ids)
            found = counter.match(read_words([training.texts[row] for row in rows]))
            cells.append(rows[found.rows] * n_labels + counter.labels_of(found))
            cues.append(found.cues + n_before)
        n_before += n_cues[language]
    shape = len(training.texts), n_labels
    return CueHits(shape, np.concatenate(cells), np.concatenate(cues), n_cues)


def fit_stack(features: Array, training: TrainingSet, rows: Bools) -> Stack:
    """Fit stack, calibration and thresholds on held-out features of the chosen rows."""
    inputs, gold = features[rows].astype(np.float64), training.gold[rows]
    weights = _fit_weights(inputs.reshape(-1, inputs.shape[-1]), gold.reshape(-1))
    log_odds = inputs @ weights
    positives = positive_groups(training, rows)
    weights_by_row = content_weights(training)[rows]
    slope, intercept = np.ones(gold.shape[1]), np.zeros(gold.shape[1])
    for label in range(gold.shape[1]):
        if positives[label] >= MIN_POSITIVES_FOR_PLATT:
            slope[label], intercept[label] = fit_platt(
                log_odds[:, label], gold[:, label], weights_by_row
            )
    probabilities = 0.5 * (1 + np.tanh(0.5 * (slope * log_odds + intercept)))
    return Stack(weights, slope, intercept, choose_thresholds(probabilities, gold, positives))


def _fit_weights(inputs: NDArray[np.float64], gold: Bools) -> NDArray[np.float64]:
    """Return what each stack feature weighs; with one answer only, its odds, whatever they say."""
    if gold.all() or not gold.any():
        n_true = int(gold.sum())
        weights = np.zeros(inputs.shape[1])
        weights[0] = np.log((n_true + 0.5) / (len(gold) - n_true + 0.5))
        return weights
    model = LogisticRegression(C=1e4, fit_intercept=False, max_iter=1000)
    return np.asarray(model.fit(inputs, gold).coef_[0])


def content_weights(training: TrainingSet) -> NDArray[np.float64]:
    """Return, for each sentence, one over the number of its content's language versions."""
    _, groups, counts = np.unique(
        np.array(training.group_ids), return_inverse=True, return_counts=True
    )
    weights: NDArray[np.float64] = 1.0 / counts[groups]
    return weights


def positive_groups(training: TrainingSet, rows: Bools) -> list[int]:
    """Return how many different contents among some rows carry each label."""
    chosen = np.flatnonzero(rows)
    groups = np.array(training.group_ids)[chosen]
    gold = training.gold[chosen]
    return [len(set(groups[gold[:, label]].tolist())) for label in range(gold.shape[1])]
