"""A model on disk: which files its folder holds, and how they are written and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pipeline.codebook import Codebook
from pipeline.errors import ModelError
from pipeline.storage.atomic import staged_folder

FORMAT = 1
"""Raised when a folder written before can no longer be read."""

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
LABELS = "labels.json"
THRESHOLDS = "thresholds.json"
LEXICON = "lexicon.json"
RESOLVED = "train.yaml"
METRICS = "metrics.json"
CARD = "README.md"
SCORING_FILES = (WEIGHTS, CONFIG, LABELS, THRESHOLDS, LEXICON)
"""The files that decide what a sentence is labelled; the digest is taken over these."""

_PICKLES = ("*.bin", "*.pkl", "*.pickle", "*.pt", "*.pth", "*.joblib", "*.ckpt")


@dataclass(frozen=True)
class ModelFiles:
    """The content of a model folder, before a model family makes a tagger of it.

    ``config`` holds family, languages and what the family needs; ``thresholds`` has shape
    (n_labels,); ``digest`` is the SHA-256 over all files that decide labels.
    """

    label_ids: tuple[str, ...]
    config: Mapping[str, Any]
    weights: Mapping[str, NDArray[Any]]
    thresholds: NDArray[np.float32]
    lexicon: Mapping[str, Any]
    digest: str = ""


@dataclass(frozen=True)
class ModelReport:
    """What a model folder tells its reader: resolved configuration, metrics, and the card."""

    train_yaml: str
    metrics: Mapping[str, Any]
    card: str


def write_model(folder: Path, files: ModelFiles, report: ModelReport) -> None:
    """Write a model folder, whole or not at all; the same content gives the same bytes.

    Raises:
        RequestError: The folder cannot be written.
    """
    thresholds = {
        label: round(float(threshold), 4)
        for label, threshold in zip(files.label_ids, files.thresholds, strict=True)
    }
    with staged_folder(folder, last=CONFIG) as staging:
        (staging / WEIGHTS).write_bytes(save(dict(files.weights)))
        _write_json(staging / CONFIG, {"format": FORMAT, **files.config}, indent=2)
        _write_json(staging / LABELS, list(files.label_ids), indent=1)
        _write_json(staging / THRESHOLDS, thresholds, indent=1)
        _write_json(staging / LEXICON, files.lexicon, indent=None)
        _write_json(staging / METRICS, report.metrics, indent=1)
        (staging / RESOLVED).write_text(report.train_yaml, encoding="utf-8")
        (staging / CARD).write_text(report.card, encoding="utf-8")


def read_model(folder: Path, codebook: Codebook) -> ModelFiles:
    """Read and check a model folder; nothing is unpickled and no code in it is run.

    Raises:
        ModelError: A file is missing or damaged, the weights are pickled, the format is newer, or
            the labels are not the codebook's.
    """
    contents = {name: _read(folder, name) for name in SCORING_FILES}
    config = _parse_json(folder / CONFIG, contents[CONFIG])
    if config.get("format") != FORMAT:
        raise ModelError(
            f"{folder / CONFIG}: format {config.get('format')!r}, expected {FORMAT}. "
            "Train the model again with this version: `make train`."
        )
    label_ids = tuple(_parse_json(folder / LABELS, contents[LABELS]))
    _check_labels(folder, label_ids, codebook)
    thresholds = _parse_json(folder / THRESHOLDS, contents[THRESHOLDS])
    if tuple(thresholds) != label_ids:
        raise ModelError(f"{folder / THRESHOLDS}: labels differ from {LABELS}. Train again.")
    return ModelFiles(
        label_ids=label_ids,
        config=config,
        weights=_parse_weights(folder / WEIGHTS, contents[WEIGHTS]),
        thresholds=np.array(list(thresholds.values()), dtype=np.float32),
        lexicon=_parse_json(folder / LEXICON, contents[LEXICON]),
        digest=_digest(contents),
    )


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(_missing(folder, name)) from error


def _missing(folder: Path, name: str) -> str:
    if not folder.is_dir():
        return f"{folder}: no such model folder. Run `make train`, or name a folder with MODEL=."
    pickles = sorted(file.name for pattern in _PICKLES for file in folder.glob(pattern))
    if name == WEIGHTS and pickles:
        return (
            f"{folder}: {pickles[0]} is a pickle, which can run code and is never loaded. "
            f"Expected {WEIGHTS}."
        )
    return f"{folder}: {name} is missing. Run `make train`, or name a complete folder with MODEL=."


def _check_labels(folder: Path, label_ids: tuple[str, ...], codebook: Codebook) -> None:
    if label_ids == codebook.label_ids:
        return
    only_model = [label for label in label_ids if label not in codebook.label_ids]
    only_codebook = [label for label in codebook.label_ids if label not in label_ids]
    difference = (
        f"only in the model: {', '.join(only_model) or 'none'}; "
        f"only in the codebook: {', '.join(only_codebook) or 'none'}"
    )
    if not only_model and not only_codebook:
        difference = "the same labels in another order"
    raise ModelError(
        f"{folder / LABELS}: {len(label_ids)} labels, which are not the {len(codebook.labels)} of "
        f"the codebook (version {codebook.version}): {difference}. Use the codebook that the model "
        "was trained with (--set codebook=…), or train again."
    )


def _parse_json(path: Path, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise ModelError(f"{path}: is damaged ({error}). Restore it or train again.") from error


def _parse_weights(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    try:
        return load(content)
    except SafetensorError as error:
        raise ModelError(
            f"{path}: is damaged or cut off ({error}). Restore it or train again."
        ) from error


def _digest(contents: Mapping[str, bytes]) -> str:
    digests = "".join(f"{name} {sha256(contents[name]).hexdigest()}\n" for name in SCORING_FILES)
    return sha256(digests.encode()).hexdigest()


def _write_json(path: Path, content: Any, indent: int | None) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=indent)
    path.write_text(text + "\n", encoding="utf-8")
