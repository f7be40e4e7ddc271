"""Reads hand-labelled sentences, for training and for evaluation."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.codebook import Codebook
from pipeline.errors import DataError
from pipeline.records import EU_LANGUAGES, LabelSet
from pipeline.storage.tables import TableRow, read_table

TABLE_SUFFIXES = (".csv", ".jsonl", ".parquet")

_OTHER_SCHEME = "For labels of another scheme name its codebook: --set codebook=FILE."

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """A sentence with the labels that a person gave it.

    ``group_id`` is shared by the same content in several languages, ``document_id`` by the
    sentences of one document; splits keep both together. ``origin`` is file and line.
    """

    sentence_id: str
    group_id: str
    document_id: str
    language: str
    text: str
    labels: LabelSet
    origin: str


def read_gold(path: Path, codebook: Codebook, texts: Path | None = None) -> list[GoldSentence]:
    """Return the labelled sentences of a table, or of all tables in a folder.

    Columns: ``text``; labels as ``labels`` (a list, or ids joined with ``|``) or as one 0/1 column
    for each label id; and, where there are any, ``sentence_id``, ``group_id``, ``document_id`` (or
    ``doc_id``) and ``language``. A row without an id is a group and a document of its own.

    A stand-off table labels sentences that are not ours to copy: it has ``sentence_id`` and
    ``text_sha256`` in place of ``text``. It is read when ``texts``, a table with ``id`` (or
    ``sentence_id``) and ``text``, is given, and passed over, with a warning, when not.

    Raises:
        DataError: No table, or a row with an unknown label or language, no text, a text that is
            not the one that was labelled, or an id that stands twice; named with file and line.
    """
    sentences: list[GoldSentence] = []
    origin_by_id: dict[str, str] = {}
    text_by_id = _read_texts(texts) if texts else {}
    for table in _tables_in(path):
        rows = read_table(table, required=())
        if _is_stand_off(rows):
            if not texts:
                logger.warning(
                    "%s: labels %d sentences whose texts are elsewhere; name their table with "
                    "--texts to measure on them.",
                    table,
                    len(rows),
                )
                continue
            rows = [_with_text(row, table, text_by_id) for row in rows]
        elif not any("text" in row.cells for row in rows):
            read_table(table, required=("text",))  # says what is missing
        label_columns = _label_columns(table, rows, codebook)
        for row in rows:
            sentence = _parse_row(row, table, label_columns, codebook)
            if sentence.sentence_id in origin_by_id:
                raise DataError(
                    f"{sentence.origin}: sentence_id '{sentence.sentence_id}' stands already in "
                    f"{origin_by_id[sentence.sentence_id]}. Give every row its own."
                )
            origin_by_id[sentence.sentence_id] = sentence.origin
            sentences.append(sentence)
    return sentences


def _is_stand_off(rows: Sequence[TableRow]) -> bool:
    return all("text_sha256" in row.cells and "text" not in row.cells for row in rows)


def _read_texts(path: Path) -> dict[str, str]:
    rows = read_table(path, required=("text",))
    return {
        row.text_of("sentence_id") or row.text_of("id"): " ".join(row.text_of("text").split())
        for row in rows
    }


def _with_text(row: TableRow, table: Path, text_by_id: Mapping[str, str]) -> TableRow:
    """Return a stand-off row with its text, which must be the one that was labelled."""
    sentence_id = row.text_of("sentence_id")
    text = text_by_id.get(sentence_id)
    if text is None:
        raise DataError(
            f"{table} line {row.line}: no text with id '{sentence_id}' in the table of texts."
        )
    if text_digest(text) != row.text_of("text_sha256"):
        raise DataError(
            f"{table} line {row.line}: the text of '{sentence_id}' is not the one that was "
            "labelled (its SHA-256 differs). Label it again, or restore the text."
        )
    return TableRow(row.line, row.cells | {"text": text})


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text with its white space folded, as stand-off tables hold it."""
    return sha256(" ".join(text.split()).encode()).hexdigest()


def _tables_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    tables = [file for file in sorted(path.iterdir()) if file.suffix.lower() in TABLE_SUFFIXES]
    if not tables:
        raise DataError(f"{path}: no table found. Expected {', '.join(TABLE_SUFFIXES)} files.")
    return tables


def _label_columns(table: Path, rows: Sequence[TableRow], codebook: Codebook) -> tuple[str, ...]:
    """Return the label ids that are columns; none where a ``labels`` column says it all."""
    if any("labels" in row.cells for row in rows):
        return ()
    columns = {column for row in rows for column in row.cells}
    found = tuple(label for label in codebook.label_ids if label in columns)
    if not found:
        raise DataError(
            f"{table}: no labels found. Expected a column 'labels' (ids joined with '|'), or "
            f"0/1 columns such as '{codebook.label_ids[0]}'. {_OTHER_SCHEME}"
        )
    return found


def _parse_row(
    row: TableRow, table: Path, label_columns: Sequence[str], codebook: Codebook
) -> GoldSentence:
    origin = f"{table} line {row.line}"
    text = " ".join(row.text_of("text").split())
    if not text:
        raise DataError(f"{origin}: text is empty. Fill it in or remove the row.")
    language = row.text_of("language") or "en"
    if language not in EU_LANGUAGES:
        raise DataError(f"{origin}: language '{language}' is none of {', '.join(EU_LANGUAGES)}.")
    sentence_id = row.text_of("sentence_id") or f"{table.stem}-{row.line}"
    group_id = row.text_of("group_id") or sentence_id
    return GoldSentence(
        sentence_id=sentence_id,
        group_id=group_id,
        document_id=row.text_of("document_id") or row.text_of("doc_id") or group_id,
        language=language,
        text=text,
        labels=_parse_labels(row, label_columns, codebook, origin),
        origin=origin,
    )


def _parse_labels(
    row: TableRow, label_columns: Sequence[str], codebook: Codebook, origin: str
) -> LabelSet:
    if label_columns:
        return codebook.in_order(
            label
            for label in label_columns
            if label in row.cells and parse_flag(row, label, origin)
        )
    cell = row.cells.get("labels", "")
    given = cell.split("|") if isinstance(cell, str) else cell
    if not isinstance(given, list):
        raise DataError(f"{origin}: labels is {cell!r}, expected ids joined with '|' or a list.")
    return parse_label_ids(map(str, given), codebook, origin, _OTHER_SCHEME)


def parse_label_ids(
    names: Iterable[str], codebook: Codebook, origin: str, hint_on_unlike: str = ""
) -> LabelSet:
    """Return the labels that are named, blank names left out.

    Args:
        names: Label ids, white space around them allowed.
        codebook: Of the labels.
        origin: File and line, for errors.
        hint_on_unlike: What an error says where no id is like the one that is not known.

    Raises:
        DataError: A label that the codebook does not have.
    """
    named = [name.strip() for name in names if name.strip()]
    for label in named:
        if label not in codebook.label_ids:
            closest = difflib.get_close_matches(label, codebook.label_ids, n=1)
            hint = f"Closest: '{closest[0]}'." if closest else hint_on_unlike
            raise DataError(
                f"{origin}: label '{label}' is not in the codebook "
                f"(version {codebook.version}). {hint}".rstrip()
            )
    return codebook.in_order(named)


def parse_flag(row: TableRow, column: str, origin: str) -> bool:
    """Return a 0/1 cell as spreadsheets write it, decimals and truth values included.

    Raises:
        DataError: The cell says neither.
    """
    cell = row.cells.get(column, "")
    if cell in ("0", "1"):  # nearly all are
        return bool(cell == "1")
    word = str(cell).replace(",", ".").lower()
    if word in ("1", "1.0", "true"):
        return True
    if word in ("0", "0.0", "false"):
        return False
    raise DataError(f"{origin}: {column} is {row.text_of(column)!r}, expected 0 or 1.")
