"""Sentences that several documents have in common, word for word or nearly so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.near_duplicates import number_copies, words_of


@dataclass(frozen=True, slots=True)
class ReusedSentence:
    """One sentence that stands in at least two documents: the places of all its copies."""

    places: tuple[int, ...]
    n_documents: int


def find_reuse(
    texts: Sequence[str], languages: Sequence[str], documents: Sequence[str], min_words: int
) -> list[ReusedSentence]:
    """Return the sentences that documents share within a language, in order of first use.

    Args:
        texts: Sentences of all documents.
        languages: Of the sentences.
        documents: The ``doc_id`` of each.
        min_words: Shorter sentences ("See annex.") are nobody's text and are left out.
    """
    long_enough = [row for row, text in enumerate(texts) if len(words_of(text)) >= min_words]
    numbers = number_copies(
        [texts[row] for row in long_enough], [languages[row] for row in long_enough]
    )
    members: dict[int, list[int]] = defaultdict(list)
    for row, number in zip(long_enough, numbers.tolist(), strict=True):
        members[number].append(row)
    reused = (
        ReusedSentence(tuple(rows), len({documents[row] for row in rows}))
        for rows in members.values()
    )
    return [sentence for sentence in reused if sentence.n_documents > 1]


def count_shared(
    reused: Sequence[ReusedSentence], documents: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Return how many sentences every two documents share, in both orders of the pair."""
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for sentence in reused:
        for pair in combinations(sorted({documents[row] for row in sentence.places}), 2):
            shared[pair] += 1
            shared[pair[::-1]] += 1
    return shared
