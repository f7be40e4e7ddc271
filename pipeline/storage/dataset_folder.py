"""The rows of ``sentences.csv`` as a folder that ``datasets.load_dataset`` reads with label names.

Names live in the Parquet file's own metadata and in the card, in the form of the datasets library
(https://huggingface.co/docs/datasets/dataset_card), which is not needed to write them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import yaml

from pipeline.codebook import Codebook
from pipeline.records import REVIEW_COLUMN, UNIT_COLUMNS
from pipeline.storage.parquet_file import ParquetFile
from pipeline.storage.rows import table_schemas

DATASET_FOLDER = "dataset"
DATA_FILE = "data/train-00000-of-00001.parquet"
CODED_COLUMN = "is_coded"
"""False where the model does not cover the language: no labels is then no answer."""


class DatasetWriter(AbstractContextManager["DatasetWriter"]):
    """Writes sentences with, for each dimension, a list of class labels."""

    def __init__(self, folder: Path, codebook: Codebook) -> None:
        self._codebook = codebook
        self._folder = folder
        (folder / DATA_FILE).parent.mkdir(parents=True)
        self._schema = _schema(codebook)
        self._file = ParquetFile(folder / DATA_FILE, self._schema)

    def write(self, sentences: pyarrow.RecordBatch) -> None:
        """Append rows of the ``sentences`` table."""
        columns = [sentences.column(name) for name in UNIT_COLUMNS]
        for dimension in self._codebook.dimensions:
            ids = self._codebook.ids_of(dimension)
            columns.append(_class_lists([sentences.column(label_id) for label_id in ids]))
        review = sentences.column(REVIEW_COLUMN)
        columns += [review.cast(pyarrow.bool_()), review.is_valid()]
        self._file.write(pyarrow.RecordBatch.from_arrays(columns, schema=self._schema))

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        self._file.__exit__(error, *rest)
        if error is None:
            with (self._folder / DATA_FILE).open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
            card = _card(self._codebook, digest)
            (self._folder / "README.md").write_text(card, encoding="utf-8")


def _class_lists(flags: list[pyarrow.Array]) -> pyarrow.ListArray:
    """Return, for each row, the numbers of the labels that it carries."""
    matrix = np.stack([flag.fill_null(0).to_numpy() for flag in flags], axis=1)
    rows, columns = np.nonzero(matrix)
    offsets = np.searchsorted(rows, np.arange(len(matrix) + 1)).astype(np.int32)
    return pyarrow.ListArray.from_arrays(offsets, columns.astype(np.int64))


def _schema(codebook: Codebook) -> pyarrow.Schema:
    units = table_schemas(codebook)["sentences"]
    fields = [units.field(name) for name in UNIT_COLUMNS]
    fields += [
        pyarrow.field(dimension, pyarrow.list_(pyarrow.int64()))
        for dimension in codebook.dimensions
    ]
    fields += [pyarrow.field(name, pyarrow.bool_()) for name in (REVIEW_COLUMN, CODED_COLUMN)]
    features: dict[str, Any] = {
        field.name: {"dtype": str(field.type), "_type": "Value"} for field in fields
    }
    for dimension in codebook.dimensions:
        names = list(codebook.ids_of(dimension))
        features[dimension] = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "List"}
    info = json.dumps({"info": {"features": features}})
    return pyarrow.schema(fields, metadata={"huggingface": info})


def _card(codebook: Codebook, digest: str) -> str:
    """Return the card; the digest tells the library's cache this output from all others."""
    schema = table_schemas(codebook)["sentences"]
    features: list[dict[str, Any]] = [
        {"name": name, "dtype": str(schema.field(name).type)} for name in UNIT_COLUMNS
    ]
    features += [
        {
            "name": dimension,
            "list": {"class_label": {"names": _numbered(codebook.ids_of(dimension))}},
        }
        for dimension in codebook.dimensions
    ]
    features += [{"name": name, "dtype": "bool"} for name in (REVIEW_COLUMN, CODED_COLUMN)]
    split = {"split": "train", "path": DATA_FILE}
    front = {
        "task_categories": ["text-classification"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [split],
                "description": f"sentences labelled by conclabel, sha256 {digest}",
            }
        ],
        "dataset_info": {"features": features},
    }
    dimensions = "\n".join(
        f"- `{dimension}`: {len(codebook.ids_of(dimension))} labels"
        for dimension in codebook.dimensions
    )
    return (
        f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n\n"
        "# Sentences labelled by conclabel\n\n"
        "One row per sentence, heading, title, cover line or footnote, in document order; the same "
        "rows as `sentences.csv`, cells as they are. Labels were assigned by a model and not "
        f"checked by hand. Codebook version {codebook.version}:\n\n"
        f"{dimensions}\n\n"
        f"`{CODED_COLUMN}` is false where the model does not cover the language: a row without "
        "labels is then no answer. Lines of the cover are never labelled. What each label means is "
        "in `codebook.csv` one folder up.\n"
    )


def _numbered(names: Sequence[str]) -> dict[str, str]:
    return {str(number): name for number, name in enumerate(names)}
