"""``datapackage.json``: what every file and column of an output folder means, for programs.

Frictionless Data Package 2.0, https://datapackage.org/standard/data-package/.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from pipeline import __version__
from pipeline.codebook import Codebook
from pipeline.records import KINDS, REVIEW_COLUMN
from pipeline.storage.dataset_folder import CODED_COLUMN, DATA_FILE, DATASET_FOLDER
from pipeline.storage.json_files import write_json
from pipeline.storage.rows import codebook_table, document_table, table_schemas

RUN_FILE = "run.json"
"""Written last: an output folder that has it is whole."""
COMPARISON_FILE = "comparison.json"
"""The same of an output folder of `compare`."""
PACKAGE_FILE = "datapackage.json"
TEXTS = "texts"

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
GUARD_NOTE = (
    "Cells of text that match ^'*[=+\\-@\\t\\r\\n\\0＝＋－＠], which a spreadsheet would run as a "
    "formula, have one ' put in front; to undo, remove one ' from cells that match "
    "^'+[=+\\-@\\t\\r\\n\\0＝＋－＠]. Parquet files hold cells as they are."
)

CSV_TABLES = ("sentences", "evidence", "references", "documents", "codebook")

_MEANINGS = {
    "sentence_id": "doc_id, language and position joined with dots, or the id of the input's row",
    "doc_id": "number of the Council document, or a name made of the file's",
    "language": "ISO 639-1",
    "kind": "what the unit is",
    "section": "heading above the unit",
    "paragraph": "number of the paragraph as printed",
    "position": "place in the document, from 1",
    "page": "page, from 1, where the source has pages",
    "char_start": "first code point of the span",
    "char_end": "code point after the span",
    "text": "the text of the span",
    CODED_COLUMN: "false where the model does not cover the language",
    REVIEW_COLUMN: "1 where a label's probability lies near its threshold",
    "label": "label id of the codebook",
    "weight": "what the words add to the label's log-odds",
    "target": "the document that is meant, in one spelling for all languages",
    "source": "name of the input",
    "sha256": "digest of the input's bytes",
    "title": "title of the document",
    "date": "date of the document",
    "pages": "pages of the input, where it has pages",
    "units": "rows of the input in sentences.csv",
    "status": "labelled, segmented (language not covered), duplicate, or failed",
    "code": "codes of what failed or should be looked at",
    "message": "the same in words",
    "number": "number in the register of the Council",
    "revision": "revision, addendum or corrigendum",
    "celex": "CELEX number",
    "found_in": "where language, number, title and date were found",
    "dimension": "dimension of the codebook",
    "name": "name of the label",
    "family": "group of labels within the dimension",
    "tool": "tool of government (Hood)",
    "definition": "what the label stands for",
    "include": "examples that count",
    "exclude": "what does not count",
}
_KIND_MEANINGS = {"references": "what sort of mention it is"}
_SPAN_NOTES = {
    "sentences": " in texts/<doc_id>.<language>.txt",
    "dataset": " in texts/<doc_id>.<language>.txt",
    "evidence": " in the sentence's text",
    "references": " in the sentence's text",
}


def write_data_package(folder: Path, codebook: Codebook) -> None:
    """Describe every table of an output folder whose files are written."""
    meanings = _MEANINGS | _codebook_meanings(codebook)
    schemas = {
        **table_schemas(codebook),
        "documents": document_table([]).schema,
        "codebook": codebook_table(codebook).schema,
    }
    resources = [
        describe_csv(folder, name, _fields(name, schemas[name], meanings), _keys(name))
        for name in CSV_TABLES
    ]
    dataset = pyarrow.parquet.read_schema(folder / DATASET_FOLDER / DATA_FILE)
    parquet_files = [
        {
            **_file(folder, path, name),
            "mediatype": "application/vnd.apache.parquet",
            "schema": {"fields": _fields(name, schema, meanings)} | _keys(name),
        }
        for name, path, schema in (
            ("scores", "scores.parquet", schemas["scores"]),
            ("dataset", f"{DATASET_FOLDER}/{DATA_FILE}", dataset),
        )
    ]
    texts = sorted(f"{TEXTS}/{file.name}" for file in (folder / TEXTS).iterdir())
    others = [
        {
            "name": "run",
            "path": RUN_FILE,
            "mediatype": "application/json",
            "description": "what was done, from what and with which versions; its times and its "
            "number of workers are those of the run, all other files are the same in every run",
        },
        {
            "name": "texts",
            "path": texts,
            "mediatype": "text/plain",
            "encoding": "utf-8",
            "description": "canonical texts, <doc_id>.<language>.txt, into which offsets point",
        },
    ]
    package = {
        "$schema": PROFILE,
        "name": "conclabel-output",
        "title": "Sentences of Council conclusions, labelled by a model",
        "description": GUARD_NOTE,
        "version": __version__,
        "resources": [*resources, *parquet_files, *(others if texts else others[:1])],
    }
    write_json(folder / PACKAGE_FILE, package, indent=1)


def describe_csv(
    folder: Path, name: str, fields: list[dict[str, Any]], keys: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the resource that stands for ``<name>.csv`` of a folder."""
    return {
        **_file(folder, f"{name}.csv", name),
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"'},
        "schema": {"fields": fields, "missingValues": [""], **keys},
    }


def _file(folder: Path, path: str, name: str) -> dict[str, Any]:
    with (folder / path).open("rb") as stream:
        digest = sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return {
        "name": name,
        "path": path,
        "bytes": (folder / path).stat().st_size,
        "hash": f"sha256:{digest.hexdigest()}",
    }


def _keys(table: str) -> dict[str, Any]:
    """Return what tells a table's rows apart, and what they point to in another."""
    key = {"codebook": "label"}.get(table, "sentence_id")
    if table in ("evidence", "references"):
        reference = {"resource": "sentences", "fields": [key]}
        return {"foreignKeys": [{"fields": [key], "reference": reference}]}
    return {} if table == "documents" else {"primaryKey": [key]}


def _fields(
    table: str, schema: pyarrow.Schema, meanings: Mapping[str, str]
) -> list[dict[str, Any]]:
    fields = []
    for column in schema:
        meaning = meanings.get(column.name, "")
        if column.name == "kind":
            meaning = _KIND_MEANINGS.get(table, meaning)
        if column.name in ("char_start", "char_end"):
            meaning += _SPAN_NOTES[table]
        if pyarrow.types.is_list(column.type):
            meaning = "numbers of this dimension's labels, from 0 in the order of codebook.csv"
        if table == "scores" and column.name != "sentence_id":
            meaning = f"probability of: {meaning}; empty for cover lines, which are not labelled"
        fields.append(describe_field(column.name, column.type, meaning))
        if table == "sentences" and column.name == "kind":
            fields[-1]["constraints"] = {"enum": list(KINDS)}
    return fields


def describe_field(name: str, type_: pyarrow.DataType, meaning: str) -> dict[str, Any]:
    """Return what the package says of a column."""
    return {"name": name, "type": _type(type_), "description": meaning}


def _type(arrow_type: pyarrow.DataType) -> str:
    if pyarrow.types.is_integer(arrow_type):
        return "integer"
    if pyarrow.types.is_boolean(arrow_type):
        return "boolean"
    if pyarrow.types.is_list(arrow_type):
        return "array"
    return "number" if pyarrow.types.is_floating(arrow_type) else "string"


def _codebook_meanings(codebook: Codebook) -> dict[str, str]:
    labels = {label.id: f"{label.name}: {label.definition}" for label in codebook.labels}
    joined = "ids of the labels of this dimension, joined with |"
    dimensions = dict.fromkeys(codebook.dimensions, joined)
    return labels | dimensions
