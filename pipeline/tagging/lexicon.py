"""The lexicon: cues and masks per language and label, one YAML file for each language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from pipeline.codebook import Codebook
from pipeline.errors import ConfigError
from pipeline.tagging.cue_matcher import CueMatcher
from pipeline.tagging.cues import LabelCues, parse_cue, parse_phrase
from pipeline.yaml_files import Section, read_yaml

ParsedT = TypeVar("ParsedT")


class LexiconEntry(Section):
    """One label's cues and masks, one a line; ``#`` begins a comment."""

    cues: str = Field(min_length=1)
    masks: str = ""


class LexiconFile(Section):
    """One language's file, ``<language>.yaml``."""

    language: str
    labels: dict[str, LexiconEntry]


@dataclass(frozen=True)
class Lexicon:
    """Cue lines of every language, as they are stored with a model, and matchers made of them."""

    lines: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages with cues, in alphabetical order."""
        return tuple(sorted(self.lines))

    def n_cues(self, language: str) -> int:
        """Return how many cues a language has, of all labels."""
        return sum(len(entry["cues"]) for entry in self.lines[language].values())

    def matcher(self, language: str) -> CueMatcher:
        """Return a matcher for a language of the lexicon."""
        return CueMatcher(
            {
                label: LabelCues(
                    cues=tuple(map(parse_cue, entry["cues"])),
                    masks=tuple(map(parse_phrase, entry["masks"])),
                )
                for label, entry in self.lines[language].items()
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object: language → label → ``cues`` and ``masks``."""
        return {
            language: {
                label: {key: list(lines) for key, lines in entry.items()}
                for label, entry in labels.items()
            }
            for language, labels in self.lines.items()
        }


def lexicon_from_json(content: dict[str, Any]) -> Lexicon:
    """Rebuild a lexicon from ``Lexicon.to_json``."""
    return Lexicon(
        {
            language: {
                label: {key: tuple(lines) for key, lines in entry.items()}
                for label, entry in labels.items()
            }
            for language, labels in content.items()
        }
    )


def load_lexicon(folder: Path, codebook: Codebook) -> Lexicon:
    """Read and check every ``<language>.yaml`` in a folder.

    Raises:
        ConfigError: A file names an unknown label, repeats a cue, or holds a line that is not cue
            syntax; the message names file, label and line.
    """
    lines = {}
    for path in _files_of(folder):
        content = read_yaml(path, LexiconFile)
        if content.language != path.stem:
            raise ConfigError(
                f"{path}: language is '{content.language}', expected '{path.stem}' as in its name."
            )
        unknown = sorted(content.labels.keys() - set(codebook.label_ids))
        if unknown:
            raise ConfigError(
                f"{path}: label '{unknown[0]}' is not in the codebook (version "
                f"{codebook.version}). Correct it, or take the lexicon of this codebook."
            )
        lines[content.language] = {
            label: {
                "cues": _checked_lines(content.labels[label].cues, parse_cue, path, label),
                "masks": _checked_lines(content.labels[label].masks, parse_phrase, path, label),
            }
            for label in codebook.label_ids
            if label in content.labels
        }
    return Lexicon(lines)


def is_of_another_scheme(folder: Path, codebook: Codebook) -> bool:
    """Return whether no label that a lexicon names is in the codebook.

    Its first language tells, for all have the same labels.

    Raises:
        ConfigError: There is no lexicon, or its first file is not one.
    """
    return read_yaml(_files_of(folder)[0], LexiconFile).labels.keys().isdisjoint(codebook.label_ids)


def _files_of(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{folder}: no lexicon found. Expected files such as {folder}/en.yaml.")
    return paths


def _checked_lines(
    block: str, parse: Callable[[str], ParsedT], path: Path, label: str
) -> tuple[str, ...]:
    """Return the lines of a block without comments, each parsed once to see that it can be."""
    line_by_parsed: dict[ParsedT, str] = {}
    for raw_line in block.splitlines():
        line = raw_line.partition("#")[0].strip()
        if not line:
            continue
        try:
            parsed = parse(line)
        except ValueError as error:
            raise ConfigError(f"{path}: {label}: {error}") from error
        if parsed in line_by_parsed:
            raise ConfigError(f"{path}: {label}: '{line}' repeats '{line_by_parsed[parsed]}'.")
        line_by_parsed[parsed] = line
    return tuple(line_by_parsed.values())
