"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import RequestError


@contextmanager
def staged_folder(target: Path, last: str) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` whose content replaces the target's at the end.

    Where the block fails nothing is left behind and the target stays as it was. Files of the
    target that the new content does not name are kept, so that nobody's notes are lost.

    Args:
        target: The folder to write; created where it is missing.
        last: The file that says that the folder is whole: removed first, put in place last.

    Raises:
        RequestError: The target cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        if target.exists() and not target.is_dir():
            raise RequestError(
                f"{target}: is a file, expected a folder to write to. Choose another."
            )
        yield staging
        _move_into_place(staging, target, last)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _move_into_place(staging: Path, target: Path, last: str) -> None:
    for file in staging.rglob("*"):
        if file.is_file():
            _flush_to_disk(file)
    target.mkdir(exist_ok=True)
    (target / last).unlink(missing_ok=True)
    entries = sorted(staging.iterdir(), key=lambda entry: (entry.name == last, entry.name))
    for entry in entries:
        destination = target / entry.name
        if destination.is_dir():
            shutil.rmtree(destination)
        entry.replace(destination)


def _flush_to_disk(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _unwritable(target: Path, error: OSError) -> RequestError:
    reason = error.strerror or str(error)
    return RequestError(f"{target}: cannot be written ({reason}). Choose another output folder.")
