"""A model on disk: which files its folder holds, and how they are written and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
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
BASELINE = "baseline.safetensors"
CONFIG = "config.json"
LABELS = "labels.json"
THRESHOLDS = "thresholds.json"
LEXICON = "lexicon.json"
RESOLVED = "train.yaml"
METRICS = "metrics.json"
CARD = "README.md"
SETTINGS = "conclabel"
"""The key of ``config.json`` under which our own settings stand beside another library's."""
SCORING_FILES = (WEIGHTS, CONFIG, LABELS, THRESHOLDS, LEXICON)
"""The files that decide what a sentence is labelled; the digest is taken over these."""

_PICKLES = ("*.bin", "*.pkl", "*.pickle", "*.pt", "*.pth", "*.joblib", "*.ckpt")


@dataclass(frozen=True)
class ModelFiles:
    """What a model family makes a tagger of, apart from the weights, which each reads its own way.

    ``config`` holds family, languages and what the family needs; ``thresholds`` has shape
    (n_labels,).
    """

    label_ids: tuple[str, ...]
    config: Mapping[str, Any]
    thresholds: NDArray[np.float32]
    lexicon: Mapping[str, Any]


@dataclass(frozen=True)
class ModelFolder:
    """A folder whose files are all there and agree with the codebook.

    ``digest`` is the SHA-256 over all files that decide labels.
    """

    path: Path
    files: ModelFiles
    digest: str


@dataclass(frozen=True)
class ModelReport:
    """What a model folder tells its reader: resolved configuration, metrics, and the card.

    ``baseline`` are arrays of a simpler model to hold it against, none for a family without one.
    """

    train_yaml: str
    metrics: Mapping[str, Any]
    card: str
    baseline: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def write_model(
    folder: Path, files: ModelFiles, weights: Mapping[str, NDArray[Any]], report: ModelReport
) -> None:
    """Write a model folder, whole or not at all; the same content gives the same bytes.

    Raises:
        RequestError: The folder cannot be written.
    """
    with staged_folder(folder, last=CONFIG) as staging:
        (staging / WEIGHTS).write_bytes(save(dict(weights)))
        _write_json(staging / CONFIG, {SETTINGS: _settings(files)}, indent=2)
        write_model_files(staging, files, report)


def write_model_files(folder: Path, files: ModelFiles, report: ModelReport) -> None:
    """Write all of a model folder but weights and ``config.json``."""
    thresholds = {
        label: round(float(threshold), 4)
        for label, threshold in zip(files.label_ids, files.thresholds, strict=True)
    }
    _write_json(folder / LABELS, list(files.label_ids), indent=1)
    _write_json(folder / THRESHOLDS, thresholds, indent=1)
    _write_json(folder / LEXICON, files.lexicon, indent=None)
    _write_json(folder / METRICS, report.metrics, indent=1)
    (folder / RESOLVED).write_text(report.train_yaml, encoding="utf-8")
    (folder / CARD).write_text(report.card, encoding="utf-8")
    if report.baseline:
        (folder / BASELINE).write_bytes(save(dict(report.baseline)))


def settings_for_config(files: ModelFiles) -> dict[str, Any]:
    """Return what a family that writes its own ``config.json`` adds to it."""
    return {SETTINGS: _settings(files)}


def _settings(files: ModelFiles) -> dict[str, Any]:
    return {"format": FORMAT, **files.config}


def read_model(folder: Path, codebook: Codebook) -> ModelFolder:
    """Read and check a model folder; nothing is unpickled and no code in it is run.

    Raises:
        ModelError: A file is missing or damaged, the weights are pickled, the format is newer, or
            the labels are not the codebook's.
    """
    digests = {WEIGHTS: _digest_of(folder, WEIGHTS)}
    contents = {name: _read(folder, name) for name in SCORING_FILES if name != WEIGHTS}
    digests |= {name: sha256(content).hexdigest() for name, content in contents.items()}
    config = _parse_json(folder / CONFIG, contents[CONFIG]).get(SETTINGS, {})
    if config.get("format") != FORMAT:
        raise ModelError(
            f"{folder / CONFIG}: {SETTINGS} format {config.get('format')!r}, expected {FORMAT}. "
            "Train the model again with this version: `make train`."
        )
    label_ids = tuple(_parse_json(folder / LABELS, contents[LABELS]))
    _check_labels(folder, label_ids, codebook)
    thresholds = _parse_json(folder / THRESHOLDS, contents[THRESHOLDS])
    if tuple(thresholds) != label_ids:
        raise ModelError(f"{folder / THRESHOLDS}: labels differ from {LABELS}. Train again.")
    values = np.array(list(thresholds.values()), dtype=np.float32)
    if not ((values > 0) & (values < 1)).all():
        raise ModelError(f"{folder / THRESHOLDS}: thresholds lie between 0 and 1. Train again.")
    files = ModelFiles(
        label_ids=label_ids,
        config=config,
        thresholds=values,
        lexicon=_parse_json(folder / LEXICON, contents[LEXICON]),
    )
    lines = "".join(f"{name} {digests[name]}\n" for name in SCORING_FILES)
    return ModelFolder(folder, files, sha256(lines.encode()).hexdigest())


def read_weights(
    folder: Path, shapes: Mapping[str, tuple[int, ...]], file: str = WEIGHTS
) -> dict[str, NDArray[np.float32]]:
    """Return a folder's arrays as float32.

    Args:
        folder: A model folder.
        shapes: The names and shapes that its family needs.
        file: Which of its files holds them.

    Raises:
        ModelError: The weights are damaged, or an array is missing, of another shape, or holds
            what is no number.
    """
    path = folder / file
    try:
        arrays = load(path.read_bytes())
    except SafetensorError as error:
        raise damaged_weights(path, error) from error
    for name, shape in shapes.items():
        array = arrays.get(name)
        if array is None or array.shape != shape:
            found = "nothing" if array is None else f"shape {array.shape}"
            raise ModelError(
                f"{folder}: {file} should hold '{name}' of shape {shape}, found {found}. "
                "Restore the file or train again."
            )
        if not np.isfinite(array).all():
            raise not_finite(path, name)
    return {name: arrays[name].astype(np.float32) for name in shapes}


def damaged_weights(path: Path, error: Exception) -> ModelError:
    """Return the error for a weights file that cannot be read."""
    return ModelError(f"{path}: is damaged or cut off ({error}). Restore it or train again.")


def not_finite(path: Path, name: str) -> ModelError:
    """Return the error for weights that are no numbers: every score would be none either."""
    return ModelError(f"{path}: '{name}' holds what is no number. Restore it or train again.")


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(_missing(folder, name)) from error


def _digest_of(folder: Path, name: str) -> str:
    try:
        with (folder / name).open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
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


def _write_json(path: Path, content: Any, indent: int | None) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=indent)
    path.write_text(text + "\n", encoding="utf-8")
