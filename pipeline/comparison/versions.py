"""The language versions of a document as coders of one text: how far they agree, and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from pipeline.codebook import Codebook
from pipeline.comparison.intervals import benjamini_hochberg
from pipeline.comparison.rows import VersionLabelRow, VersionLanguageRow

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two versions agree on the contents that both have.

    ``disagreement`` is the symmetric difference of their labels over the union, None where neither
    has any.
    """

    left: str
    right: str
    n_contents: int
    n_labels: int
    disagreement: float | None


def agree_in_pairs(labels: Bools, is_there: Bools, languages: Sequence[str]) -> list[PairAgreement]:
    """Compare every two versions.

    Args:
        labels: What each version assigns, shape (n_contents, n_versions, n_labels).
        is_there: Whether a version has a content, shape (n_contents, n_versions).
        languages: Of the versions.
    """
    pairs = []
    for left, right in combinations(range(len(languages)), 2):
        rows = is_there[:, left] & is_there[:, right]
        ours, theirs = labels[rows, left], labels[rows, right]
        union = int((ours | theirs).sum())
        pairs.append(
            PairAgreement(
                languages[left],
                languages[right],
                int(rows.sum()),
                union,
                int((ours ^ theirs).sum()) / union if union else None,
            )
        )
    return pairs


def agree_on_labels(labels: Bools, is_there: Bools, codebook: Codebook) -> list[VersionLabelRow]:
    """Return every label's agreement, in codebook order; shapes as in ``agree_in_pairs``."""
    shared = is_there.sum(axis=1) >= 2
    n_coders = is_there[shared].sum(axis=1)
    rows = []
    for column, label in enumerate(codebook.labels):
        n_yes = (labels[shared, :, column] & is_there[shared]).sum(axis=1)
        rows.append(
            VersionLabelRow(
                dimension=label.dimension,
                label=label.id,
                contents=len(n_yes),
                with_label=int((n_yes > 0).sum()),
                split=int(((n_yes > 0) & (n_yes < n_coders)).sum()),
                alpha=krippendorff_alpha(n_yes, n_coders),
            )
        )
    return rows


def krippendorff_alpha(n_yes: NDArray[np.int64], n_coders: NDArray[np.int64]) -> float | None:
    """Return nominal alpha of a yes-or-no variable from counts; None where it never varies.

    Krippendorff (2011), https://repository.upenn.edu/asc_papers/43.

    Args:
        n_yes: How many coders said yes, per case.
        n_coders: How many coded the case, at least two.

    >>> round(krippendorff_alpha(np.array([2, 0, 1, 0]), np.array([2, 2, 2, 2])), 3)
    0.533
    """
    n_no = n_coders - n_yes
    n_values, yes = int(n_coders.sum()), int(n_yes.sum())
    expected = 2.0 * yes * (n_values - yes)
    if not expected:
        return None
    observed = float((2.0 * n_yes * n_no / (n_coders - 1)).sum())
    return 1 - (n_values - 1) * observed / expected


def masi_alpha(labels: Bools, is_there: Bools) -> float | None:
    """Return Krippendorff's alpha of whole label sets; None where all sets are the same.

    Sets differ by MASI distance (Passonneau 2006), https://aclanthology.org/L06-1392/, and two
    empty sets not at all. Shapes as in ``agree_in_pairs``.
    """
    shared = is_there.sum(axis=1) >= 2
    cases = [labels[row][is_there[row]] for row in np.flatnonzero(shared)]
    if not cases:
        return None
    sets, numbers = np.unique(np.concatenate(cases), axis=0, return_inverse=True)
    distance = _masi_distances(sets)
    ends = np.cumsum([len(case) for case in cases])
    within = sum(
        float(distance[np.ix_(members, members)].sum()) / (len(members) - 1)
        for members in np.split(numbers.ravel(), ends[:-1])
    )
    totals = np.bincount(numbers.ravel(), minlength=len(sets)).astype(np.float64)
    expected = float(totals @ distance @ totals)
    if not expected:
        return None
    return 1 - float(totals.sum() - 1) * within / expected


def _masi_distances(sets: Bools) -> NDArray[np.float64]:
    """Return 1 - Jaccard times monotonicity between all label sets, shape (n_sets, n_sets)."""
    members = sets.astype(np.float64)
    both = members @ members.T
    sizes = members.sum(axis=1)
    union = sizes[:, None] + sizes[None, :] - both
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    monotonicity = np.select(
        [both == union, both == smaller, both > 0], [1.0, 2 / 3, 1 / 3], default=0.0
    )
    jaccard = np.divide(both, union, out=np.ones_like(both), where=union > 0)
    distance: NDArray[np.float64] = 1 - jaccard * monotonicity
    return distance


def find_biases(
    labels: Bools, is_there: Bools, languages: Sequence[str], codebook: Codebook
) -> list[VersionLanguageRow]:
    """Hold each language against the majority of the others, surest differences first.

    Contents that another version does not have, and ties of the others, are left out; so are
    languages and labels without a difference. Shapes as in ``agree_in_pairs``, where a language's
    versions of several documents share a column.
    """
    rows: list[VersionLanguageRow] = []
    views = _different_views(languages)
    for column, language in enumerate(views):
        others = np.delete(is_there, column, axis=1)
        n_others = others.sum(axis=1)
        cases = is_there[:, column] & (n_others > 0)
        votes = (np.delete(labels, column, axis=1) & others[:, :, None]).sum(axis=1)[cases]
        twice, size = 2 * votes, n_others[cases, None]
        own = labels[cases, column]
        more = (own & (twice < size)).sum(axis=0).tolist()
        fewer = (~own & (twice > size)).sum(axis=0).tolist()
        rows += [
            VersionLanguageRow(
                language=language,
                dimension=label.dimension,
                label=label.id,
                contents=int(cases.sum()),
                more=n_more,
                fewer=n_fewer,
                p_value=float(binomtest(n_more, n_more + n_fewer).pvalue),
                q_value=1.0,
            )
            for label, n_more, n_fewer in zip(codebook.labels, more, fewer, strict=True)
            if n_more + n_fewer
        ]
    n_tests = len(views) * len(codebook.labels)
    q_values = benjamini_hochberg([row.p_value for row in rows], n_tests)
    found = [replace(row, q_value=q) for row, q in zip(rows, q_values, strict=True)]
    return sorted(found, key=lambda row: (row.p_value, -row.more - row.fewer))


def _different_views(languages: Sequence[str]) -> Sequence[str]:
    """Return the languages to hold against the others: of two, one says it all."""
    return languages[:1] if len(languages) == 2 else languages


def pool_probabilities(probabilities: Floats, has_say: Bools) -> Floats:
    """Return the mean probability over the versions that have a say.

    A linear opinion pool (Stone 1961, https://doi.org/10.1214/aoms/1177704873) of equal experts.

    Args:
        probabilities: Shape (n_contents, n_versions, n_labels).
        has_say: Same shape, at least one version for each content and label.

    Returns:
        Shape (n_contents, n_labels).
    """
    total = np.where(has_say, probabilities, 0).sum(axis=1, dtype=np.float64)
    pooled: Floats = (total / has_say.sum(axis=1)).astype(np.float32)
    return pooled
