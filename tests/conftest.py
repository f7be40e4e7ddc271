"""Fixtures that several rooms use."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def in_project_root(monkeypatch):
    """Relative paths of configurations hold wherever pytest was started."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def shared_document():
    """The real Dutch document; the suite runs without it, but says so."""
    path = SHARED / "input" / "st-10179-2022-init_nl.txt"
    if not path.exists():
        pytest.skip(f"the real document is not here ({os.path.relpath(path)})")
    return path
