"""`evaluate`: a model against gold, per label, language and dimension, and the quality gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow
import yaml
from numpy.typing import NDArray

from pipeline.codebook import Codebook, load_codebook
from pipeline.config import EvaluateConfig
from pipeline.errors import DataError, RequestError
from pipeline.evaluation.floors import check_floors, raised_floors, read_floors
from pipeline.evaluation.metrics import (
    AbstentionPoint,
    LabelMetrics,
    Metrics,
    ReliabilityBin,
    abstention_curve,
    expected_calibration_error,
    measure,
    measure_labels,
    reliability,
)
from pipeline.records import Scores
from pipeline.shipped import find_shipped
from pipeline.storage.atomic import refuse_unwritable, replace_file, writable
from pipeline.storage.csv_dialect import CsvWriter
from pipeline.storage.gold import GoldSentence, read_gold
from pipeline.storage.tables import read_table
from pipeline.tagging.stacked import StackedTagger
from pipeline.workflows.models import OpenModel, open_baseline, open_model
from pipeline.workflows.train import gold_contexts, gold_matrix

ALL = "all"
AGREEMENT = "agreement/labels.csv"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured.

    ``metrics`` is language (or ``all``) → dimension (or ``all``) → metrics; ``systems`` are
    baselines and other models on the same sentences, by name → language (or ``all``).
    """

    gold_sha256: str
    metrics: dict[str, dict[str, Metrics]]
    labels: list[LabelMetrics]
    calibration_error: float
    reliability: list[ReliabilityBin]
    abstention: list[AbstentionPoint]
    systems: dict[str, dict[str, Metrics]]
    kappa_by_label: dict[str, str]
    """How far two coders of the gold agreed, where that is known and can be said."""
    breaches: list[str] | None
    """What breaks the recorded floors; None where none were asked for."""


def evaluate_model(
    config: EvaluateConfig, *, raise_floors: bool = False, any_gold: bool = False
) -> Evaluation:
    """Measure a model on gold sentences of languages that it covers.

    Args:
        config: What to measure, on what.
        raise_floors: Record what is measured as the new floors, before they are checked.
        any_gold: Floors that were recorded on another gold are no concern of this one.

    Raises:
        PipelineError: Model, gold or floors cannot be used, or no gold is in a covered language.
    """
    if config.errors:
        refuse_unwritable(config.errors)
    codebook = load_codebook(find_shipped(config.codebook))
    model = open_model(find_shipped(config.model), codebook, config.precision)
    gold = read_gold(find_shipped(config.gold), codebook, config.texts)
    covered = [sentence for sentence in gold if sentence.language in model.tagger.languages]
    if not covered:
        raise DataError(f"{config.gold}: no sentence in a language that the model covers.")
    truth = gold_matrix(covered, codebook)
    probabilities = score_sentences(model, covered)
    predicted = probabilities >= model.thresholds
    metrics = _metrics_by_part(covered, truth, predicted, codebook, config)
    digest = gold_digest(gold)
    floors = _floors_for(config, digest) if any_gold else config.floors
    if raise_floors:
        _record_floors(floors, digest, metrics)
    if config.errors:
        _write_errors(config.errors, covered, truth, probabilities, model)
    return Evaluation(
        gold_sha256=digest,
        metrics=metrics,
        labels=measure_labels(truth, predicted, probabilities, codebook.label_ids),
        calibration_error=expected_calibration_error(truth, probabilities),
        reliability=reliability(truth, probabilities),
        abstention=abstention_curve(truth, probabilities, model.thresholds),
        systems=_measure_systems(covered, truth, model, codebook, config),
        kappa_by_label=_read_agreement(find_shipped(config.gold)),
        breaches=_breaches(floors, digest, metrics),
    )


def _read_agreement(gold: Path) -> dict[str, str]:
    """Return the kappas beside a folder of gold, none where nobody has coded it twice."""
    path = gold / AGREEMENT
    if not path.exists():
        return {}
    rows = read_table(path, required=("label", "kappa"))
    return {row.text_of("label"): row.text_of("kappa") for row in rows}


def _measure_systems(
    gold: Sequence[GoldSentence],
    truth: NDArray[np.bool_],
    model: OpenModel,
    codebook: Codebook,
    config: EvaluateConfig,
) -> dict[str, dict[str, Metrics]]:
    """Measure what a model is to be held against: no label at all, its parts, other models."""
    decisions = {"no label ever": np.zeros_like(truth)}
    tagger = model.tagger
    if isinstance(tagger, StackedTagger):
        has_cue = np.zeros_like(truth)
        for language, rows in _rows_by_language(gold):
            has_cue[rows] = tagger.has_cue([gold[row].text for row in rows], language)
        decisions["lexicon alone"] = has_cue
        baseline = open_baseline(find_shipped(config.model), tagger)
        if baseline:
            texts = [sentence.text for sentence in gold]
            decisions["n-grams alone"] = tagger.has_label_by_ngrams(texts, baseline)
    for folder in config.others:
        other = open_model(find_shipped(folder), codebook)
        decisions[str(folder)] = score_sentences(other, gold) >= other.thresholds
    return {
        name: {
            language: measure(truth[rows], given[rows], [gold[row].document_id for row in rows])
            for language, rows in _parts_by_language(gold)
        }
        for name, given in decisions.items()
    }


def _write_errors(
    path: Path,
    gold: Sequence[GoldSentence],
    truth: NDArray[np.bool_],
    probabilities: Scores,
    model: OpenModel,
) -> None:
    """List every label missed or given wrongly, with the words that carried it."""
    columns = ("sentence_id", "language", "error", "label", "probability", "evidence", "text")
    rows: list[tuple[str, ...]] = []
    contexts = gold_contexts(gold)
    for language, places in _rows_by_language(gold):
        texts = [gold[place].text for place in places]
        before = [contexts[place] for place in places]
        evidence = model.tagger.explain(texts, language, model.thresholds, before).evidence
        for row, place in enumerate(places):
            found = evidence.of(row)
            given = probabilities[place] >= model.thresholds
            for column in np.flatnonzero(given != truth[place]).tolist():
                label = model.tagger.label_ids[column]
                words = [gold[place].text[e.start : e.end] for e in found if e.label == label]
                rows.append(
                    (
                        gold[place].sentence_id,
                        language,
                        "missed" if truth[place, column] else "false",
                        label,
                        f"{probabilities[place, column]:.3f}",
                        " | ".join(words),
                        gold[place].text,
                    )
                )
    table = {name: [row[column] for row in rows] for column, name in enumerate(columns)}
    with writable(path), CsvWriter(path, columns) as writer:
        writer.write(
            pyarrow.table({name: pyarrow.array(v, pyarrow.string()) for name, v in table.items()})
        )


def score_sentences(model: OpenModel, sentences: Sequence[GoldSentence]) -> Scores:
    """Return the model's probabilities, shape (n_sentences, n_labels).

    Sentences in a language that the model does not cover have none above 0.
    """
    tagger = model.tagger
    contexts = gold_contexts(sentences)
    scores = np.zeros((len(sentences), len(tagger.label_ids)), dtype=np.float32)
    for language, rows in _rows_by_language(sentences):
        if language in tagger.languages:
            texts, before = [sentences[row].text for row in rows], [contexts[row] for row in rows]
            scores[rows] = tagger.score(texts, language, before)
    return scores


def _rows_by_language(sentences: Sequence[GoldSentence]) -> list[tuple[str, list[int]]]:
    """Return each language in alphabetical order, and the places of its sentences."""
    rows: dict[str, list[int]] = {}
    for row, sentence in enumerate(sentences):
        rows.setdefault(sentence.language, []).append(row)
    return sorted(rows.items())


def _parts_by_language(sentences: Sequence[GoldSentence]) -> list[tuple[str, list[int]]]:
    """Return all sentences as one part, and each language's as another."""
    return [(ALL, list(range(len(sentences)))), *_rows_by_language(sentences)]


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
    columns_by_part = {ALL: list(range(len(codebook.labels)))} | {
        dimension: [codebook.label_ids.index(label) for label in codebook.ids_of(dimension)]
        for dimension in codebook.dimensions
    }
    return {
        language: {
            part: measure(
                truth[rows][:, columns],
                predicted[rows][:, columns],
                [gold[row].document_id for row in rows],
                config.bootstrap_samples,
                config.seed,
            )
            for part, columns in columns_by_part.items()
        }
        for language, rows in _parts_by_language(gold)
    }


def _floors_for(config: EvaluateConfig, gold_sha256: str) -> Path | None:
    """Return the floors if they were recorded on this gold."""
    if config.floors is None:
        return None
    recorded = read_floors(find_shipped(config.floors)).gold_sha256
    return config.floors if recorded == gold_sha256 else None


def _breaches(
    floors: Path | None, gold_sha256: str, metrics: dict[str, dict[str, Metrics]]
) -> list[str] | None:
    if floors is None:
        return None
    return check_floors(read_floors(find_shipped(floors)), gold_sha256, _micro_f1_by_part(metrics))


def _record_floors(
    path: Path | None, gold_sha256: str, metrics: dict[str, dict[str, Metrics]]
) -> None:
    """Raise the recorded floors to what was measured; on the same gold none is lowered.

    Raises:
        RequestError: No file to record them in, or one that cannot be written.
    """
    if path is None:
        raise RequestError(
            "the floors were recorded on another gold than this one, or none were asked for. Name "
            "the file to record in: --set floors=my_floors.yaml."
        )
    old = read_floors(path) if path.exists() else None
    floors = raised_floors(old, gold_sha256, _micro_f1_by_part(metrics))
    text = yaml.safe_dump(floors.model_dump(), sort_keys=False)
    with writable(path):
        replace_file(path, f"{_FLOORS_HEAD}{text}".encode())


def _micro_f1_by_part(
    metrics: dict[str, dict[str, Metrics]],
) -> dict[str, dict[str, float | None]]:
    """Return micro-F1 by language and dimension, without the rows and columns of totals."""
    return {
        language: {part: found.micro_f1 for part, found in parts.items() if part != ALL}
        for language, parts in metrics.items()
        if language != ALL
    }


_FLOORS_HEAD = """# The lowest micro-F1 that `make evaluate` lets pass, and the digest of its gold.
# Raised by `python -m pipeline evaluate --record-floors`; lowered by hand, with a reason.
"""
