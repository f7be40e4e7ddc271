"""The codebook: labels, their dimensions, and their order, which is the column order everywhere.

A codebook file has a ``version``, coding ``rules``, and one list of labels for each dimension.
Nothing else in the package knows a label or a dimension by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from pipeline.errors import ConfigError
from pipeline.records import REVIEW_COLUMN, UNIT_COLUMNS, LabelSet
from pipeline.yaml_files import Section, read_yaml

# An id becomes a column name and stands in `a|b` cells; a spreadsheet or pandas must not read
# one as a number, a formula or a missing value.
_ID = re.compile(r"[a-z][a-z0-9_]*")
_MISSING_VALUES = frozenset({"na", "nan", "null", "none"})


class Label(Section):
    """One category of the codebook; ``family`` and ``tool`` group labels within a dimension."""

    id: str
    name: str
    dimension: str = ""
    family: str = ""
    tool: str = ""
    definition: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @field_validator("id")
    @classmethod
    def _id_is_a_safe_column_name(cls, value: str) -> str:
        if not _ID.fullmatch(value) or value in _MISSING_VALUES:
            raise ValueError(
                f"label id {value!r} must be lower-case letters, digits and '_', begin with a "
                "letter, and not read as a missing value."
            )
        return value


class _CodebookFile(Section):
    """The file as it stands: every key but ``version`` and ``rules`` is a dimension."""

    model_config = Section.model_config | {"extra": "allow"}
    __pydantic_extra__: dict[str, tuple[Label, ...]] = Field(init=False)

    version: str
    rules: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _dimensions_hold_distinct_labels(self) -> _CodebookFile:
        if not any(self.__pydantic_extra__.values()):
            raise ValueError("expected at least one dimension with labels, found none.")
        first_dimension: dict[str, str] = {}
        for dimension, labels in self.__pydantic_extra__.items():
            if not _ID.fullmatch(dimension):
                raise ValueError(
                    f"dimension {dimension!r} must be lower-case letters, digits and '_'."
                )
            for label in labels:
                if label.id in first_dimension:
                    raise ValueError(
                        f"label id '{label.id}' stands twice: in {first_dimension[label.id]} "
                        f"and in {dimension}."
                    )
                first_dimension[label.id] = dimension
        clashes = sorted(first_dimension.keys() & self.__pydantic_extra__.keys())
        if clashes:
            raise ValueError(f"'{clashes[0]}' is the name of a dimension and of a label.")
        return self


@dataclass(frozen=True)
class Codebook:
    """All labels in order, and the rules that a coder follows."""

    version: str
    labels: tuple[Label, ...]
    rules: tuple[str, ...] = ()

    @cached_property
    def label_ids(self) -> tuple[str, ...]:
        """The ids of all labels, in codebook order."""
        return tuple(label.id for label in self.labels)

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """The names of the dimensions, in codebook order."""
        return tuple(dict.fromkeys(label.dimension for label in self.labels))

    def ids_of(self, dimension: str) -> tuple[str, ...]:
        """Return the ids of one dimension's labels, in codebook order."""
        return tuple(label.id for label in self.labels if label.dimension == dimension)

    def in_order(self, label_ids: Iterable[str]) -> LabelSet:
        """Return the given ids once each, in codebook order."""
        chosen = set(label_ids)
        return tuple(label_id for label_id in self.label_ids if label_id in chosen)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that ``codebook_from_json`` turns back into this codebook."""
        return {
            "version": self.version,
            "rules": list(self.rules),
            "labels": [label.model_dump(mode="json") for label in self.labels],
        }


def codebook_from_json(content: dict[str, Any]) -> Codebook:
    """Rebuild a codebook from ``Codebook.to_json``."""
    return Codebook(
        version=content["version"],
        labels=tuple(Label.model_validate(label) for label in content["labels"]),
        rules=tuple(content["rules"]),
    )


def load_codebook(path: Path) -> Codebook:
    """Read and validate a codebook file.

    Raises:
        ConfigError: With file, line and key of everything that does not fit.
    """
    content = read_yaml(path, _CodebookFile)
    labels = tuple(
        label.model_copy(update={"dimension": dimension})
        for dimension, members in content.__pydantic_extra__.items()
        for label in members
    )
    reserved = sorted({label.id for label in labels} & {*UNIT_COLUMNS, REVIEW_COLUMN})
    if reserved:
        raise ConfigError(f"{path}: label id '{reserved[0]}' is a column of the output already.")
    return Codebook(version=content.version, labels=labels, rules=content.rules)
