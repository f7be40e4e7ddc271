"""The transformer family: a Hugging Face encoder with a classification head.

The folder is a plain Hugging Face model (https://huggingface.co/docs/transformers): calibration
and thresholds are folded into its last layer, so that in ``pipeline("text-classification")`` a
label counts from 0.5 on. Scores here are calibrated probabilities again: the shift by the
threshold is taken back. With a lexicon, cue evidence is weighed in by the stack of the default
family.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from pipeline.config import Precision
from pipeline.errors import ModelError
from pipeline.records import Scores
from pipeline.storage.model_folder import WEIGHTS, ModelFolder, damaged_weights, not_finite
from pipeline.tagging.evidence import evidence_table
from pipeline.tagging.lexicon import Lexicon, lexicon_from_json
from pipeline.tagging.stacked import CueCounter, sigmoid, stack_features
from pipeline.tagging.tagger import Explained
from pipeline.tagging.words import read_words

Array = np.ndarray[Any, np.dtype[np.float32]]

TOKENS_IN_BATCH = {"cpu": 1024, "cuda": 32_768}
"""Tokens of a forward pass, padding included: sentences of like length go together."""
WINDOW_OVERLAP_FRACTION = 0.25
_CLAUSE = re.compile(r"[^,;:–—()]+[,;:–—()]*\s*")


@dataclass(frozen=True)
class Fusion:
    """Weighs log-odds of the encoder against cues; shapes as in ``stacked.StackedWeights``."""

    stack: Array
    slope: Array
    intercept: Array


class TransformerTagger:
    """Scores sentences with a fine-tuned encoder; see ``tagger.Tagger``."""

    def __init__(
        self,
        label_ids: Sequence[str],
        languages: frozenset[str],
        encoder: Encoder,
        thresholds: Scores,
        lexicon: Lexicon | None = None,
        fusion: Fusion | None = None,
        reads_context: bool = False,
    ) -> None:
        self.label_ids = tuple(label_ids)
        self.languages = languages
        self._encoder = encoder
        self._shift = np.log(thresholds / (1 - thresholds)).astype(np.float32)
        self._lexicon = lexicon or Lexicon({})
        self._fusion = fusion
        self._reads_context = reads_context
        self._counters: dict[str, CueCounter] = {}

    @property
    def reads_context(self) -> bool:
        """Whether it was trained with the sentence before as a second segment."""
        return self._reads_context

    def score(
        self, texts: Sequence[str], language: str, contexts: Sequence[str] | None = None
    ) -> Scores:
        """Return probabilities; see ``tagger.Tagger``."""
        self._check_language(language)
        log_odds = self._encoder.log_odds(texts, self._second_segments(texts, contexts))
        log_odds += self._shift
        if self._fusion is None:
            return sigmoid(log_odds)
        features = stack_features(log_odds, self._counter(language).count(read_words(texts)))
        stacked = features @ self._fusion.stack
        return sigmoid(self._fusion.slope * stacked + self._fusion.intercept)

    def explain(
        self,
        texts: Sequence[str],
        language: str,
        thresholds: Scores,
        contexts: Sequence[str] | None = None,
    ) -> Explained:
        """Return probabilities and, for each assigned label, the clause that carries it most.

        A clause's weight is what the label's log-odds lose without it.
        """
        scores = self.score(texts, language, contexts)
        clauses_by_row = {
            row: clauses
            for row, _ in _assigned(scores, thresholds)
            if len(clauses := clauses_of(texts[row])) > 1
        }
        owners = [row for row, clauses in clauses_by_row.items() for _ in clauses]
        without = [
            texts[row][:start] + texts[row][end:]
            for row, clauses in clauses_by_row.items()
            for start, end in clauses
        ]
        kept = contexts and [contexts[row] for row in owners]
        rest = iter(_log_odds(self.score(without, language, kept)))
        full = _log_odds(scores)
        entries: list[tuple[int, int, int, int, float]] = []
        for row, columns in _assigned(scores, thresholds):
            spans = clauses_by_row.get(row, [(0, len(texts[row]))])
            lost = full[row : row + 1]
            if row in clauses_by_row:
                lost = np.stack([full[row] - next(rest) for _ in spans])
            for column in columns:
                place = int(lost[:, column].argmax())
                entries.append((row, column, *spans[place], float(lost[place, column])))
        evidence = evidence_table(self.label_ids, entries)
        return Explained(scores, evidence, self._encoder.find_long(texts))

    def _second_segments(
        self, texts: Sequence[str], contexts: Sequence[str] | None
    ) -> Sequence[str] | None:
        if not self._reads_context:
            return None
        return [""] * len(texts) if contexts is None else contexts

    def _check_language(self, language: str) -> None:
        if language not in self.languages:
            raise ValueError(f"language {language!r} is not one of {sorted(self.languages)}")

    def _counter(self, language: str) -> CueCounter:
        if language not in self._counters:
            self._counters[language] = CueCounter(self._lexicon, language, self.label_ids)
        return self._counters[language]


class Encoder:
    """A tokenizer and a sequence classifier, run in batches of like length."""

    def __init__(self, model: Any, tokenizer: Any, max_tokens: int) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens

    def log_odds(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Array:
        """Return the head's log-odds, shape (n_texts, n_labels).

        Of a text that needs several windows each label has its highest.

        Args:
            texts: First segments.
            contexts: Second segments, for a model trained with them; see ``encode``.
        """
        if not texts:
            return np.zeros((0, self._n_labels), dtype=np.float32)
        windows, owners = encode(self._tokenizer, texts, contexts, self._max_tokens)
        values = np.full((len(texts), self._n_labels), -np.inf, dtype=np.float32)
        with torch.inference_mode():
            lengths = [len(ids) for ids in windows["input_ids"]]
            for rows in _batches(lengths, TOKENS_IN_BATCH[self._model.device.type]):
                np.maximum.at(values, owners[rows], self._forward(windows, rows))
        return values

    def find_long(self, texts: Sequence[str]) -> list[int]:
        """Return the rows of texts that do not fit into one window."""
        ids = self._tokenizer(list(texts), verbose=False)["input_ids"] if texts else []
        return [row for row, tokens in enumerate(ids) if len(tokens) > self._max_tokens]

    def _forward(self, windows: Mapping[str, list[list[int]]], rows: Sequence[int]) -> Array:
        batch = self._tokenizer.pad(
            {key: [values[row] for row in rows] for key, values in windows.items()},
            return_tensors="pt",
        )
        logits = self._model(**batch.to(self._model.device)).logits
        found: Array = logits.float().cpu().numpy()
        return found

    @cached_property
    def _n_labels(self) -> int:
        return int(self._model.config.num_labels)


def encode(
    tokenizer: Any, texts: Sequence[str], contexts: Sequence[str] | None, max_tokens: int
) -> tuple[dict[str, list[list[int]]], NDArray[np.int64]]:
    """Return the model's inputs, and the text that each is a window of.

    A text whose context does not fit beside it goes without; one that does not fit itself is read
    in windows that overlap.

    Args:
        tokenizer: Of the model.
        texts: First segments.
        contexts: Second segments, None for a model that has none.
        max_tokens: What the model reads at once.
    """
    windows = tokenizer(
        list(texts),
        truncation=True,
        max_length=max_tokens,
        stride=int(max_tokens * WINDOW_OVERLAP_FRACTION),
        return_overflowing_tokens=True,
    )
    owners = np.array(
        windows.get("overflow_to_sample_mapping", list(range(len(windows["input_ids"]))))
    )
    keys = [key for key in ("input_ids", "attention_mask", "token_type_ids") if key in windows]
    inputs: dict[str, list[list[int]]] = {key: list(windows[key]) for key in keys}
    if contexts is not None:
        pairs = tokenizer(list(texts), list(contexts), verbose=False)
        for window, owner in enumerate(owners.tolist()):
            if len(pairs["input_ids"][owner]) <= max_tokens:
                for key in keys:
                    inputs[key][window] = pairs[key][owner]
    return inputs, owners


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield places of like length, together at most ``budget`` tokens with their padding."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def clauses_of(text: str) -> list[tuple[int, int]]:
    """Return the spans between commas, semicolons, colons, dashes and brackets.

    >>> clauses_of("Recalling this, it acts.")
    [(0, 16), (16, 24)]
    """
    return [match.span() for match in _CLAUSE.finditer(text)]


def _assigned(scores: Scores, thresholds: Scores) -> list[tuple[int, list[int]]]:
    """Return the rows with a label, and the columns of their labels."""
    is_assigned = scores >= thresholds
    rows = np.flatnonzero(is_assigned.any(axis=1)).tolist()
    return [(row, np.flatnonzero(is_assigned[row]).tolist()) for row in rows]


def _log_odds(scores: Scores) -> Array:
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    found: Array = np.log(clipped / (1 - clipped)).astype(np.float32)
    return found


def pick_dtype(device: str, precision: Precision = "auto") -> torch.dtype:
    """Return the data type to load weights in.

    Without a wish that is bfloat16 where the hardware computes in it, float32 elsewhere.
    """
    if precision != "auto":
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if _cpu_has_bf16() else torch.float32


def _cpu_has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself; emulation is slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags


def quantize(model: Any) -> Any:
    """Return a float32 model whose encoder multiplies in int8, on a CPU.

    Weights are rounded once, activations batch by batch ("dynamic quantization",
    https://docs.pytorch.org/docs/stable/quantization.html); the head, which holds calibration and
    thresholds, stays as it is.
    """
    quantize_dynamic: Any = torch.ao.quantization.quantize_dynamic
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it will move to another package
        encoder = quantize_dynamic(model.base_model, {torch.nn.Linear}, dtype=torch.qint8)
    setattr(model, model.base_model_prefix, encoder)
    return model


def pick_device() -> str:
    """Return ``cuda`` where there is one, else ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def open_transformer(found: ModelFolder, precision: Precision = "auto") -> TransformerTagger:
    """Load a folder of this family; no code in it is run and nothing is downloaded.

    Args:
        found: The folder.
        precision: The numbers to compute in; int8 uses no GPU.

    Raises:
        ModelError: Weights are damaged, or do not fit the configuration: a missing head would
            otherwise be filled with random numbers. Or a weight is no number.
    """
    config = found.files.config
    device = "cpu" if precision == "int8" else pick_device()
    try:
        model, report = AutoModelForSequenceClassification.from_pretrained(
            found.path,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            dtype=pick_dtype(device, precision),
        )
        tokenizer = AutoTokenizer.from_pretrained(found.path, local_files_only=True)
    except SafetensorError as error:
        raise damaged_weights(found.path / WEIGHTS, error) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{found.path}: cannot be loaded ({error}). Train again.") from error
    misfits = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
    if misfits:
        raise ModelError(
            f"{found.path / WEIGHTS}: lacks {misfits[0]} and {len(misfits) - 1} more, or has them "
            "in another shape. Restore the file or train again."
        )
    for name, weights in model.named_parameters():
        if not torch.isfinite(weights).all():
            raise not_finite(found.path / WEIGHTS, name)
    names = [model.config.id2label[place] for place in range(model.config.num_labels)]
    if tuple(names) != found.files.label_ids:
        raise ModelError(f"{found.path}: id2label in config.json differs from labels.json.")
    if precision == "int8":
        model = quantize(model)
    fusion = config.get("fusion")
    return TransformerTagger(
        label_ids=found.files.label_ids,
        languages=frozenset(config["languages"]),
        encoder=Encoder(model.to(device), tokenizer, config["max_tokens"]),
        thresholds=np.array(config["folded_thresholds"], dtype=np.float32),
        lexicon=lexicon_from_json(dict(found.files.lexicon)),
        reads_context=config.get("reads_context", False),
        fusion=fusion
        and Fusion(**{name: np.array(fusion[name], dtype=np.float32) for name in _FUSION_PARTS}),
    )


_FUSION_PARTS = ("stack", "slope", "intercept")


def number_of_window_tokens(folder: Path | str, wanted: int) -> int:
    """Return how many tokens a model reads at once: at most ``wanted``, at most what it can."""
    config = AutoConfig.from_pretrained(folder)
    most = getattr(config, "max_position_embeddings", wanted)
    # Models of the RoBERTa family number positions from padding_idx + 1 on.
    offset = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
    return min(wanted, most - offset)
