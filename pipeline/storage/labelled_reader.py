"""Reads the output folder of ``label`` back, corrections made by hand in the CSV included."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray
from pydantic import ValidationError

from pipeline.codebook import Codebook, Label
from pipeline.errors import DataError
from pipeline.records import KINDS, UNIT_COLUMNS, Kind, LabelledVersion, LabelSet, Scores, Sentence
from pipeline.storage.data_package import RUN_FILE
from pipeline.storage.gold import parse_flag, parse_label_ids
from pipeline.storage.tables import TableRow, iterate_table, read_table

Bools = NDArray[np.bool_]

SENTENCES, SCORES = "sentences.csv", "scores.parquet"
DOCUMENTS, CODEBOOK = "documents.csv", "codebook.csv"


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """What ``label`` wrote into a folder; ``thresholds`` has shape (n_labels,).

    ``notices`` say what a reader of a comparison must know: labels corrected by hand, rows that
    are gone, versions left out. ``mixed_tables`` are sources with rows of one ``doc_id`` in several
    languages, by every ``doc_id`` in them.
    """

    path: Path
    codebook: Codebook
    thresholds: Scores
    model_sha256: str
    versions: tuple[LabelledVersion, ...]
    notices: tuple[str, ...]
    mixed_tables: Mapping[str, str]


def read_labelled_folder(folder: Path, kinds: Sequence[Kind]) -> LabelledFolder:
    """Return a folder's documents in the order of ``sentences.csv``.

    A label counts as it stands in the joined cells or the 0/1 columns, whichever a person has
    changed. Units of a version are put in order of position, however the table was sorted.

    Args:
        folder: What ``label`` wrote.
        kinds: Units that count; one without text never does.

    Raises:
        DataError: The folder is no finished output of ``label``, or a table in it was damaged;
            with the line.
    """
    for name in (RUN_FILE, SENTENCES, SCORES, DOCUMENTS, CODEBOOK):
        if not (folder / name).exists():
            raise DataError(
                f"{folder}: {name} is missing, so this is no finished output of `label`. Run "
                f"`label --output {folder}` first."
            )
    run = _read_run(folder)
    codebook = _read_codebook(folder, str(run.get("codebook_version", "")))
    thresholds = _thresholds_of(folder, run, codebook)
    scores = _read_scores(folder, codebook)
    inputs = read_table(folder / DOCUMENTS, required=("doc_id", "language", "status"))
    about = {(row.text_of("doc_id"), row.text_of("language")): row for row in inputs}
    rows, n_read = _rows_by_version(folder, codebook, scores.n_rows)
    versions: list[LabelledVersion] = []
    notices = [_failed_notice(folder, inputs)]
    not_covered = []
    for (doc_id, language), own in rows.items():
        if all(row.flagged is None for row in own):
            not_covered.append(f"{doc_id} ({language})")
            continue
        found = about.get((doc_id, language), TableRow(0, {}))
        versions.append(
            _version_of(
                (doc_id, language, found.text_of("title"), found.text_of("date")),
                sorted(own, key=lambda row: row.unit.position),
                _Labelling(folder, codebook, thresholds, scores),
                kinds,
            )
        )
    notices += [
        _corrected_notice(folder, versions),
        _missing_notice(folder, scores.n_rows - n_read),
    ]
    if not_covered:
        notices.append(
            f"{folder}: left out, because the model does not cover the language: "
            f"{', '.join(not_covered)}."
        )
    return LabelledFolder(
        folder,
        codebook,
        thresholds,
        str(run.get("model_sha256", "")),
        tuple(versions),
        tuple(filter(None, notices)),
        {
            doc_id: row.text_of("source")
            for row in inputs
            if "|" in row.text_of("language")
            for doc_id in row.text_of("doc_id").split("|")
        },
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of ``sentences.csv``: its unit, and what its 0/1 columns and its joined cells say.

    Both are None where the model does not cover the language.
    """

    line: int
    unit: Sentence
    flagged: LabelSet | None
    named: LabelSet | None


@dataclass(frozen=True, slots=True)
class _Labelling:
    """What decides which labels a row has."""

    folder: Path
    codebook: Codebook
    thresholds: Scores
    scores: _ScoreTable


def _rows_by_version(
    folder: Path, codebook: Codebook, n_rows: int
) -> tuple[dict[tuple[str, str], list[_Row]], int]:
    """Return the rows of each document and language, cover lines left out, and how many all are."""
    rows: dict[tuple[str, str], list[_Row]] = {}
    line_by_id: dict[str, int] = {}
    if not n_rows:
        return rows, 0
    needed = (*UNIT_COLUMNS, *codebook.dimensions, *codebook.label_ids)
    for row in iterate_table(folder / SENTENCES, needed):
        if not row.cells:
            continue  # spreadsheets end with empty lines
        unit = _parse_unit(row, folder)
        if unit.sentence_id in line_by_id:
            raise DataError(
                f"{folder / SENTENCES} line {row.line}: sentence_id '{unit.sentence_id}' stands "
                f"already on line {line_by_id[unit.sentence_id]}. Remove one of the rows."
            )
        line_by_id[unit.sentence_id] = row.line
        if unit.kind != "cover":
            rows.setdefault((unit.doc_id, unit.language), []).append(
                _parse_row(row, unit, codebook, folder)
            )
    return rows, len(line_by_id)


def _version_of(
    head: tuple[str, str, str, str],
    rows: Sequence[_Row],
    labelling: _Labelling,
    kinds: Sequence[Kind],
) -> LabelledVersion:
    """Return one version; ``head`` is its ``doc_id``, language, title and date."""
    probabilities = np.stack([labelling.scores.of(row, labelling.folder) for row in rows])
    model_labels = probabilities >= labelling.thresholds
    labels = [
        _labels_of(row, given, labelling) for row, given in zip(rows, model_labels, strict=True)
    ]
    units = tuple(row.unit for row in rows)
    counts = [unit.kind in kinds and bool(unit.text.strip()) for unit in units]
    return LabelledVersion(
        *head,
        units=units,
        labels=np.array(labels, dtype=bool),
        model_labels=model_labels,
        probabilities=probabilities,
        counted=np.flatnonzero(counts),
    )


def _parse_row(row: TableRow, unit: Sentence, codebook: Codebook, folder: Path) -> _Row:
    if not any(label in row.cells for label in codebook.label_ids):
        return _Row(row.line, unit, None, None)
    origin = f"{folder / SENTENCES} line {row.line}"
    joined = "|".join(row.text_of(dimension) for dimension in codebook.dimensions)
    return _Row(
        row.line,
        unit,
        tuple(label for label in codebook.label_ids if parse_flag(row, label, origin)),
        parse_label_ids(joined.split("|"), codebook, origin),
    )


def _labels_of(row: _Row, given: Bools, labelling: _Labelling) -> list[bool]:
    """Return the labels of a row: its 0/1 columns or its joined cells, whichever was changed."""
    codebook = labelling.codebook
    origin = f"{labelling.folder / SENTENCES} line {row.line}"
    if row.flagged is None or row.named is None:
        raise DataError(
            f"{origin}: the label columns are empty, expected 0 or 1 as in other rows of "
            f"{row.unit.doc_id} ({row.unit.language}). Restore them."
        )
    chosen = row.flagged
    if row.flagged != row.named:
        model = tuple(label for label, has in zip(codebook.label_ids, given, strict=True) if has)
        if row.flagged == model:
            chosen = row.named
        elif row.named != model:
            odd = codebook.in_order({*row.flagged} ^ {*row.named})[0]
            raise DataError(
                f"{origin}: the 0/1 columns and the joined labels were both changed and differ, "
                f"first on '{odd}'. Correct one of them and leave the other as it was."
            )
    return [label in chosen for label in codebook.label_ids]


def _failed_notice(folder: Path, inputs: Sequence[TableRow]) -> str:
    n_failed = sum(row.text_of("status") == "failed" for row in inputs)
    return f"{folder}: {n_failed} inputs could not be read (documents.csv)." if n_failed else ""


def _corrected_notice(folder: Path, versions: Sequence[LabelledVersion]) -> str:
    n_corrected = sum(int((v.labels != v.model_labels).sum()) for v in versions)
    if not n_corrected:
        return ""
    return (
        f"{folder}: {n_corrected} labels in {SENTENCES} are not the model's; they were corrected "
        "by hand and count as they stand."
    )


def _missing_notice(folder: Path, n_missing: int) -> str:
    if n_missing <= 0:
        return ""
    return f"{folder}: {n_missing} rows that `label` wrote are no longer in {SENTENCES}."


def _read_run(folder: Path) -> dict[str, Any]:
    path = folder / RUN_FILE
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Label the documents again.") from error
    if not isinstance(run, dict):
        raise DataError(f"{path}: expected a JSON object. Label the documents again.")
    return run


def _read_codebook(folder: Path, version: str) -> Codebook:
    rows = read_table(folder / CODEBOOK, required=("label", "dimension"))
    try:
        labels = tuple(
            Label(
                id=row.text_of("label"),
                name=row.text_of("name"),
                dimension=row.text_of("dimension"),
                definition=row.text_of("definition"),
            )
            for row in rows
        )
    except ValidationError as error:
        raise DataError(
            f"{folder / CODEBOOK}: {error.errors()[0]['msg']} Label the documents again."
        ) from error
    return Codebook(version=version, labels=labels)


def _thresholds_of(folder: Path, run: dict[str, Any], codebook: Codebook) -> Scores:
    by_label: Any = run.get("thresholds")
    try:
        return np.array([by_label[label] for label in codebook.label_ids], dtype=np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{folder / RUN_FILE}: the thresholds of the labels are missing or damaged; perhaps an "
            "earlier version wrote it. Label the documents again."
        ) from error


@dataclass(frozen=True, slots=True)
class _ScoreTable:
    """Probabilities by ``sentence_id``; 0 where the model gave none."""

    row_by_id: dict[str, int]
    scores: Scores

    @property
    def n_rows(self) -> int:
        return len(self.row_by_id)

    def of(self, row: _Row, folder: Path) -> Scores:
        place = self.row_by_id.get(row.unit.sentence_id)
        if place is None:
            raise DataError(
                f"{folder / SENTENCES} line {row.line}: sentence_id "
                f"'{row.unit.sentence_id}' is not in {SCORES}. Restore the id; labels are what may "
                "be corrected by hand."
            )
        found: Scores = self.scores[place]
        return found


def _read_scores(folder: Path, codebook: Codebook) -> _ScoreTable:
    path = folder / SCORES
    try:
        table = pyarrow.parquet.read_table(path)
        ids = table.column("sentence_id").to_pylist()
        columns = [table.column(label).to_numpy() for label in codebook.label_ids]
    except (OSError, KeyError, pyarrow.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({error}). Label the documents again.") from error
    scores = np.stack(columns, axis=1).astype(np.float32)
    row_by_id = {sentence_id: row for row, sentence_id in enumerate(ids)}
    return _ScoreTable(row_by_id, np.nan_to_num(scores))


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
