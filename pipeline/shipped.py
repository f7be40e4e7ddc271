"""Finds the files that come with the product: configurations, the default model, the samples."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED_ROOTS = (_PACKAGE.parent, _PACKAGE / "shipped_files")  # a checkout; an installed wheel


def find_shipped(path: Path) -> Path:
    """Return a relative path from the working folder or, where it is not there, as shipped.

    A path that exists in neither comes back unchanged, for the caller to name in its error.
    """
    if path.is_absolute() or path.exists():
        return path
    for root in _SHIPPED_ROOTS:
        if (root / path).exists():
            return root / path
    return path
