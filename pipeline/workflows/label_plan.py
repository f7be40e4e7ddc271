"""What a labelling run will do: inputs, and parts of long tables, put together as shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from pipeline.errors import DataError, DocumentError
from pipeline.ingestion.sources import Source, printable
from pipeline.ingestion.units import OwnIds, UnitRow, read_units
from pipeline.records import Remark
from pipeline.storage.atomic import writable
from pipeline.storage.tables import iterate_table
from pipeline.storage.unit_files import write_units

SHARD_BYTES = 1_000_000
SHARD_SOURCES = 64
"""A shard has inputs of this size together, or this many: enough for its files not to matter, and
little enough to be lost to a kill."""


@dataclass(frozen=True, slots=True)
class UnitsFile:
    """Some units of a table, written down for whoever labels them.

    ``number`` counts the table's parts from 0; ``text_before`` is the unit before the first one of
    the same document, or empty; ``remarks`` are about the whole table, with its first part.
    """

    path: Path
    number: int
    text_before: str
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """A document, or a part of a table, and what was found when the run was planned.

    ``sha256`` is the digest of the whole file, empty if it was unreadable; ``failure`` says why a
    table is of no use.
    """

    source: Source
    sha256: str
    size_bytes: int
    units: UnitsFile | None = None
    failure: Remark | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Inputs that are labelled together, and the digest of everything that decides their rows."""

    key: str
    sources: tuple[PlannedSource, ...]


def plan_sources(
    sources: Sequence[Source],
    folder: Path,
    language: str | None,
    report: Callable[[str, int], None],
) -> Iterator[PlannedSource]:
    """Yield the inputs of a run in order, tables part by part.

    Args:
        sources: In the order of the output.
        folder: Where the units of tables are written down.
        language: The language that was asked for, or None.
        report: Is told the name of a table and how many of its units have been read.

    Raises:
        RequestError: The folder cannot be written.
    """
    tables = _Tables(folder, language, report)
    for source in sources:
        if source.is_table:
            yield from tables.plan(source)
        else:
            yield PlannedSource(source, *_digest(source.path))


class _Tables:
    """Writes down the units of tables, one table after the other."""

    def __init__(
        self, folder: Path, language: str | None, report: Callable[[str, int], None]
    ) -> None:
        self._folder = folder
        self._language = language
        self._report = report
        self._n_tables = 0
        self._digests: set[str] = set()
        self._ids = OwnIds()

    def plan(self, source: Source) -> list[PlannedSource]:
        """Return the parts of a table; one, with the reason, where it is of no use."""
        self._n_tables += 1
        digest, size_bytes = _digest(source.path)
        try:
            parts = self._write_parts(source, digest)
            if _digest(source.path)[0] != digest:
                raise DocumentError("CHANGED", "changed while the run was at work. Run again.")
        except DataError as error:
            code = "UNREADABLE" if isinstance(error.__cause__, OSError) else "BAD_TABLE"
            failure = Remark(code, printable(str(error)))
            return [PlannedSource(source, digest, size_bytes, failure=failure)]
        except DocumentError as error:
            failure = Remark(error.code, error.message)
            return [PlannedSource(source, digest, size_bytes, failure=failure)]
        self._digests.add(digest)
        return parts

    def _write_parts(self, source: Source, digest: str) -> list[PlannedSource]:
        folder = self._folder / str(self._n_tables)
        ids = OwnIds() if digest in self._digests else self._ids  # a copy has the same, rightly
        read = read_units(source, partial(_open_rows, source.path), self._language, ids)
        parts: list[PlannedSource] = []
        n_units = 0
        remarks: tuple[Remark, ...] = ()
        for number, part in enumerate(read):
            units = UnitsFile(folder / f"{number}.arrow", number, part.text_before)
            with writable(units.path):
                write_units(units.path, part.sentences)
            n_bytes = sum(len(sentence.text) for sentence in part.sentences)
            parts.append(PlannedSource(source, digest, n_bytes, units))
            n_units += len(part.sentences)
            self._report(source.name, n_units)
            remarks = part.remarks
        first = UnitsFile(folder / "0.arrow", 0, "", remarks)
        return [replace(parts[0], units=first), *parts[1:]]


def _open_rows(path: Path) -> Iterator[UnitRow]:
    columns = ("text", "sentence_id", "doc_id", "language")
    for row in iterate_table(path, required=("text",)):
        yield UnitRow(row.line, *(row.text_of(column) for column in columns))


def plan_shards(sources: Iterable[PlannedSource], deciders: Sequence[str]) -> list[Shard]:
    """Return the shards of a run, the same whatever the number of workers.

    Args:
        sources: In the order of the output.
        deciders: Digests of everything but the inputs that decides what rows come out.
    """
    shards: list[Shard] = []
    members: list[PlannedSource] = []
    size_bytes = 0
    for source in sources:
        is_full = size_bytes + source.size_bytes > SHARD_BYTES or len(members) == SHARD_SOURCES
        if members and is_full:
            shards.append(_shard(members, deciders))
            members, size_bytes = [], 0
        members.append(source)
        size_bytes += source.size_bytes
    return [*shards, _shard(members, deciders)]


def _shard(members: Sequence[PlannedSource], deciders: Sequence[str]) -> Shard:
    lines = [*deciders, *map(_describe, members)]
    key = sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    return Shard(key, tuple(members))


def _describe(member: PlannedSource) -> str:
    """Return one line that tells what a member is from all others."""
    name = member.source.name
    part = "" if member.units is None else f" part {member.units.number}"
    failure = "" if member.failure is None else f" {member.failure.message}"
    return f"{len(name)} {name} {member.sha256}{part}{failure}"


def _digest(path: Path) -> tuple[str, int]:
    """Return a file's SHA-256 and size; nothing of a file that the reader will find unreadable."""
    digest, size_bytes = sha256(), 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                size_bytes += len(block)
    except OSError:
        return "", 0
    return digest.hexdigest(), size_bytes
