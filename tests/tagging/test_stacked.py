import numpy as np
import pytest

from pipeline.tagging.lexicon import Lexicon
from pipeline.tagging.ngrams import NgramHasher
from pipeline.tagging.stacked import (
    STACK_FEATURES,
    CueCounter,
    StackedTagger,
    StackedWeights,
    sigmoid,
    stack_features,
)
from pipeline.tagging.words import read_words

LABELS = ("ports", "alarm")
LEXICON = Lexicon(
    {
        "en": {
            "ports": {"cues": ("harbour*", "ports of call", "harbour* master*"), "masks": ()},
            "alarm": {"cues": ("grave ~ concern",), "masks": ()},
        }
    }
)
TEXTS = [
    "The harbour-masters met.",
    "A grave and lasting concern about ports of call.",
    "Nothing of note was said.",
    "",
]


ODDS = np.array([0.5, -1.0, 2.0, 1.0], dtype=np.float32)
"""Of the four cues; the first and the third stand in the first sentence."""


@pytest.fixture
def tagger():
    dice = np.random.default_rng(3)
    weights = StackedWeights(
        ngrams=dice.normal(size=(1 << 10, 2)).astype(np.float32),
        bucket_weights=dice.random(1 << 10).astype(np.float32),
        cues=dice.normal(size=(2, 2)).astype(np.float32),
        bias=np.array([-1.0, -2.0], dtype=np.float32),
        stack=np.array([-1.0, 0.5, 3.0, 0.7, 0.4], dtype=np.float32),
        slope=np.array([1.1, 0.9], dtype=np.float32),
        intercept=np.array([0.1, -0.2], dtype=np.float32),
        cue_odds={"en": ODDS},
    )
    hasher = NgramHasher(10, (3,), (1, 2))
    return StackedTagger(LABELS, frozenset(("en", "fr")), LEXICON, hasher, weights)


def test_scores_are_those_of_the_definition(tagger):
    weights = tagger._weights
    ngrams = tagger._hasher.read(read_words(TEXTS), weights.bucket_weights).matrix()
    counter = CueCounter(LEXICON, "en", LABELS, ODDS)
    counts, found = counter.count(read_words(TEXTS)), counter.match(read_words(TEXTS))
    linear = ngrams @ weights.ngrams + (counts > 0) @ weights.cues + weights.bias
    surest = counter.find_surest(found)
    assert surest.tolist() == [[2.0, 0.0], [-1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    features = stack_features(linear.astype(np.float32), counts, surest)
    assert features.shape == (len(TEXTS), len(LABELS), len(STACK_FEATURES))
    expected = sigmoid(weights.slope * (features @ weights.stack) + weights.intercept)
    assert np.allclose(tagger.score(TEXTS, "en"), expected, atol=1e-6)


def test_language_without_a_lexicon_is_scored_by_ngrams_alone(tagger):
    assert tagger.score(TEXTS, "fr").shape == (len(TEXTS), len(LABELS))


def test_explained_scores_are_the_scores(tagger):
    explained = tagger.explain(TEXTS, "en", np.full(2, 0.5, dtype=np.float32))
    assert (explained.scores == tagger.score(TEXTS, "en")).all()


def test_evidence_is_there_for_assigned_labels_only_and_within_the_text(tagger):
    thresholds = np.full(2, 0.4, dtype=np.float32)
    explained = tagger.explain(TEXTS, "en", thresholds)
    for row, text in enumerate(TEXTS):
        assigned = {
            label
            for label, score in zip(LABELS, explained.scores[row], strict=True)
            if score >= 0.4
        }
        assert {entry.label for entry in explained.evidence.of(row)} <= assigned
        assert all(0 <= e.start < e.end <= len(text) for e in explained.evidence.of(row))


def test_words_of_a_cue_are_its_evidence(tagger):
    evidence = tagger.explain(TEXTS, "en", np.zeros(2, dtype=np.float32)).evidence
    spans = [
        [TEXTS[row][entry.start : entry.end] for entry in evidence.of(row) if entry.label == label]
        for row, label in ((0, "ports"), (1, "alarm"), (1, "ports"))
    ]
    assert spans == [["harbour", "harbour-masters"], ["grave", "concern"], ["ports of call"]]
