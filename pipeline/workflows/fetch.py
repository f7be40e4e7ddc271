"""`fetch`: documents from the Council's register or CELLAR into a folder, with their sources."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pipeline.config import FetchConfig
from pipeline.errors import DocumentError, RequestError
from pipeline.ingestion.fetch import Fetched, Fetcher, FetchLimits, document_id, document_url
from pipeline.ingestion.reader import read_document
from pipeline.ingestion.sources import Source
from pipeline.records import EU_LANGUAGES
from pipeline.storage.atomic import replace_file, writable

SOURCES = "sources.csv"
SOURCE_COLUMNS = ("doc_id", "language", "file", "url", "retrieved", "sha256")


@dataclass
class FetchSummary:
    """What was asked for: files that are there now, and what failed with its code."""

    output: Path
    fetched: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failures: list[tuple[str, DocumentError]] = field(default_factory=list)


Tell = Callable[[str, int, int], None]


def fetch_documents(
    config: FetchConfig,
    documents: Sequence[str],
    languages: Sequence[str],
    tell: Tell,
    sleep: Callable[[float], None] = time.sleep,
) -> FetchSummary:
    """Fetch each document in each language, one at a time; what is there already is kept.

    Args:
        config: Hosts and limits.
        documents: Register numbers or CELEX numbers.
        languages: ISO 639-1.
        tell: Told of every document: what, how many are done, how many there are.
        sleep: Waits between two requests.

    Raises:
        RequestError: A document or language cannot be understood, or the folder not be written.
    """
    wanted = [
        (_identity(document), language)
        for document in documents
        for language in map(_known_language, languages)
    ]
    if not wanted:
        raise RequestError("nothing to fetch. Name documents and languages: DOC=… LANG=nl,en.")
    summary = FetchSummary(config.output)
    with writable(config.output):
        config.output.mkdir(parents=True, exist_ok=True)
        rows = read_sources(config.output)
        with Fetcher(_limits(config), config.user_agent, sleep) as fetcher:
            for number, (document, language) in enumerate(wanted):
                tell(f"{document} {language}", number, len(wanted))
                files = _files_of(rows, document, language, config.output)
                if files:
                    summary.kept.extend(files)
                    continue
                if number:
                    sleep(config.pause_s)
                try:
                    url = document_url(
                        document, language, config.register_origin, config.cellar_origin
                    )
                    found = fetcher.fetch(url, language)
                    new_rows = _save(found, document, language, config.output)
                except DocumentError as error:
                    summary.failures.append((f"{document} ({language})", error))
                    continue
                rows = [*rows, *new_rows]
                _write_sources(config.output, rows)
                summary.fetched.extend(row["file"] for row in new_rows)
    tell("done", len(wanted), len(wanted))
    return summary


def _identity(document: str) -> str:
    try:
        return document_id(document)
    except ValueError as error:
        raise RequestError(
            f"{error}. Expected such as ST-10179-2022-INIT, 10179/22 or 52022XG0630(01)."
        ) from error


def _known_language(language: str) -> str:
    if language.lower() not in EU_LANGUAGES:
        raise RequestError(f"language '{language}' is none of {', '.join(EU_LANGUAGES)}.")
    return language.lower()


def _limits(config: FetchConfig) -> FetchLimits:
    return FetchLimits(
        origins=config.origins,
        timeout_s=config.timeout_s,
        max_bytes=config.max_bytes,
        max_hops=config.max_hops,
        tries=config.tries,
        backoff_s=config.backoff_s,
    )


def _save(
    found: Sequence[Fetched], document: str, language: str, folder: Path
) -> list[dict[str, str]]:
    """Write files whose text is in the language that was asked for, and return their rows."""
    rows = []
    for number, entry in enumerate(found, start=1):
        part = f".{number}" if len(found) > 1 else ""
        path = folder / f"{document}{part}_{language}{entry.suffix}"
        _refuse_other_language(entry, language)
        replace_file(path, entry.content)
        rows.append(
            {
                "doc_id": document,
                "language": language,
                "file": path.name,
                "url": entry.url,
                "retrieved": datetime.now(UTC).isoformat(timespec="seconds"),
                "sha256": sha256(entry.content).hexdigest(),
            }
        )
    return rows


def _refuse_other_language(entry: Fetched, language: str) -> None:
    """Refuse a document whose own text tells another language, or that cannot be read at all."""
    nameless = Path(f"document{entry.suffix}")
    document = read_document(Source(nameless, nameless.name), entry.content, None)
    if document.language != language:
        raise DocumentError(
            "WRONG_LANGUAGE",
            f"{entry.url}: the text is in '{document.language}', asked for '{language}'.",
        )


def read_sources(folder: Path) -> list[dict[str, str]]:
    """Return the rows of a folder's ``sources.csv``, none where there is none."""
    path = folder / SOURCES
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _files_of(
    rows: Sequence[dict[str, str]], document: str, language: str, folder: Path
) -> list[str]:
    """Return the files of a document that are there as they came; none if one has changed."""
    files = []
    for row in rows:
        if (row["doc_id"], row["language"]) == (document, language):
            path = folder / row["file"]
            if not path.is_file() or sha256(path.read_bytes()).hexdigest() != row["sha256"]:
                return []
            files.append(row["file"])
    return files


def _write_sources(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    latest = {(row["doc_id"], row["language"], row["file"]): row for row in rows}
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, SOURCE_COLUMNS)
    writer.writeheader()
    writer.writerows(latest.values())
    replace_file(folder / SOURCES, table.getvalue().encode())
