"""Many lists of numbers as two arrays, so that all of them are read at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Lists:
    """Lists of numbers end to end: list ``i`` is ``values[offsets[i]:offsets[i + 1]]``."""

    offsets: Ints
    values: Ints

    @cached_property
    def owners(self) -> Ints:
        """The list of each value."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def spread(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Return the values of the chosen lists in turn, each after its place in ``chosen``."""
        begins = self.offsets[chosen]
        owners, within = spread(self.offsets[chosen + 1] - begins)
        return owners, self.values[begins[owners] + within]


def group(owners: Ints, values: Ints, n_lists: int) -> Lists:
    """Return, for each number below ``n_lists``, the values that it owns, in order."""
    small = owners.astype(np.min_scalar_type(n_lists))  # numbers of two bytes are sorted fastest
    return Lists(offsets_of(owners, n_lists), values[np.argsort(small, kind="stable")])


def offsets_of(owners: Ints, n_lists: int) -> Ints:
    """Return where the values of each owner begin once they are grouped, and where the last end.

    >>> offsets_of(np.array([0, 0, 2]), 3).tolist()
    [0, 2, 2, 3]
    """
    return np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=n_lists))))


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """Return each place as often as it counts, and the numbers 0, 1, … within each.

    >>> owners, within = spread(np.array([2, 0, 1]))
    >>> owners.tolist(), within.tolist()
    ([0, 0, 2], [0, 1, 0])
    """
    owners = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) - before[owners]
