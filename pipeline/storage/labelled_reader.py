"""Reads the output folder of ``label`` back, corrections made by hand in the CSV included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from pipeline.codebook import Codebook, Label
from pipeline.errors import DataError
from pipeline.records import KINDS, UNIT_COLUMNS, Kind, LabelledVersion, Scores, Sentence
from pipeline.storage.data_package import RUN_FILE
from pipeline.storage.tables import TableRow, iterate_table, read_table

SENTENCES = "sentences.csv"


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """What ``label`` wrote into a folder; ``thresholds`` has shape (n_labels,).

    ``n_corrected`` counts the labels that the CSV has and the model has not given, or the reverse;
    their probabilities are 1 and 0. ``not_covered`` names the versions whose language the model
    does not cover, which are left out.
    """

    path: Path
    codebook: Codebook
    thresholds: Scores
    model_sha256: str
    versions: tuple[LabelledVersion, ...]
    n_corrected: int
    not_covered: tuple[str, ...]


def read_labelled_folder(folder: Path, kinds: Sequence[Kind]) -> LabelledFolder:
    """Return a folder's documents in the order of ``sentences.csv``.

    Args:
        folder: What ``label`` wrote.
        kinds: Units that count.

    Raises:
        DataError: The folder is no finished output of ``label``, or a table in it was damaged.
    """
    run = _read_run(folder)
    codebook = _read_codebook(folder, str(run.get("codebook_version", "")))
    thresholds = _thresholds_of(folder, run, codebook)
    titles = {
        (row.text_of("doc_id"), row.text_of("language")): row
        for row in read_table(folder / "documents.csv", required=("doc_id", "language"))
    }
    scores = _read_scores(folder, codebook)
    gathered: dict[tuple[str, str], list[tuple[Sentence, list[bool], Scores]]] = {}
    not_covered: dict[str, None] = {}
    for row in iterate_table(folder / SENTENCES, (*UNIT_COLUMNS, *codebook.label_ids)):
        unit = _parse_unit(row, folder)
        if unit.kind == "cover":
            continue
        if not any(label in row.cells for label in codebook.label_ids):
            not_covered[f"{unit.doc_id} ({unit.language})"] = None
            continue
        labels = [_is_one(row, label, folder) for label in codebook.label_ids]
        gathered.setdefault((unit.doc_id, unit.language), []).append(
            (unit, labels, scores.of(unit.sentence_id, row, folder))
        )
    versions = []
    n_corrected = 0
    for (doc_id, language), rows in gathered.items():
        units, flags, probabilities = zip(*rows, strict=True)
        assigned, given = np.array(flags, dtype=bool), np.stack(probabilities)
        is_corrected = assigned != (given >= thresholds)
        n_corrected += int(is_corrected.sum())
        row = titles.get((doc_id, language), TableRow(0, {}))
        versions.append(
            LabelledVersion(
                doc_id=doc_id,
                language=language,
                title=row.text_of("title"),
                date=row.text_of("date"),
                units=units,
                labels=assigned,
                probabilities=np.where(is_corrected, assigned, given).astype(np.float32),
                counted=np.flatnonzero([unit.kind in kinds for unit in units]),
            )
        )
    return LabelledFolder(
        folder,
        codebook,
        thresholds,
        str(run.get("model_sha256", "")),
        tuple(versions),
        n_corrected,
        tuple(not_covered),
    )


def _read_run(folder: Path) -> dict[str, Any]:
    path = folder / RUN_FILE
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder}: {RUN_FILE} is missing, so this is no finished output of `label`. Run "
            f"`label --output {folder}` first."
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Label the documents again.") from error
    if not isinstance(run, dict):
        raise DataError(f"{path}: expected a JSON object. Label the documents again.")
    return run


def _read_codebook(folder: Path, version: str) -> Codebook:
    rows = read_table(folder / "codebook.csv", required=("label", "dimension"))
    labels = tuple(
        Label(
            id=row.text_of("label"),
            name=row.text_of("name"),
            dimension=row.text_of("dimension"),
            definition=row.text_of("definition"),
        )
        for row in rows
    )
    return Codebook(version=version, labels=labels)


def _thresholds_of(folder: Path, run: dict[str, Any], codebook: Codebook) -> Scores:
    by_label = run.get("thresholds")
    if not isinstance(by_label, dict) or set(by_label) != set(codebook.label_ids):
        raise DataError(
            f"{folder / RUN_FILE}: the thresholds of the labels are missing; it was written by an "
            "earlier version. Label the documents again."
        )
    return np.array([by_label[label] for label in codebook.label_ids], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _ScoreTable:
    row_by_id: dict[str, int]
    scores: Scores

    def of(self, sentence_id: str, row: TableRow, folder: Path) -> Scores:
        place = self.row_by_id.get(sentence_id)
        if place is None:
            raise DataError(
                f"{folder / SENTENCES} line {row.line}: sentence_id '{sentence_id}' is not in "
                "scores.parquet. Restore the id; labels are what may be corrected by hand."
            )
        found: Scores = self.scores[place]
        return found


def _read_scores(folder: Path, codebook: Codebook) -> _ScoreTable:
    path = folder / "scores.parquet"
    try:
        table = pyarrow.parquet.read_table(path)
        ids = table.column("sentence_id").to_pylist()
        columns = [table.column(label).to_numpy() for label in codebook.label_ids]
    except (OSError, KeyError, pyarrow.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({error}). Label the documents again.") from error
    scores = np.nan_to_num(np.stack(columns, axis=1)).astype(np.float32)
    return _ScoreTable({sentence_id: row for row, sentence_id in enumerate(ids)}, scores)


def _parse_unit(row: TableRow, folder: Path) -> Sentence:
    kind = row.text_of("kind")
    if kind not in KINDS:
        raise DataError(
            f"{folder / SENTENCES} line {row.line}: kind is {kind!r}, expected one of "
            f"{', '.join(KINDS)}."
        )
    try:
        return Sentence(
            sentence_id=row.text_of("sentence_id"),
            doc_id=row.text_of("doc_id"),
            language=row.text_of("language"),
            position=int(row.text_of("position")),
            start=int(row.text_of("char_start")),
            end=int(row.text_of("char_end")),
            text=row.text_of("text"),
            kind=kind,
            section=row.text_of("section"),
            paragraph=row.text_of("paragraph"),
        )
    except ValueError as error:
        raise DataError(
            f"{folder / SENTENCES} line {row.line}: position, char_start or char_end is no whole "
            "number. Restore the columns; labels are what may be corrected by hand."
        ) from error


def _is_one(row: TableRow, label: str, folder: Path) -> bool:
    cell = row.text_of(label)
    if cell not in ("0", "1"):
        raise DataError(
            f"{folder / SENTENCES} line {row.line}: {label} is {cell!r}, expected 0 or 1."
        )
    return cell == "1"


def corpus_names(folders: Sequence[Path]) -> list[str]:
    """Return what folders are called, each by a name of its own.

    >>> corpus_names([Path("2021/out"), Path("2022/out"), Path("all")])
    ['2021/out', '2022/out', 'all']
    """
    names = [folder.resolve().name for folder in folders]
    return [
        name if names.count(name) == 1 else folder.as_posix()
        for name, folder in zip(names, folders, strict=True)
    ]
