"""Sentences that are copies of each other, or nearly so, within a language."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

MAX_OVERLAP = 0.4
"""Share of the shorter sentence's four-word runs that two sentences of their own may share."""
RUN_WORDS = 4
MAX_SENTENCES_OF_RUN = 50
"""With a run in more sentences each is compared with the next alone, because all would be slow."""

_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")

Run = tuple[str, ...]


def near_duplicate_pairs(texts: Sequence[str], languages: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of sentences of one language that say nearly the same, the lower first.

    Of many sentences with the same words each is paired with the one before. Case, punctuation
    and which number it is do not count.
    """
    words = [words_of(text) for text in texts]
    places_by_sentence: dict[tuple[str, Run], list[int]] = defaultdict(list)
    for place, key in enumerate(zip(languages, words, strict=True)):
        places_by_sentence[key].append(place)
    pairs = {pair for places in places_by_sentence.values() for pair in pairwise(places)}
    n_runs = [len(runs_of(sentence)) for sentence in words]
    shared = _count_shared_runs(
        [places[0] for places in places_by_sentence.values()], words, languages
    )
    pairs |= {
        pair
        for pair, count in shared.items()
        if count > MAX_OVERLAP * min(n_runs[place] for place in pair)
    }
    return sorted(pairs)


def number_copies(texts: Sequence[str], languages: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each sentence, shared by those that nearly say the same."""
    pairs = np.array(near_duplicate_pairs(texts, languages), dtype=np.int64).reshape(-1, 2)
    links = csr_matrix((np.ones(len(pairs)), pairs.T), shape=(len(texts), len(texts)))
    numbers: NDArray[np.int64] = connected_components(links, directed=False)[1].astype(np.int64)
    return numbers


def runs_of(words: Run) -> set[Run]:
    """Return the runs of four words; a shorter sentence is one run."""
    if len(words) < RUN_WORDS:
        return {words}
    return {words[start : start + RUN_WORDS] for start in range(len(words) - RUN_WORDS + 1)}


def words_of(text: str) -> Run:
    """Return a sentence's words in one case, every number the same."""
    return tuple(_DIGITS.sub("0", word.casefold()) for word in _WORD.findall(text))


def _count_shared_runs(
    places: Sequence[int], words: Sequence[Run], languages: Sequence[str]
) -> Counter[tuple[int, int]]:
    """Return how many runs pairs of sentences share, those that share none left out."""
    places_by_run: dict[tuple[str, Run], list[int]] = defaultdict(list)
    for place in places:
        for run in runs_of(words[place]):
            places_by_run[languages[place], run].append(place)
    return Counter(
        pair
        for members in places_by_run.values()
        for pair in (
            combinations(members, 2) if len(members) <= MAX_SENTENCES_OF_RUN else pairwise(members)
        )
    )
