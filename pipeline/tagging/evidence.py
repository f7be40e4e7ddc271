"""Which words carried a label: what cues and n-grams give, as columns for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.records import EvidenceTable
from pipeline.tagging.cue_matcher import CueMatches
from pipeline.tagging.lists import Lists, offsets_of

MAX_WORDS = 3
MIN_WORD_SHARE = 0.25
"""Words shown for a label that no cue speaks for: so many, each with this share of the heaviest."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CueWords:
    """Each word that carried a cue of a label, once for the label.

    ``places`` (in the batch) ascends; ``labels`` are columns of the scores; ``shares`` are one over
    the number of words that carry the label in the same sentence.
    """

    places: Ints
    labels: Ints
    shares: Floats


def find_cue_words(found: CueMatches, hit_labels: Ints, n_labels: int) -> CueWords:
    """Return the words of all cues, label by label; ``hit_labels`` gives each hit's column."""
    keys = np.unique(found.places * n_labels + hit_labels[found.place_hits])
    places, labels = keys // n_labels, keys % n_labels
    groups = found.words.rows[places] * n_labels + labels
    counts = np.bincount(groups, minlength=1)
    return CueWords(places, labels, 1.0 / counts[groups])


def weigh_stretches(
    found: CueMatches,
    hit_labels: Ints,
    hit_weights: Floats,
    assigned: Bools,
    names: tuple[str, ...],
) -> EvidenceTable:
    """Return the words of the cues of assigned labels.

    Neighbouring words of a cue are one span; a cue's weight is shared by its spans, and a span
    that carries several cues of a label has the weight of all.

    Args:
        found: Cues in a batch.
        hit_labels: Column of each hit's label, shape (n_hits,).
        hit_weights: What each hit adds to its label's log-odds, shape (n_hits,).
        assigned: Shape (n_texts, n_labels).
        names: Labels, as the columns.
    """
    hits, firsts, lasts = _stretches(found)
    weights = hit_weights[hits] / np.bincount(hits, minlength=1)[hits]
    is_carried = assigned[found.rows[hits], hit_labels[hits]]
    hits, firsts, lasts = hits[is_carried], firsts[is_carried], lasts[is_carried]
    n_words = len(found.words.rows) + 1
    groups = found.rows[hits] * len(names) + hit_labels[hits]
    keys, entries = np.unique((groups * n_words + firsts) * n_words + lasts, return_inverse=True)
    groups, firsts, lasts = keys // n_words**2, keys // n_words % n_words, keys % n_words
    return EvidenceTable(
        label_ids=names,
        rows=groups // len(names),
        labels=groups % len(names),
        starts=found.words.starts[firsts],
        ends=found.words.ends[lasts],
        weights=np.bincount(entries, weights[is_carried], len(keys)).astype(np.float64),
    )


def pick_heaviest(owners: Ints, weights: Floats) -> Ints:
    """Return the entries that weigh most of their owner's, ascending; ``owners`` ascends.

    >>> pick_heaviest(np.array([0, 0, 0, 0, 1]), np.array([0.1, 2.0, -1.0, 0.6, 0.1])).tolist()
    [1, 3, 4]
    """
    most = np.zeros(int(owners.max(initial=-1)) + 1)
    np.maximum.at(most, owners, weights)
    lowest = np.maximum(MIN_WORD_SHARE * most, np.finfo(float).tiny)
    order = np.lexsort((-weights, owners))
    rank = np.arange(len(order)) - offsets_of(owners, len(most))[owners]  # owners[order] == owners
    chosen: Ints = np.sort(order[(rank < MAX_WORDS) & (weights[order] >= lowest[owners])])
    return chosen


def evidence_table(
    names: tuple[str, ...], entries: Sequence[tuple[int, int, int, int, float]]
) -> EvidenceTable:
    """Return entries (row, label, start, end, weight), ascending, as a table."""
    table = np.array(entries, dtype=np.float64).reshape(-1, 5)
    rows, labels, starts, ends = table[:, :4].astype(np.int64).T
    return EvidenceTable(names, rows, labels, starts, ends, table[:, 4])


def repeat_evidence(table: EvidenceTable, places: Ints, rows: Ints) -> EvidenceTable:
    """Return what is said of the sentences at ``places`` for the ``rows`` beside them.

    Both have shape (n_rows,), and ``rows`` ascends; a place may stand there more than once.
    """
    offsets = offsets_of(table.rows, int(places.max(initial=-1)) + 1)
    owners, entries = Lists(offsets, np.arange(len(table.rows))).spread(places)
    return table.take(entries, rows[owners])


def join_evidence(names: tuple[str, ...], tables: Sequence[EvidenceTable]) -> EvidenceTable:
    """Return tables about sentences of one batch as one, in the order of sentences and labels."""
    parts = [evidence_table(names, []), *tables]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("rows", "labels", "starts", "ends", "weights")
    }
    order = np.lexsort([columns[name] for name in ("ends", "starts", "labels", "rows")])
    return EvidenceTable(names, **{name: column[order] for name, column in columns.items()})


def _stretches(found: CueMatches) -> tuple[Ints, Ints, Ints]:
    """Return each run of neighbouring words of a hit: the hit, the first and the last word."""
    hits, places = found.place_hits, found.places
    is_next = (np.diff(places, prepend=-2) == 1) & (np.diff(hits, prepend=-1) == 0)
    begins = np.flatnonzero(~is_next)
    ends = np.append(begins[1:], len(places))[: len(begins)] - 1
    return hits[begins], places[begins], places[ends]
