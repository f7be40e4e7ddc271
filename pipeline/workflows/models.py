"""Model folders ↔ taggers: the one place that knows which family reads which folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.codebook import Codebook
from pipeline.config import LearnedLayerConfig
from pipeline.errors import ModelError
from pipeline.records import Scores
from pipeline.storage.model_folder import ModelFiles, read_model
from pipeline.tagging.lexicon import Lexicon, lexicon_from_json
from pipeline.tagging.ngrams import NgramHasher
from pipeline.tagging.stacked import STACK_FEATURES, StackedTagger, StackedWeights
from pipeline.tagging.tagger import Tagger

STACKED_FAMILY = "stacked"


@dataclass(frozen=True)
class OpenModel:
    """A tagger ready to score, the thresholds that go with it, and the digest of its files."""

    tagger: Tagger
    thresholds: Scores
    digest: str


def open_model(folder: Path, codebook: Codebook) -> OpenModel:
    """Read a model folder and make its tagger.

    Raises:
        ModelError: The folder is incomplete or damaged, of an unknown family, or made for another
            codebook.
    """
    files = read_model(folder, codebook)
    family = files.config.get("family")
    if family != STACKED_FAMILY:
        raise ModelError(f"{folder}: family {family!r} is not known (known: {STACKED_FAMILY}).")
    return OpenModel(_stacked_tagger(folder, files), files.thresholds, files.digest)


def stacked_files(
    codebook: Codebook,
    languages: frozenset[str],
    layer: LearnedLayerConfig,
    lexicon: Lexicon,
    weights: StackedWeights,
    thresholds: Scores,
) -> ModelFiles:
    """Return a stacked model as it goes to disk."""
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
        weights={
            "ngrams": weights.ngrams.astype(np.float16),
            "ngram_bias": weights.ngram_bias,
            "stack": weights.stack,
            "slope": weights.slope,
            "intercept": weights.intercept,
        },
        thresholds=thresholds,
        lexicon=lexicon.to_json(),
    )


def _stacked_tagger(folder: Path, files: ModelFiles) -> StackedTagger:
    config = files.config
    if config["stack_features"] != list(STACK_FEATURES):
        raise ModelError(f"{folder}: was trained by another version. Run `make train`.")
    n_labels = len(files.label_ids)
    shapes = {
        "ngrams": (1 << config["hash_bits"], n_labels),
        "ngram_bias": (n_labels,),
        "stack": (len(STACK_FEATURES),),
        "slope": (n_labels,),
        "intercept": (n_labels,),
    }
    arrays = {name: _array(folder, files, name, shape) for name, shape in shapes.items()}
    return StackedTagger(
        label_ids=files.label_ids,
        languages=frozenset(config["languages"]),
        lexicon=lexicon_from_json(dict(files.lexicon)),
        hasher=NgramHasher(config["hash_bits"], config["char_ngrams"], config["word_ngrams"]),
        weights=StackedWeights(**arrays),
    )


def _array(
    folder: Path, files: ModelFiles, name: str, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    array = files.weights.get(name)
    if array is None or array.shape != shape:
        found = "nothing" if array is None else f"shape {array.shape}"
        raise ModelError(
            f"{folder}: model.safetensors should hold '{name}' of shape {shape}, found {found}. "
            "Restore the file or train again."
        )
    return array.astype(np.float32)
