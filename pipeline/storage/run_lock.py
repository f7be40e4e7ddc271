"""One run at a time on one output folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import RequestError
from pipeline.storage.atomic import writable

DYING_S = 1.0
"""How long the system may take to free the lock of a process that has just been killed."""


def work_folder(target: Path) -> Path:
    """Return the folder beside an output folder for unfinished work and the lock."""
    return target.absolute().parent / f".{target.name}.work"


@contextmanager
def run_lock(work: Path, target: Path) -> Iterator[None]:
    """Hold the lock of an output folder; the system frees it when a process dies.

    Args:
        work: The folder that the lock file is kept in.
        target: The output folder, for the error.

    Raises:
        RequestError: Another run holds it, or the lock cannot be written.
    """
    with writable(target):
        work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(work / "lock")
        try:
            lock.acquire(timeout=DYING_S)
        except Timeout as error:
            raise RequestError(
                f"{target}: another run is writing here. Wait for it, or choose another output "
                "folder."
            ) from error
    try:
        yield
    finally:
        lock.release()
