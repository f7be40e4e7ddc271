"""Model folders ↔ taggers: the one place that knows which family reads which folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codebook import Codebook
from pipeline.config import LearnedLayerConfig, Precision
from pipeline.errors import ModelError
from pipeline.records import Scores
from pipeline.storage.model_folder import (
    BASELINE,
    ModelFiles,
    ModelFolder,
    read_model,
    read_weights,
)
from pipeline.tagging.lexicon import Lexicon, lexicon_from_json
from pipeline.tagging.ngrams import NgramHasher
from pipeline.tagging.stacked import (
    STACK_FEATURES,
    NgramBaseline,
    StackedTagger,
    StackedWeights,
)
from pipeline.tagging.tagger import Tagger

if TYPE_CHECKING:
    from pipeline.training.ridge import RidgeFit
    from pipeline.training.transformer_trainer import TrainedTransformer

STACKED_FAMILY = "stacked"
TRANSFORMER_FAMILY = "transformer"
CUE_ODDS = "cue_odds."
"""What the arrays of ``StackedWeights.cue_odds`` are called in a file, before the language."""


@dataclass(frozen=True)
class OpenModel:
    """A tagger ready to score, the thresholds that go with it, and the digest of its files."""

    tagger: Tagger
    thresholds: Scores
    digest: str


def open_model(folder: Path, codebook: Codebook, precision: Precision = "auto") -> OpenModel:
    """Read a model folder and make its tagger.

    Args:
        folder: A model folder.
        codebook: The codebook that it was made for.
        precision: What an encoder computes in; the default family has its own.

    Raises:
        ModelError: The folder is incomplete or damaged, of an unknown family, or made for another
            codebook.
    """
    found = read_model(folder, codebook)
    family = found.files.config.get("family")
    if family == TRANSFORMER_FAMILY:
        from pipeline.tagging.transformer import open_transformer

        tagger: Tagger = open_transformer(found, precision)
    elif family == STACKED_FAMILY:
        tagger = _open_stacked(found)
    else:
        raise ModelError(
            f"{folder}: family {family!r} is not known (known: {STACKED_FAMILY}, "
            f"{TRANSFORMER_FAMILY})."
        )
    return OpenModel(tagger, found.files.thresholds, found.digest)


def stacked_files(
    codebook: Codebook,
    languages: frozenset[str],
    layer: LearnedLayerConfig,
    lexicon: Lexicon,
    thresholds: Scores,
) -> ModelFiles:
    """Return a stacked model's files as they go to disk."""
    return ModelFiles(
        label_ids=codebook.label_ids,
        config={
            "family": STACKED_FAMILY,
            "codebook_version": codebook.version,
            "languages": sorted(languages),
            "hash_bits": layer.hash_bits,
            "char_ngrams": list(layer.char_ngrams),
            "word_ngrams": list(layer.word_ngrams),
            "stack_features": list(STACK_FEATURES),
        },
        thresholds=thresholds,
        lexicon=lexicon.to_json(),
    )


def stacked_arrays(weights: StackedWeights) -> dict[str, NDArray[Any]]:
    """Return a stacked model's weights as they go to disk."""
    return {
        "bucket_weights": weights.bucket_weights.astype(np.float16),
        "ngrams": weights.ngrams.astype(np.float16),
        "cues": weights.cues,
        "bias": weights.bias,
        "stack": weights.stack,
        "slope": weights.slope,
        "intercept": weights.intercept,
        **{f"{CUE_ODDS}{language}": odds for language, odds in weights.cue_odds.items()},
    }


def baseline_arrays(ngrams: RidgeFit, threshold: float) -> dict[str, NDArray[Any]]:
    """Return the n-gram baseline as it goes to disk."""
    return {
        "ngrams": ngrams.weights.astype(np.float16),
        "bias": ngrams.bias.astype(np.float32),
        "threshold": np.array([threshold], dtype=np.float32),
    }


def open_baseline(folder: Path, tagger: StackedTagger) -> NgramBaseline | None:
    """Return the n-gram baseline beside a model, None where there is none.

    Raises:
        ModelError: It is damaged, or was made for another model.
    """
    if not (folder / BASELINE).exists():
        return None
    n_labels = len(tagger.label_ids)
    shapes = {"ngrams": (tagger.n_buckets, n_labels), "bias": (n_labels,), "threshold": (1,)}
    arrays = read_weights(folder, shapes, BASELINE)
    return NgramBaseline(arrays["ngrams"], arrays["bias"], float(arrays["threshold"][0]))


def transformer_files(
    codebook: Codebook, languages: Sequence[str], lexicon: Lexicon, trained: TrainedTransformer
) -> ModelFiles:
    """Return a fine-tuned encoder's own files as they go to disk beside Hugging Face's."""
    fusion = trained.fusion
    return ModelFiles(
        label_ids=codebook.label_ids,
        config={
            "family": TRANSFORMER_FAMILY,
            "codebook_version": codebook.version,
            "languages": sorted(languages),
            "max_tokens": trained.max_tokens,
            "reads_context": trained.reads_context,
            "folded_thresholds": trained.folded_thresholds.tolist(),
            "fusion": fusion
            and {
                "stack": fusion.stack.tolist(),
                "slope": fusion.slope.tolist(),
                "intercept": fusion.intercept.tolist(),
            },
        },
        thresholds=trained.thresholds,
        lexicon=lexicon.to_json() if fusion else {},
    )


def _open_stacked(found: ModelFolder) -> StackedTagger:
    files, config = found.files, found.files.config
    if config["stack_features"] != list(STACK_FEATURES):
        raise ModelError(f"{found.path}: was trained by another version. Run `make train`.")
    n_labels = len(files.label_ids)
    shapes = {
        "bucket_weights": (1 << config["hash_bits"],),
        "ngrams": (1 << config["hash_bits"], n_labels),
        "cues": (n_labels, n_labels),
        "bias": (n_labels,),
        "stack": (len(STACK_FEATURES),),
        "slope": (n_labels,),
        "intercept": (n_labels,),
    }
    lexicon = lexicon_from_json(dict(files.lexicon))
    odds = {f"{CUE_ODDS}{name}": (lexicon.n_cues(name),) for name in lexicon.languages}
    arrays = read_weights(found.path, shapes | odds)
    cue_odds = {name.removeprefix(CUE_ODDS): arrays.pop(name) for name in odds}
    return StackedTagger(
        label_ids=files.label_ids,
        languages=frozenset(config["languages"]),
        lexicon=lexicon,
        hasher=NgramHasher(config["hash_bits"], config["char_ngrams"], config["word_ngrams"]),
        weights=StackedWeights(**arrays, cue_odds=cue_odds),
    )
