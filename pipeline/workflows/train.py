"""`train`: labelled sentences and a lexicon in, a model folder with card and metrics out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.codebook import Codebook, load_codebook
from pipeline.config import TrainConfig
from pipeline.errors import DataError
from pipeline.evaluation.metrics import (
    Metrics,
    expected_calibration_error,
    measure,
    measure_labels,
    split_by,
)
from pipeline.records import Scores
from pipeline.shipped import find_shipped
from pipeline.storage.gold import GoldSentence, read_gold
from pipeline.storage.model_folder import ModelReport, write_model
from pipeline.tagging.lexicon import Lexicon, load_lexicon
from pipeline.training.calibration import choose_thresholds
from pipeline.training.model_card import CardFacts, write_card
from pipeline.training.splits import grouped_folds
from pipeline.training.trainer import Progress, TrainedModel, TrainingSet, fit_stacked
from pipeline.workflows.models import stacked_files

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TrainSummary:
    """What was trained, on what, and how well it does on documents it had not seen."""

    output: Path
    n_sentences: int
    n_documents: int
    languages: tuple[str, ...]
    metrics: Metrics


def train_model(config: TrainConfig, progress: Progress) -> TrainSummary:
    """Train a model and write its folder.

    Raises:
        PipelineError: The data, the lexicon or the request cannot be used.
    """
    codebook = load_codebook(find_shipped(config.codebook))
    gold = read_gold(find_shipped(config.data), codebook)
    lexicon = (
        load_lexicon(find_shipped(config.lexicon), codebook) if config.lexicon else Lexicon({})
    )
    training = _training_set(gold, codebook, config)
    trained = fit_stacked(training, codebook.label_ids, lexicon, config.learned_layer, progress)
    languages = frozenset(training.languages) | frozenset(lexicon.languages)
    files = stacked_files(
        codebook, languages, config.learned_layer, lexicon, trained.weights, trained.thresholds
    )
    metrics = _metrics(gold, training, trained, codebook, config)
    card = write_card(_card_facts(gold, codebook, lexicon, languages, metrics))
    train_yaml = yaml.safe_dump(config.model_dump(mode="json", exclude={"output"}), sort_keys=False)
    write_model(config.output, files, ModelReport(train_yaml, metrics, card))
    return TrainSummary(
        output=config.output,
        n_sentences=len(gold),
        n_documents=len({sentence.document_id for sentence in gold}),
        languages=tuple(sorted(languages)),
        metrics=_measure_held_out(gold, training, trained, config),
    )


def _training_set(
    gold: Sequence[GoldSentence], codebook: Codebook, config: TrainConfig
) -> TrainingSet:
    labels = gold_matrix(gold, codebook)
    if not labels.any():
        raise DataError(f"{config.data}: no sentence has a label. Expected some for each label.")
    folds = grouped_folds(
        [(sentence.group_id, sentence.document_id) for sentence in gold],
        labels,
        config.folds,
        config.seed,
    )
    return TrainingSet(
        texts=tuple(sentence.text for sentence in gold),
        languages=tuple(sentence.language for sentence in gold),
        group_ids=tuple(sentence.group_id for sentence in gold),
        gold=labels,
        folds=folds,
    )


def gold_matrix(gold: Sequence[GoldSentence], codebook: Codebook) -> Bools:
    """Return the labels of sentences, shape (n_sentences, n_labels), in codebook order."""
    column_by_label = {label: column for column, label in enumerate(codebook.label_ids)}
    matrix = np.zeros((len(gold), len(column_by_label)), dtype=bool)
    for row, sentence in enumerate(gold):
        matrix[row, [column_by_label[label] for label in sentence.labels]] = True
    return matrix


def _measure_held_out(
    gold: Sequence[GoldSentence], training: TrainingSet, trained: TrainedModel, config: TrainConfig
) -> Metrics:
    predicted = trained.held_out.probabilities >= trained.held_out.thresholds
    documents = [sentence.document_id for sentence in gold]
    return measure(training.gold, predicted, documents, 1000, config.seed)


def _metrics(
    gold: Sequence[GoldSentence],
    training: TrainingSet,
    trained: TrainedModel,
    codebook: Codebook,
    config: TrainConfig,
) -> dict[str, Any]:
    """Return everything measured on held-out documents, as JSON."""
    held_out, truth = trained.held_out, training.gold
    predicted = held_out.probabilities >= held_out.thresholds
    documents = [sentence.document_id for sentence in gold]
    every_row = list(range(len(gold)))
    every_column = list(range(len(codebook.labels)))

    def measured(rows: Sequence[int], columns: Sequence[int], decisions: Bools) -> Metrics:
        cells = np.ix_(rows, columns)
        return measure(truth[cells], decisions[cells], [documents[row] for row in rows])

    columns_by_dimension = {
        dimension: [codebook.label_ids.index(label) for label in codebook.ids_of(dimension)]
        for dimension in codebook.dimensions
    }
    systems = {
        "stacked": predicted,
        "lexicon alone": held_out.cue_counts > 0,
        "n-grams alone": held_out.ngrams_only
        >= _best_shared_threshold(held_out.ngrams_only, truth),
    }
    labels = measure_labels(truth, predicted, held_out.probabilities, codebook.label_ids)
    return {
        "method": (
            f"{int(training.folds.max()) + 1}-fold cross-validation; whole documents are held "
            "out, all their language versions together"
        ),
        "all": _measure_held_out(gold, training, trained, config).to_json(),
        "expected_calibration_error": round(
            expected_calibration_error(truth, held_out.probabilities), 4
        ),
        "systems": {
            name: measured(every_row, every_column, decisions).to_json()
            for name, decisions in systems.items()
        },
        "dimensions": {
            dimension: measured(every_row, columns, predicted).to_json()
            for dimension, columns in columns_by_dimension.items()
        },
        "languages": {
            language: metrics.to_json()
            for language, metrics in split_by(
                training.languages, lambda rows: measured(rows.tolist(), every_column, predicted)
            ).items()
        },
        "labels": [
            {
                key: round(value, 4) if isinstance(value, float) else value
                for key, value in asdict(label).items()
            }
            for label in labels
        ],
    }


def _best_shared_threshold(probabilities: Scores, truth: Bools) -> Scores:
    """Return the threshold that flatters a baseline most: chosen on what it is measured on."""
    own_thresholds_for_none = [0] * truth.shape[1]
    return choose_thresholds(
        probabilities.astype(np.float64), truth, own_thresholds_for_none
    ).astype(np.float32)


def _card_facts(
    gold: Sequence[GoldSentence],
    codebook: Codebook,
    lexicon: Lexicon,
    languages: frozenset[str],
    metrics: dict[str, Any],
) -> CardFacts:
    return CardFacts(
        codebook_version=codebook.version,
        n_labels=len(codebook.labels),
        dimensions=codebook.dimensions,
        languages=tuple(sorted(languages)),
        training_languages=tuple(sorted({sentence.language for sentence in gold})),
        n_sentences=len(gold),
        n_contents=len({sentence.group_id for sentence in gold}),
        n_documents=len({sentence.document_id for sentence in gold}),
        n_cues=sum(
            len(entry["cues"]) for labels in lexicon.lines.values() for entry in labels.values()
        ),
        metrics=metrics,
    )
