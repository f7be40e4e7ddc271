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

    @property
    def reads_context(self) -> bool:
        """Whether the text before a sentence changes its scores."""
        ...

    def score(
        self, texts: Sequence[str], language: str, contexts: Sequence[str] | None = None
    ) -> Scores:
        """Return probabilities in [0, 1], shape (n_texts, n_labels), columns as ``label_ids``.

        Args:
            texts: Sentences.
            language: Of all of them.
            contexts: What stands before each, for a model that reads it; None where unknown.

        Raises:
            ValueError: ``language`` is not one of ``languages``.
        """
        ...

    def explain(
        self,
        texts: Sequence[str],
        language: str,
        thresholds: Scores,
        contexts: Sequence[str] | None = None,
    ) -> Explained:
        """Return what ``score`` returns, and the words that carried each assigned label.

        Args:
            texts: Sentences.
            language: Of all of them.
            thresholds: Lowest probability that assigns a label, shape (n_labels,).
            contexts: As for ``score``.

        Raises:
            ValueError: ``language`` is not one of ``languages``.
        """
        ...
