"""The protocol that every model family keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.records import EvidenceTable, Scores


@dataclass(frozen=True, slots=True)
class Explained:
    """Probabilities, shape (n_texts, n_labels), and for each text what carried its labels.

    ``long_rows`` are texts that did not fit into the model's window and were read in parts.
    """

    scores: Scores
    evidence: EvidenceTable
    long_rows: list[int] = field(default_factory=list)


class Tagger(Protocol):
    """Scores sentences: a trained model, or a stand-in in tests."""

    @property
    def label_ids(self) -> tuple[str, ...]:
        """The columns of the scores, in codebook order."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the model was made for, ISO 639-1."""
        ...

    def score(self, texts: Sequence[str], language: str) -> Scores:
        """Return probabilities in [0, 1], shape (n_texts, n_labels), columns as ``label_ids``.

        Raises:
            ValueError: ``language`` is not one of ``languages``.
        """
        ...

    def explain(self, texts: Sequence[str], language: str, thresholds: Scores) -> Explained:
        """Return ``score(texts, language)`` and the words that carried each assigned label.

        Args:
            texts: Sentences.
            language: Of all of them.
            thresholds: Lowest probability that assigns a label, shape (n_labels,).

        Raises:
            ValueError: ``language`` is not one of ``languages``.
        """
        ...
