"""Fits the stacked model: n-gram layer, stack and calibration, all by cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from pipeline.config import LearnedLayerConfig
from pipeline.tagging.lexicon import Lexicon
from pipeline.tagging.ngrams import NgramHasher
from pipeline.tagging.stacked import (
    STACK_FEATURES,
    CueCounter,
    StackedWeights,
    sigmoid,
    stack_features,
)
from pipeline.training.calibration import (
    MIN_POSITIVES_FOR_PLATT,
    choose_thresholds,
    fit_platt,
)

Array = NDArray[np.float32]
Bools = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]

NO_POSITIVE_LOG_ODDS = -8.0
"""What the n-gram layer says of a label that it has never seen."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """What the trainer needs of the gold sentences.

    ``gold`` has shape (n_sentences, n_labels); ``folds`` gives each sentence's fold; sentences
    with the same ``group_ids`` entry say the same in different languages.
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    group_ids: tuple[str, ...]
    gold: Bools
    folds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the model says of sentences it was not fitted on, stack and calibration included.

    ``rows`` are these sentences' places in the training set; the others have shape (n_rows,
    n_labels). ``thresholds`` are those chosen without the sentence's fold; ``learned_only`` are
    probabilities without the lexicon.
    """

    rows: NDArray[np.int64]
    probabilities: Array
    thresholds: Array
    learned_only: Array
    cue_counts: Array


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Weights and thresholds fitted on everything, and the held-out scores that vouch for them."""

    weights: StackedWeights
    thresholds: Array
    held_out: HeldOut


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
) -> TrainedModel:
    """Fit the stacked model.

    The n-gram layer is fitted once without each fold, so that the stack learns how far to trust
    its word on sentences it has not seen; stack, calibration and thresholds are fitted on these
    held-out log-odds, for the reported scores again without the fold in question.
    """
    hasher = NgramHasher(config.hash_bits, config.char_ngrams, config.word_ngrams)
    inputs = hasher.transform(training.texts)
    cue_counts = count_cues(training, lexicon, label_ids)
    n_folds = int(training.folds.max()) + 1
    log_odds = np.zeros(training.gold.shape, dtype=np.float32)
    for fold in range(n_folds):
        progress("cross-validation", fold, n_folds + 1)
        inside, outside = training.folds != fold, training.folds == fold
        weights, bias = _fit_ngrams(inputs[inside], training.gold[inside], config)
        log_odds[outside] = inputs[outside] @ weights + bias
    progress("final fit", n_folds, n_folds + 1)
    ngrams, ngram_bias = _fit_ngrams(inputs, training.gold, config)
    features = stack_features(log_odds, cue_counts)
    stack = fit_stack(features, training, np.ones(len(training.texts), dtype=bool))
    progress("done", n_folds + 1, n_folds + 1)
    return TrainedModel(
        weights=StackedWeights(
            ngrams=ngrams.astype(np.float16).astype(np.float32),
            ngram_bias=ngram_bias,
            stack=stack.weights.astype(np.float32),
            slope=stack.slope.astype(np.float32),
            intercept=stack.intercept.astype(np.float32),
        ),
        thresholds=stack.thresholds.astype(np.float32),
        held_out=_hold_out(features, log_odds, cue_counts, training),
    )


def _hold_out(
    features: Array, log_odds: Array, cue_counts: Array, training: TrainingSet
) -> HeldOut:
    probabilities = np.zeros_like(log_odds)
    thresholds = np.zeros_like(log_odds)
    for fold in range(int(training.folds.max()) + 1):
        outside = training.folds == fold
        stack = fit_stack(features, training, ~outside)
        probabilities[outside] = stack.probabilities(features[outside])
        thresholds[outside] = stack.thresholds
    every_row = np.arange(len(training.texts))
    return HeldOut(every_row, probabilities, thresholds, sigmoid(log_odds), cue_counts)


def count_cues(training: TrainingSet, lexicon: Lexicon, label_ids: Sequence[str]) -> Array:
    """Return how many cues of each label stand in each sentence, (n_sentences, n_labels)."""
    counts = np.zeros(training.gold.shape, dtype=np.float32)
    languages = np.array(training.languages)
    for language in sorted(set(training.languages)):
        rows = np.flatnonzero(languages == language)
        counter = CueCounter(lexicon, language, label_ids)
        counts[rows] = counter.count([training.texts[row] for row in rows])
    return counts


def _fit_ngrams(inputs: csr_matrix, gold: Bools, config: LearnedLayerConfig) -> tuple[Array, Array]:
    """Return weights (n_buckets, n_labels) and bias (n_labels,), one regression a label."""
    weights = np.zeros((inputs.shape[1], gold.shape[1]), dtype=np.float32)
    bias = np.full(gold.shape[1], NO_POSITIVE_LOG_ODDS, dtype=np.float32)
    for label in range(gold.shape[1]):
        positives = int(gold[:, label].sum())
        if positives == len(gold):
            bias[label] = -NO_POSITIVE_LOG_ODDS
        elif positives:
            model = LogisticRegression(solver="liblinear", C=config.inverse_regularisation)
            model.fit(inputs, gold[:, label])
            weights[:, label] = model.coef_[0]
            bias[label] = model.intercept_[0]
    return weights, bias


def fit_stack(features: Array, training: TrainingSet, rows: Bools) -> Stack:
    """Fit stack, calibration and thresholds on held-out features of the chosen rows."""
    inputs, gold = features[rows].astype(np.float64), training.gold[rows]
    model = LogisticRegression(C=1e4, fit_intercept=False, max_iter=1000)
    model.fit(inputs.reshape(-1, len(STACK_FEATURES)), gold.reshape(-1))
    weights = model.coef_[0]
    log_odds = inputs @ weights
    positives = positive_groups(training, rows)
    slope, intercept = np.ones(gold.shape[1]), np.zeros(gold.shape[1])
    for label in range(gold.shape[1]):
        if positives[label] >= MIN_POSITIVES_FOR_PLATT:
            slope[label], intercept[label] = fit_platt(log_odds[:, label], gold[:, label])
    probabilities = 0.5 * (1 + np.tanh(0.5 * (slope * log_odds + intercept)))
    return Stack(weights, slope, intercept, choose_thresholds(probabilities, gold, positives))


def positive_groups(training: TrainingSet, rows: Bools) -> list[int]:
    """Return how many different contents among some rows carry each label."""
    chosen = np.flatnonzero(rows)
    groups = np.array(training.group_ids)[chosen]
    gold = training.gold[chosen]
    return [len(set(groups[gold[:, label]].tolist())) for label in range(gold.shape[1])]
