"""The types that mirror ``configs/*.yaml`` key for key, and how they are read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError, field_validator

from pipeline.errors import ConfigError
from pipeline.records import EU_LANGUAGES, Kind
from pipeline.shipped import find_shipped
from pipeline.yaml_files import Section, describe_misfits, read_mapping, read_yaml

Precision = Literal["auto", "float32", "bfloat16", "int8"]
"""The numbers that an encoder computes in; auto is what the hardware is made for."""

_PRECISION = "of an encoder; int8 is fastest without a GPU and moves scores by some hundredths"


class LabelConfig(Section):
    """``configs/label.yaml``: what ``label`` reads, with which model, and where it writes."""

    input: tuple[str, ...] = Field(description="files, folders or globs", min_length=1)
    output: Path
    model: Path = Field(description="a model folder")
    codebook: Path = Field(description="must list the model's labels in the model's order")
    language: str | None = Field(None, description="language of all inputs; None: found for each")
    review_margin: float = Field(
        0.1, ge=0, le=1, description="a probability this close to its threshold needs review"
    )
    engine: Literal["serial", "pool", "ray"] = Field(
        "pool", description="one process, a pool of processes, or Ray on many machines"
    )
    workers: int | None = Field(
        None, ge=1, le=4096, description="processes that read and label; None: one a core"
    )
    precision: Precision = Field("auto", description=_PRECISION)

    @property
    def effective_workers(self) -> int:
        """The number of workers where none was asked for: the cores that this process may use."""
        if self.workers is not None:
            return self.workers
        return count_cores()


def count_cores() -> int:
    """Return how many cores this process may use."""
    may_use = getattr(os, "sched_getaffinity", None)
    return len(may_use(0)) if may_use else os.cpu_count() or 1


class LearnedLayerConfig(Section):
    """The linear layer below the stack: n-grams, and the labels that have a cue."""

    hash_bits: int = Field(16, ge=10, le=20, description="n-grams fall into 2**hash_bits buckets")
    char_ngrams: tuple[int, ...] = Field((3, 4, 5), description="lengths, within words")
    word_ngrams: tuple[int, ...] = Field((1, 2), description="lengths, in words")
    penalty: float = Field(0.2, gt=0, description="on squared weights (ridge)")
    cue_weight: float = Field(0.45, gt=0, description="of a cue, where all n-grams together are 1")


class TransformerConfig(Section):
    """A fine-tuned encoder: which one, and how it is trained."""

    encoder: str = Field(description="hub id or folder of a Hugging Face encoder")
    method: Literal["full", "lora", "frozen"] = Field(
        "full", description="train everything, low-rank adapters, or the head alone"
    )
    context: Literal["none", "previous"] = Field(
        "none", description="read the sentence before as a second segment"
    )
    max_tokens: int = Field(192, ge=8, le=8192, description="longer sentences: several windows")
    batch_size: int = Field(16, ge=1, description="sentences per forward pass")
    gradient_accumulation: int = Field(2, ge=1, description="forward passes per step")
    learning_rate: float = Field(3e-5, gt=0)
    head_learning_rate: float = Field(1e-3, gt=0, description="of the new layers on top")
    epochs: int = Field(10, ge=1, description="at most; early stopping ends before")
    patience: int = Field(3, ge=1, description="epochs without a better macro-F1 until it stops")
    warmup_fraction: float = Field(0.1, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    max_positive_weight: float = Field(
        8.0, ge=1, description="rare labels weigh more in the loss, at most so much"
    )
    lora_rank: int = Field(16, ge=1)
    join_lexicon: bool = Field(True, description="weigh cue evidence in (late fusion)")

    @property
    def reads_context(self) -> bool:
        """Whether the encoder has a second segment."""
        return self.context != "none"


class TrainConfig(Section):
    """``configs/train.yaml``: what ``train`` reads, how it fits, and where it writes."""

    data: Path = Field(description="a table of labelled sentences, or a folder of them")
    codebook: Path
    lexicon: Path | None = Field(description="a folder of <language>.yaml cue lists, or null")
    output: Path
    lexicon_documents: tuple[str, ...] = Field(
        (),
        description="documents by which the lexicon was revised: its cues do better on them than "
        "on any other text, so they neither weigh cues nor calibrate nor measure",
    )
    folds: int = Field(6, ge=2, le=50, description="cross-validation folds, by document")
    seed: int = 0
    hold_out_languages: bool = Field(
        False, description="also measure each language with a model that has not seen it (stacked)"
    )
    family: Literal["stacked", "transformer"] = "stacked"
    learned_layer: LearnedLayerConfig = LearnedLayerConfig()
    transformer: TransformerConfig | None = Field(None, description="for that family")


class EvaluateConfig(Section):
    """``configs/evaluate.yaml``: which gold data measures which model, and the floors it keeps."""

    model: Path
    codebook: Path
    gold: Path = Field(description="a table of hand-labelled sentences, or a folder of them")
    texts: Path | None = Field(
        None, description="a table of the texts that stand-off gold labels, by id"
    )
    floors: Path | None = Field(description="recorded floors, or null to only measure")
    others: tuple[Path, ...] = Field((), description="model folders to measure beside it")
    errors: Path | None = Field(None, description="a CSV file to list every error in")
    precision: Precision = Field("auto", description=_PRECISION)
    bootstrap_samples: int = Field(1000, ge=100, description="resamples of whole documents")
    seed: int = 0


class FrameConfig(Section):
    """Which sentences of labelled folders count, in ``compare`` and ``sample`` alike."""

    input: tuple[str, ...] = Field(
        description="labelled folders, folders of them, or globs", min_length=1
    )
    output: Path
    by: Literal["folder", "year"] = Field(
        "folder", description="what makes a corpus: the labelled folder, or the documents' year"
    )
    kinds: tuple[Kind, ...] = Field(("sentence",), description="units that count", min_length=1)
    languages: tuple[str, ...] = Field(
        ("en",),
        description="of a document in several languages the first of these is held against other "
        "documents; where it has none of them, the first in the alphabet",
    )

    @field_validator("kinds")
    @classmethod
    def _cover_lines_have_no_labels(cls, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if "cover" in kinds:
            raise ValueError("lines of the cover are never compared.")
        return kinds

    @field_validator("languages")
    @classmethod
    def _languages_are_known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        for language in languages:
            if language not in EU_LANGUAGES:
                raise ValueError(f"'{language}' is none of {', '.join(EU_LANGUAGES)}.")
        return languages


class CompareConfig(FrameConfig):
    """``configs/compare.yaml``: which labelled folders are held side by side."""

    coded: Path | None = Field(
        None, description="a sample that `sample` drew and a person coded, for valid intervals"
    )
    confidence: float = Field(0.95, gt=0, lt=1, description="of the intervals")
    similar_documents: int = Field(10, ge=1, description="most like it, listed for each document")
    min_words_reused: int = Field(
        8, ge=1, description="shorter sentences are nobody's text and no reuse"
    )


class SampleConfig(FrameConfig):
    """``configs/sample.yaml``: how many sentences are drawn for a person to code."""

    size: int = Field(200, ge=1, description="sentences of each corpus")
    seed: int = 0


class FetchConfig(Section):
    """``configs/fetch.yaml``: where documents come from, and how gently they are asked for."""

    output: Path
    register_origin: str = Field(
        description="origin of the Council's register, without a slash at the end"
    )
    cellar_origin: str = Field(description="origin of CELLAR")
    origins: tuple[str, ...] = Field(min_length=1, description="what redirects may lead to")
    user_agent: str = "conclabel (research; one request at a time)"
    pause_s: float = Field(1.0, ge=0, description="between two documents")
    timeout_s: float = Field(60.0, gt=0, description="for an answer, and for its whole body")
    max_bytes: int = Field(50_000_000, ge=1)
    max_hops: int = Field(5, ge=0, description="redirects")
    tries: int = Field(4, ge=1, description="while the server is not ready")
    backoff_s: float = Field(2.0, ge=0, description="before the second try; doubled each time")


ConfigT = TypeVar("ConfigT", bound=Section)


def load_config(path: Path, into: type[ConfigT], overrides: dict[str, Any]) -> ConfigT:
    """Return the configuration in ``path`` with ``overrides`` (dotted keys) laid over it.

    Raises:
        ConfigError: The file or an override does not fit; all misfits are named together.
    """
    path = find_shipped(path)
    config = read_yaml(path, into)
    if not overrides:
        return config
    content = read_mapping(path)
    for key, value in overrides.items():
        _lay_over(content, key.split("."), value)
    try:
        return into.model_validate(content)
    except ValidationError as error:
        raise ConfigError(describe_misfits(error, "command line", into)) from error


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """Turn ``["folds=4", "learned_layer.hash_bits=12"]`` into a mapping; values are YAML.

    Raises:
        ConfigError: An assignment has no ``=`` or its value is no YAML.
    """
    overrides = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {assignment}: expected KEY=VALUE, such as --set folds=4.")
        try:
            overrides[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {assignment}: {value!r} is not a YAML value.") from error
    return overrides


def _lay_over(content: dict[str, Any], key: list[str], value: Any) -> None:
    for part in key[:-1]:
        block = content.setdefault(part, {})
        if not isinstance(block, dict):
            raise ConfigError(f"{'.'.join(key)}: {part} is a value, not a block of keys.")
        content = block
    content[key[-1]] = value
