"""`evaluate`: a model against gold, per label, language and dimension, and the quality gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from pipeline.codebook import Codebook, load_codebook
from pipeline.config import EvaluateConfig
from pipeline.errors import DataError
from pipeline.evaluation.floors import check_floors, read_floors
from pipeline.evaluation.metrics import (
    LabelMetrics,
    Metrics,
    expected_calibration_error,
    measure,
    measure_labels,
)
from pipeline.records import Scores
from pipeline.shipped import find_shipped
from pipeline.storage.gold import GoldSentence, read_gold
from pipeline.workflows.models import OpenModel, open_model
from pipeline.workflows.train import gold_matrix

ALL = "all"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured: language (or ``all``) → dimension (or ``all``) → metrics."""

    gold_sha256: str
    metrics: dict[str, dict[str, Metrics]]
    labels: list[LabelMetrics]
    calibration_error: float
    breaches: list[str] | None
    """What breaks the recorded floors; None where none were asked for."""


def evaluate_model(config: EvaluateConfig) -> Evaluation:
    """Measure a model on gold sentences of languages that it covers.

    Raises:
        PipelineError: Model, gold or floors cannot be used, or no gold is in a covered language.
    """
    codebook = load_codebook(find_shipped(config.codebook))
    model = open_model(find_shipped(config.model), codebook)
    gold = read_gold(find_shipped(config.gold), codebook)
    covered = [sentence for sentence in gold if sentence.language in model.tagger.languages]
    if not covered:
        raise DataError(f"{config.gold}: no sentence in a language that the model covers.")
    truth = gold_matrix(covered, codebook)
    probabilities = score_sentences(model, covered)
    predicted = probabilities >= model.thresholds
    metrics = _metrics_by_part(covered, truth, predicted, codebook, config)
    digest = gold_digest(gold)
    return Evaluation(
        gold_sha256=digest,
        metrics=metrics,
        labels=measure_labels(truth, predicted, probabilities, codebook.label_ids),
        calibration_error=expected_calibration_error(truth, probabilities),
        breaches=_breaches(config, digest, metrics),
    )


def score_sentences(model: OpenModel, sentences: Sequence[GoldSentence]) -> Scores:
    """Return the model's probabilities, shape (n_sentences, n_labels)."""
    scores = np.zeros((len(sentences), len(model.tagger.label_ids)), dtype=np.float32)
    for language in sorted({sentence.language for sentence in sentences}):
        rows = [row for row, entry in enumerate(sentences) if entry.language == language]
        scores[rows] = model.tagger.score([sentences[row].text for row in rows], language)
    return scores


def gold_digest(gold: Sequence[GoldSentence]) -> str:
    """Return a digest of what the gold says, whatever its files are called."""
    lines = sorted(
        "\t".join((sentence.language, sentence.text, *sentence.labels)) for sentence in gold
    )
    return sha256("\n".join(lines).encode()).hexdigest()


def _metrics_by_part(
    gold: Sequence[GoldSentence],
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    codebook: Codebook,
    config: EvaluateConfig,
) -> dict[str, dict[str, Metrics]]:
    languages = np.array([sentence.language for sentence in gold])
    documents = [sentence.document_id for sentence in gold]
    columns_by_part = {ALL: list(range(len(codebook.labels)))} | {
        dimension: [codebook.label_ids.index(label) for label in codebook.ids_of(dimension)]
        for dimension in codebook.dimensions
    }
    rows_by_part = {ALL: np.arange(len(gold))} | {
        language: np.flatnonzero(languages == language) for language in sorted(set(languages))
    }
    return {
        str(language): {
            part: measure(
                truth[rows][:, columns],
                predicted[rows][:, columns],
                [documents[row] for row in rows],
                config.bootstrap_samples,
                config.seed,
            )
            for part, columns in columns_by_part.items()
        }
        for language, rows in rows_by_part.items()
    }


def _breaches(
    config: EvaluateConfig, gold_sha256: str, metrics: dict[str, dict[str, Metrics]]
) -> list[str] | None:
    if config.floors is None:
        return None
    measured = {
        language: {part: found.micro_f1 for part, found in parts.items() if part != ALL}
        for language, parts in metrics.items()
        if language != ALL
    }
    return check_floors(read_floors(find_shipped(config.floors)), gold_sha256, measured)
