"""`explain`: one sentence in, its labels and the words that carried them out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.codebook import load_codebook
from pipeline.errors import RequestError
from pipeline.ingestion.language import detect_language
from pipeline.records import EU_LANGUAGES, Evidence
from pipeline.shipped import find_shipped
from pipeline.workflows.models import open_model


@dataclass(frozen=True, slots=True)
class ExplainedLabel:
    """A label, its probability and threshold, and the words that carried it if it is assigned."""

    label: str
    name: str
    dimension: str
    probability: float
    threshold: float
    evidence: tuple[Evidence, ...]

    @property
    def is_assigned(self) -> bool:
        """Whether the probability reaches the threshold."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True)
class SentenceExplanation:
    """A sentence and all labels, likeliest first."""

    text: str
    language: str
    labels: tuple[ExplainedLabel, ...]


def explain_sentence(
    text: str, language: str | None, model_folder: Path, codebook_path: Path
) -> SentenceExplanation:
    """Label one sentence and say why.

    Args:
        text: The sentence.
        language: Its language, or None to detect it.
        model_folder: A model.
        codebook_path: The codebook that it was made for.

    Raises:
        PipelineError: The model cannot be used, or the language is unknown or not covered.
    """
    codebook = load_codebook(find_shipped(codebook_path))
    model = open_model(find_shipped(model_folder), codebook)
    if language is not None and language not in EU_LANGUAGES:
        raise RequestError(f"language '{language}' is none of {', '.join(EU_LANGUAGES)}.")
    language = language or detect_language(text)
    if language is None:
        raise RequestError("the sentence's language cannot be told. Say it: --language en.")
    if language not in model.tagger.languages:
        covered = ", ".join(sorted(model.tagger.languages))
        raise RequestError(f"the model does not cover language '{language}' (covered: {covered}).")
    explained = model.tagger.explain([text], language, model.thresholds)
    evidence = explained.evidence.of(0)
    labels = [
        ExplainedLabel(
            label=label.id,
            name=label.name,
            dimension=label.dimension,
            probability=float(explained.scores[0, column]),
            threshold=float(model.thresholds[column]),
            evidence=tuple(entry for entry in evidence if entry.label == label.id),
        )
        for column, label in enumerate(codebook.labels)
    ]
    likeliest = sorted(labels, key=lambda label: -label.probability)
    return SentenceExplanation(text, language, tuple(likeliest))
