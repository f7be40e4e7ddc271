"""`train`: labelled sentences and a lexicon in, a model folder with card and metrics out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.codebook import Codebook, load_codebook
from pipeline.config import TrainConfig
from pipeline.errors import ConfigError, DataError
from pipeline.evaluation.metrics import (
    Metrics,
    abstention_curve,
    expected_calibration_error,
    measure,
    measure_labels,
    reliability,
    split_by,
)
from pipeline.near_duplicates import number_copies
from pipeline.records import Scores
from pipeline.shipped import find_shipped
from pipeline.storage.atomic import refuse_file_as_folder, refuse_unwritable, staged_folder
from pipeline.storage.gold import GoldSentence, read_gold
from pipeline.storage.model_folder import (
    CONFIG,
    WEIGHTS,
    ModelReport,
    settings_for_config,
    write_model,
    write_model_files,
)
from pipeline.tagging.context import texts_before
from pipeline.tagging.lexicon import Lexicon, is_of_another_scheme, load_lexicon
from pipeline.training.model_card import WHOLE_MODEL, CardFacts, write_card
from pipeline.training.splits import grouped_folds, largest_component_fraction
from pipeline.training.trainer import HeldOut, Progress, TrainingSet, fit_stacked
from pipeline.workflows.models import (
    TRANSFORMER_FAMILY,
    baseline_arrays,
    stacked_arrays,
    stacked_files,
    transformer_files,
)

MAX_COMPONENT_FRACTION = 0.5
"""Share of all sentences that copies may tie together into one fold."""

Bools = NDArray[np.bool_]

logger = logging.getLogger(__name__)


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
    refuse_file_as_folder(config.output)
    refuse_unwritable(config.output)
    codebook = load_codebook(find_shipped(config.codebook))
    gold = read_gold(find_shipped(config.data), codebook)
    config = _about_this_scheme(config, codebook)
    lexicon = (
        load_lexicon(find_shipped(config.lexicon), codebook) if config.lexicon else Lexicon({})
    )
    config = _about_these_documents(config, gold)
    training = _training_set(gold, codebook, config)
    fit = _fit_transformer if config.family == TRANSFORMER_FAMILY else _fit_stacked
    held_out = fit(gold, training, codebook, lexicon, config, progress)
    return TrainSummary(
        output=config.output,
        n_sentences=len(gold),
        n_documents=len({sentence.document_id for sentence in gold}),
        languages=_languages(training, lexicon),
        metrics=_measure_held_out(gold, training, held_out, config),
    )


def _about_this_scheme(config: TrainConfig, codebook: Codebook) -> TrainConfig:
    """Forget the lexicon if it names no label of the codebook: it is another scheme's."""
    if config.lexicon and is_of_another_scheme(find_shipped(config.lexicon), codebook):
        logger.warning(
            "%s names no label of %s: it is another scheme's lexicon, and the model is trained "
            "without it.",
            config.lexicon,
            config.codebook,
        )
        return config.model_copy(update={"lexicon": None})
    return config


def _about_these_documents(config: TrainConfig, gold: Sequence[GoldSentence]) -> TrainConfig:
    """Forget the lexicon's documents if the data has none of them: it is not the data meant."""
    documents = {sentence.document_id for sentence in gold}
    if config.lexicon_documents and documents.isdisjoint(config.lexicon_documents):
        logger.warning(
            "%s has none of the documents by which the lexicon was revised (lexicon_documents); "
            "all of it calibrates and measures.",
            config.data,
        )
        return config.model_copy(update={"lexicon_documents": ()})
    return config


def _languages(training: TrainingSet, lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(sorted({*training.languages, *lexicon.languages}))


def _fit_stacked(
    gold: Sequence[GoldSentence],
    training: TrainingSet,
    codebook: Codebook,
    lexicon: Lexicon,
    config: TrainConfig,
    progress: Progress,
) -> HeldOut:
    """Fit and write a model of the default family, and return the scores that vouch for it."""
    trained = fit_stacked(
        training,
        codebook.label_ids,
        lexicon,
        config.learned_layer,
        progress,
        config.hold_out_languages,
    )
    languages = frozenset(_languages(training, lexicon))
    files = stacked_files(codebook, languages, config.learned_layer, lexicon, trained.thresholds)
    others = trained.other_languages
    report = _report(gold, training, trained.held_out, codebook, lexicon, config, others)
    truth = training.gold[trained.held_out.rows]
    threshold = _best_shared_threshold(trained.held_out.learned_only, truth)
    report = replace(report, baseline=baseline_arrays(trained.ngrams_alone, threshold))
    write_model(config.output, files, stacked_arrays(trained.weights), report)
    return trained.held_out


def _fit_transformer(
    gold: Sequence[GoldSentence],
    training: TrainingSet,
    codebook: Codebook,
    lexicon: Lexicon,
    config: TrainConfig,
    progress: Progress,
) -> HeldOut:
    """Fine-tune and write an encoder, and return the scores that vouch for it."""
    from pipeline.training.transformer_trainer import fit_transformer

    if config.transformer is None:
        raise ConfigError("family transformer needs a block 'transformer' with an encoder.")
    checkpoints = config.output.parent / f".{config.output.name}.checkpoints"
    trained = fit_transformer(
        training,
        codebook.label_ids,
        lexicon,
        config.transformer,
        config.seed,
        checkpoints,
        progress,
    )
    files = transformer_files(codebook, _languages(training, lexicon), lexicon, trained)
    report = _report(gold, training, trained.held_out, codebook, lexicon, config)
    with staged_folder(config.output, last=CONFIG) as staging:
        trained.model.config.update(settings_for_config(files))
        trained.model.save_pretrained(staging)
        trained.tokenizer.save_pretrained(staging)
        (staging / WEIGHTS).chmod((staging / CONFIG).stat().st_mode)  # it was made for us alone
        write_model_files(staging, files, report)
    return trained.held_out


def _report(
    gold: Sequence[GoldSentence],
    training: TrainingSet,
    held_out: HeldOut,
    codebook: Codebook,
    lexicon: Lexicon,
    config: TrainConfig,
    other_languages: HeldOut | None = None,
) -> ModelReport:
    metrics = _metrics(gold, training, held_out, codebook, config)
    if other_languages:
        metrics["languages held out"] = _measure_languages(gold, training, other_languages)
    languages = _languages(training, lexicon)
    card = write_card(_card_facts(gold, codebook, lexicon, languages, config, metrics))
    train_yaml = yaml.safe_dump(config.model_dump(mode="json", exclude={"output"}), sort_keys=False)
    return ModelReport(train_yaml, metrics, card)


def _training_set(
    gold: Sequence[GoldSentence], codebook: Codebook, config: TrainConfig
) -> TrainingSet:
    labels = gold_matrix(gold, codebook)
    if not labels.any():
        raise DataError(f"{config.data}: no sentence has a label. Expected some for each label.")
    folds, is_spread = _folds(gold, labels, config)
    return TrainingSet(
        texts=tuple(sentence.text for sentence in gold),
        languages=tuple(sentence.language for sentence in gold),
        group_ids=tuple(sentence.group_id for sentence in gold),
        gold=labels,
        folds=folds,
        is_unseen=_unseen(gold, folds, is_spread, config),
        contexts=tuple(gold_contexts(gold)),
    )


def _folds(
    gold: Sequence[GoldSentence], labels: Bools, config: TrainConfig
) -> tuple[NDArray[np.int64], Bools]:
    """Return the fold of every sentence, and which have near copies in another fold.

    Copies share a fold, unless they tie so many documents together that the folds would be
    uneven, as a phrase that opens every document does. Where there is one document, its contents
    are dealt out.
    """
    own: list[tuple[str, ...]] = [(sentence.group_id, sentence.document_id) for sentence in gold]
    if _is_one_document(gold):
        logger.warning(
            "%s: all sentences are of one document, so sentences are held out; how well the model "
            "does on other documents cannot be estimated.",
            config.data,
        )
        own = [(sentence.group_id,) for sentence in gold]
    copies = number_copies(
        [sentence.text for sentence in gold], [sentence.language for sentence in gold]
    )
    together = [(*keys, str(copy)) for keys, copy in zip(own, copies.tolist(), strict=True)]
    if largest_component_fraction(together) <= MAX_COMPONENT_FRACTION:
        folds = grouped_folds(together, labels, config.folds, config.seed)
        return folds, np.zeros(len(gold), dtype=bool)
    folds = grouped_folds(own, labels, config.folds, config.seed)
    places = np.unique(np.stack([copies, folds]), axis=1)[0]
    return folds, (np.bincount(places) > 1)[copies]


def _is_one_document(gold: Sequence[GoldSentence]) -> bool:
    return len({sentence.document_id for sentence in gold}) == 1


def _unseen(
    gold: Sequence[GoldSentence], folds: NDArray[np.int64], is_spread: Bools, config: TrainConfig
) -> Bools:
    """Return which sentences vouch for the model; they must fill two folds.

    Neither those that the lexicon was revised by nor those with a copy in another fold do.
    """
    documents = {sentence.document_id for sentence in gold}
    unknown = sorted(set(config.lexicon_documents) - documents)
    if unknown:
        raise ConfigError(
            f"lexicon_documents: no sentence of '{unknown[0]}' in {config.data}. Expected some of "
            f"{', '.join(sorted(documents)[:5])}, …"
        )
    is_of_lexicon = np.array([s.document_id in config.lexicon_documents for s in gold])
    if len(np.unique(folds[~is_of_lexicon])) < 2:
        raise ConfigError(
            "lexicon_documents names all documents but those of one fold: nothing is left to "
            "calibrate and measure with."
        )
    is_unseen = ~is_of_lexicon & ~is_spread
    if len(np.unique(folds[is_unseen])) < 2:
        raise DataError(
            f"{config.data}: nearly every sentence has a copy in another document; nothing is left "
            "to calibrate and measure with. Remove the copies, or give them one group_id."
        )
    if is_spread.any():
        logger.warning(
            "%s: %d sentences have near copies in other documents; they are trained on, and "
            "neither calibrate nor measure.",
            config.data,
            is_spread.sum(),
        )
    return is_unseen


def gold_contexts(gold: Sequence[GoldSentence]) -> list[str]:
    """Return, for each sentence, the one before it in the same document and language."""
    documents = [(sentence.document_id, sentence.language) for sentence in gold]
    return texts_before([sentence.text for sentence in gold], documents)


def gold_matrix(gold: Sequence[GoldSentence], codebook: Codebook) -> Bools:
    """Return the labels of sentences, shape (n_sentences, n_labels), in codebook order."""
    column_by_label = {label: column for column, label in enumerate(codebook.label_ids)}
    matrix = np.zeros((len(gold), len(column_by_label)), dtype=bool)
    for row, sentence in enumerate(gold):
        matrix[row, [column_by_label[label] for label in sentence.labels]] = True
    return matrix


def _measure_held_out(
    gold: Sequence[GoldSentence], training: TrainingSet, held_out: HeldOut, config: TrainConfig
) -> Metrics:
    predicted = held_out.probabilities >= held_out.thresholds
    documents = [gold[row].document_id for row in held_out.rows]
    return measure(training.gold[held_out.rows], predicted, documents, 1000, config.seed)


def _metrics(
    gold: Sequence[GoldSentence],
    training: TrainingSet,
    held_out: HeldOut,
    codebook: Codebook,
    config: TrainConfig,
) -> dict[str, Any]:
    """Return everything measured on held-out documents, as JSON."""
    truth = training.gold[held_out.rows]
    predicted = held_out.probabilities >= held_out.thresholds
    documents = [gold[row].document_id for row in held_out.rows]
    languages = [gold[row].language for row in held_out.rows]
    every_row = list(range(len(truth)))
    every_column = list(range(len(codebook.labels)))

    def measured(rows: Sequence[int], columns: Sequence[int], decisions: Bools) -> Metrics:
        cells = np.ix_(rows, columns)
        return measure(truth[cells], decisions[cells], [documents[row] for row in rows])

    def by(names: Sequence[str], decisions: Bools) -> dict[str, Any]:
        parts = split_by(names, lambda rows: measured(rows.tolist(), every_column, decisions))
        return {name: found.to_json() for name, found in parts.items()}

    columns_by_dimension = {
        dimension: [codebook.label_ids.index(label) for label in codebook.ids_of(dimension)]
        for dimension in codebook.dimensions
    }
    systems = {
        WHOLE_MODEL: predicted,
        "lexicon alone": held_out.cue_counts > 0,
        "n-grams alone": held_out.learned_only
        >= _best_shared_threshold(held_out.learned_only, truth),
    }
    labels = measure_labels(truth, predicted, held_out.probabilities, codebook.label_ids)
    return {
        "method": _method(gold, training, config),
        "all": _measure_held_out(gold, training, held_out, config).to_json(),
        "expected_calibration_error": round(
            expected_calibration_error(truth, held_out.probabilities), 4
        ),
        "reliability": [asdict(point) for point in reliability(truth, held_out.probabilities)],
        "abstention": [
            asdict(point)
            for point in abstention_curve(truth, held_out.probabilities, held_out.thresholds)
        ],
        "systems": {
            name: measured(every_row, every_column, decisions).to_json()
            for name, decisions in systems.items()
        },
        "systems by language": {
            name: by(languages, decisions) for name, decisions in systems.items()
        },
        "documents": by(documents, predicted),
        "dimensions": {
            dimension: measured(every_row, columns, predicted).to_json()
            for dimension, columns in columns_by_dimension.items()
        },
        "labels": [
            {
                key: round(value, 4) if isinstance(value, float) else value
                for key, value in asdict(label).items()
            }
            for label in labels
        ],
    }


def _measure_languages(
    gold: Sequence[GoldSentence], training: TrainingSet, held_out: HeldOut
) -> dict[str, Any]:
    """Return metrics for each language, as JSON."""
    truth = training.gold[held_out.rows]
    predicted = held_out.probabilities >= held_out.thresholds
    documents = np.array([gold[row].document_id for row in held_out.rows])
    languages = [gold[row].language for row in held_out.rows]
    return {
        language: metrics.to_json()
        for language, metrics in split_by(
            languages,
            lambda rows: measure(truth[rows], predicted[rows], documents[rows].tolist()),
        ).items()
    }


def _method(gold: Sequence[GoldSentence], training: TrainingSet, config: TrainConfig) -> str:
    n_folds = int(training.folds.max()) + 1
    together = "whole documents are held out, all their language versions together"
    if _is_one_document(gold):
        together = (
            "sentences are held out, all their language versions together; all are of one "
            "document, so other documents are not estimable"
        )
    if config.lexicon_documents:
        together += (
            f"; measured on documents by which no cue was revised ({len(config.lexicon_documents)} "
            "others are left out)"
        )
    if config.family == TRANSFORMER_FAMILY:
        return f"One fold of {n_folds}, held out from training and calibration; {together}"
    return f"{n_folds}-fold cross-validation; {together}"


def _best_shared_threshold(scores: Scores, truth: Bools) -> float:
    """Return the threshold that flatters a baseline most: chosen on what it is measured on."""
    candidates = np.quantile(scores, np.linspace(0.8, 1.0, 101))
    n_gold = int(truth.sum())

    def micro_f1(threshold: float) -> float:
        given = scores >= threshold
        return 2 * int((given & truth).sum()) / max(int(given.sum()) + n_gold, 1)

    return float(max(candidates, key=micro_f1))


def _card_facts(
    gold: Sequence[GoldSentence],
    codebook: Codebook,
    lexicon: Lexicon,
    languages: Sequence[str],
    config: TrainConfig,
    metrics: dict[str, Any],
) -> CardFacts:
    return CardFacts(
        encoder=config.transformer.encoder if config.transformer else "",
        codebook_version=codebook.version,
        n_labels=len(codebook.labels),
        dimensions=codebook.dimensions,
        languages=languages,
        training_languages=tuple(sorted({sentence.language for sentence in gold})),
        n_sentences=len(gold),
        n_contents=len({sentence.group_id for sentence in gold}),
        n_documents=len({sentence.document_id for sentence in gold}),
        n_cues=sum(
            len(entry["cues"]) for labels in lexicon.lines.values() for entry in labels.values()
        ),
        metrics=metrics,
    )
