"""Reads a YAML file into a pydantic type; every problem is named with its file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigError

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml reads the same, only slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

ModelT = TypeVar("ModelT", bound=BaseModel)


class Section(BaseModel):
    """A block of a YAML file: immutable, and an unknown key in it is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read_yaml(path: Path, into: type[ModelT]) -> ModelT:
    """Return the file's content as an instance of ``into``.

    Raises:
        ConfigError: The file is missing, is no YAML, repeats a key, or does not fit ``into``;
            all misfits are named together, each with line and key.
    """
    node, content = _parse(path)
    try:
        return into.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(_describe(error, path, node, into))) from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the file's content as a plain mapping, for merging before validation."""
    return _parse(path)[1]


def describe_misfits(error: ValidationError, origin: str, into: type[BaseModel]) -> str:
    """Return one line per misfit of a mapping that came from ``origin`` and has no lines."""
    return "\n".join(
        f"{origin}: {_describe_misfit(misfit, into)}" for misfit in error.errors(include_url=False)
    )


def _parse(path: Path) -> tuple[yaml.Node, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file. Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    try:
        node = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or error
        raise ConfigError(f"{path}{line}: is not valid YAML: {reason}.") from error
    if not isinstance(content, dict) or node is None:
        raise ConfigError(f"{path}: expected a mapping of keys to values, found {content!r:.60}.")
    _refuse_repeated_keys(node, path)
    return node, content


def _refuse_repeated_keys(node: yaml.Node, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                first = seen[key.value]
                raise ConfigError(
                    f"{path}:{line}: key '{key.value}' stands already on line {first}."
                )
            seen[key.value] = line
            _refuse_repeated_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, path)


def _describe(
    error: ValidationError, path: Path, node: yaml.Node, into: type[BaseModel]
) -> list[str]:
    return [
        f"{path}:{_line_of(node, misfit['loc'])}: {_describe_misfit(misfit, into)}"
        for misfit in error.errors(include_url=False)
    ]


def _describe_misfit(misfit: Any, into: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in misfit["loc"])
    if misfit["type"] == "extra_forbidden":
        known = _known_keys(into, misfit["loc"][:-1])
        closest = difflib.get_close_matches(str(misfit["loc"][-1]), known, n=1)
        hint = f" Closest: '{closest[0]}'." if closest else ""
        return f"{key} is not a known key (known: {', '.join(known)}).{hint}"
    if misfit["type"] == "missing":
        return f"{key} is missing."
    if misfit["type"] == "value_error":
        return f"{key}: {misfit['ctx']['error']}" if key else str(misfit["ctx"]["error"])
    return f"{key}: {misfit['msg']}, found {misfit['input']!r:.80}."


def _known_keys(into: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the keys of the block at ``location``, following nested pydantic types."""
    for part in location:
        if isinstance(part, str):
            hints = get_type_hints(into)
            into = _model_within(hints.get(part, hints.get("__pydantic_extra__"))) or into
    return list(into.model_fields)


def _model_within(annotation: Any) -> type[BaseModel] | None:
    """Return the first pydantic type inside an annotation, such as X in ``tuple[X, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_within(inner))), None)


def _line_of(node: yaml.Node, location: Sequence[int | str]) -> int:
    """Return the 1-based line of the innermost node of ``location`` that exists."""
    line = node.start_mark.line
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            if not pairs:
                break
            line = pairs[0][0].start_mark.line
            node = pairs[0][1]
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value)
        ):
            node = node.value[part]
            line = node.start_mark.line
    return int(line) + 1
