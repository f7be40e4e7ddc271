"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import RequestError

MAX_FLUSHED_ONE_BY_ONE = 32
"""With more files, one flush of everything the system holds is quicker."""


@contextmanager
def staged_folder(target: Path, last: str, staging: Path | None = None) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` whose content replaces the target's at the end.

    Where the block fails nothing is left behind and the target stays as it was. Files of the
    target that the new content does not name are kept, so that nobody's notes are lost.

    Args:
        target: The folder to write; created where it is missing.
        last: The file that says that the folder is whole: removed first, put in place last.
        staging: The folder to yield, on the target's disk and emptied first; None for a new one.

    Raises:
        RequestError: The target cannot be written.
    """
    with writable(target):
        refuse_file_as_folder(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        if staging is None:
            staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        else:
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
        try:
            yield staging
            _move_into_place(staging, target, last)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def refuse_file_as_folder(target: Path) -> None:
    """Say no to a file where a folder is to be written.

    Raises:
        RequestError: The target is one.
    """
    if target.exists() and not target.is_dir():
        raise RequestError(f"{target}: is a file, expected a folder to write to. Choose another.")


def refuse_unwritable(target: Path) -> None:
    """Find out before long work whether a file or folder can be written in its place.

    Raises:
        RequestError: It cannot.
    """
    with writable(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target if target.is_dir() else target.parent):
            pass


@contextmanager
def writable(target: Path) -> Iterator[None]:
    """Turn what the system says against writing in the block into an error about ``target``.

    Raises:
        RequestError: A file or folder cannot be written; a full disk is one reason.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(
            f"{target}: cannot be written ({reason}). Choose another output folder."
        ) from error


def _move_into_place(staging: Path, target: Path, last: str) -> None:
    flush_to_disk(staging)
    target.mkdir(exist_ok=True)
    (target / last).unlink(missing_ok=True)
    entries = sorted(staging.iterdir(), key=lambda entry: (entry.name == last, entry.name))
    for entry in entries:
        destination = target / entry.name
        if destination.is_dir():
            shutil.rmtree(destination)
        entry.replace(destination)


def flush_to_disk(folder: Path) -> None:
    """Wait until every file below a folder is on disk."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    if len(files) > MAX_FLUSHED_ONE_BY_ONE and hasattr(os, "sync"):
        os.sync()
        return
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    staging = path.with_name(f".{path.name}.part")
    with staging.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    staging.replace(path)
