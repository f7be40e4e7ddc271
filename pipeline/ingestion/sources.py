"""Which files to read: paths, folders and globs → sources in a stable order."""

from __future__ import annotations

import difflib
import glob
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RequestError
from pipeline.shipped import find_shipped

DOCUMENT_SUFFIXES = frozenset({".txt", ".pdf", ".docx", ".html", ".htm", ".xhtml"})
TABLE_SUFFIXES = frozenset({".csv", ".jsonl", ".parquet"})

MAX_NAMED = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and the name by which the output calls it."""

    path: Path
    name: str

    @property
    def is_table(self) -> bool:
        """Whether the file is a table of ready units, by its extension."""
        return self.path.suffix.lower() in TABLE_SUFFIXES


def find_sources(inputs: Sequence[str]) -> list[Source]:
    """Return the files that the inputs name, each once, in the order named, folders by name.

    A file named by itself is taken whatever its extension, so that its failure is reported; in a
    folder only documents and tables count, and links that do not lead out of it; what else is
    there is counted in a warning.

    Raises:
        RequestError: An input does not exist or holds no document.
    """
    sources: dict[Path, Source] = {}
    for given in inputs:
        for source in _sources_of(given):
            sources.setdefault(source.path.absolute(), source)
    return list(sources.values())


def _sources_of(given: str) -> Iterator[Source]:
    path = find_shipped(Path(given))
    if path.is_dir():
        yield from _sources_in(path, given)
    elif path.exists():
        yield Source(path, printable(path.name))
    elif any(character in given for character in "*?["):
        yield from _matches_of(given)
    else:
        raise RequestError(f"{given}: no such file or folder.{_closest(path)} Check the path.")


def _sources_in(folder: Path, given: str) -> Iterator[Source]:
    root = folder.resolve()
    shown = [file for file in sorted(folder.rglob("*")) if not _is_hidden(file, folder)]
    known = [file for file in shown if _is_known(file)]
    inside = [file for file in known if file.is_file() and file.resolve().is_relative_to(root)]
    if not inside:
        raise RequestError(
            f"{given}: no document in this folder. Expected files ending in {_known_suffixes()}."
        )
    _warn_of_others(given, [file for file in shown if file.is_file() and not _is_known(file)])
    read = set(inside)
    links = [file for file in known if file not in read and not file.is_dir()]
    if links:
        logger.warning(
            "%s: %d links lead out of the folder or nowhere and are not read: %s. To read one, "
            "name it.",
            given,
            len(links),
            _some([printable(link.name) for link in links]),
        )
    yield from (Source(file, printable(file.relative_to(folder).as_posix())) for file in inside)


def _warn_of_others(given: str, others: Sequence[Path]) -> None:
    if others:
        suffixes = Counter(other.suffix.lower() or "no extension" for other in others)
        logger.warning(
            "%s: %d files are no documents by their extension and not read: %s.",
            given,
            len(others),
            ", ".join(f"{suffix} {count}" for suffix, count in suffixes.most_common()),
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMED]) + (", …" if len(names) > MAX_NAMED else "")


def printable(text: str) -> str:
    r"""Return a file's name or path as text that any file can hold.

    >>> printable("st_\udcff.txt")
    'st_\\xff.txt'
    """
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def _matches_of(pattern: str) -> Iterator[Source]:
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute patterns too
    files = [match for match in matches if match.is_file()]
    if not files:
        raise RequestError(f"{pattern}: no file matches this pattern. Check it, quotes included.")
    yield from (Source(file, printable(file.name)) for file in files)


def _is_known(file: Path) -> bool:
    return file.suffix.lower() in DOCUMENT_SUFFIXES | TABLE_SUFFIXES


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _known_suffixes() -> str:
    return ", ".join(sorted(DOCUMENT_SUFFIXES | TABLE_SUFFIXES))


def _closest(path: Path) -> str:
    siblings: Iterable[Path] = path.parent.iterdir() if path.parent.is_dir() else ()
    names = difflib.get_close_matches(path.name, [sibling.name for sibling in siblings], n=1)
    return f" Closest: {path.parent / names[0]}." if names else ""
