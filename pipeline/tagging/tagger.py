"""The protocol that every model family keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipeline.records import Scores


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
