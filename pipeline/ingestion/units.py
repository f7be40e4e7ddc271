"""Tables of ready units: rows → sentences as they are, without segmentation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import DocumentError
from pipeline.ingestion.decoding import clean
from pipeline.ingestion.language import decide_language, detect_language, language_of_name
from pipeline.ingestion.metadata import doc_id_of_name, slug
from pipeline.ingestion.sources import Source
from pipeline.records import EU_LANGUAGES, Block, Document, Remark, Sentence

_SAFE_DOC_ID = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True, slots=True)
class UnitRow:
    """What a row of the table says; all but the text may be empty. ``line`` is its first line."""

    line: int
    text: str
    sentence_id: str = ""
    doc_id: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class ReadyUnits:
    """The sentences of a table in its order, and the documents that they make up."""

    sentences: tuple[Sentence, ...]
    documents: tuple[Document, ...]
    remarks: tuple[Remark, ...]


def read_units(
    source: Source, sha256: str, rows: Sequence[UnitRow], language: str | None
) -> ReadyUnits:
    """Turn rows into sentences; those of one ``doc_id`` and language make one document.

    Args:
        source: The table.
        sha256: Its digest.
        rows: In the table's order.
        language: Asked for; it goes before the rows' own, which go before the file name's.

    Raises:
        DocumentError: ``BAD_TABLE`` for a language or a sentence_id that cannot be used,
            ``LANGUAGE_UNKNOWN`` where nothing tells the language.
    """
    fallback = _common_language(source, rows, language)
    texts: dict[tuple[str, str], list[str]] = {}
    ends: dict[tuple[str, str], int] = {}
    seen: dict[str, int] = {}
    sentences = []
    for row in rows:
        text = _clean_text(row.text)
        key = (_doc_id(row, source), _language(row, text, language, fallback))
        earlier = texts.setdefault(key, [])
        start = ends.get(key, -1) + 1
        sentence_id = row.sentence_id or f"{key[0]}.{key[1]}.{len(earlier) + 1}"
        if sentence_id in seen:
            raise DocumentError(
                "BAD_TABLE",
                f"line {row.line}: sentence_id '{sentence_id}' stands already on line "
                f"{seen[sentence_id]}. Give every row its own.",
            )
        seen[sentence_id] = row.line
        earlier.append(text)
        ends[key] = start + len(text)
        sentences.append(
            Sentence(
                sentence_id=sentence_id,
                doc_id=key[0],
                language=key[1],
                position=len(earlier),
                start=start,
                end=start + len(text),
                text=text,
                kind="sentence",
            )
        )
    documents = tuple(
        _document(doc_id, code, source, sha256, lines) for (doc_id, code), lines in texts.items()
    )
    return ReadyUnits(tuple(sentences), documents, _remarks(sentences))


def _document(
    doc_id: str, language: str, source: Source, sha256: str, texts: Sequence[str]
) -> Document:
    blocks = []
    start = 0
    for text in texts:
        blocks.append(Block(start, start + len(text), "sentence"))
        start += len(text) + 1
    return Document(
        doc_id=doc_id,
        language=language,
        source=source.name,
        sha256=sha256,
        text="\n".join(texts),
        blocks=tuple(blocks),
    )


def _clean_text(text: str) -> str:
    """Return a cell's text on one line; an empty cell stays an empty unit, so no row is lost."""
    return " ".join(clean(text).text.split()) if text.strip() else ""


def _doc_id(row: UnitRow, source: Source) -> str:
    if not row.doc_id:
        return doc_id_of_name(source.path)
    return row.doc_id if _SAFE_DOC_ID.fullmatch(row.doc_id) else slug(row.doc_id)


def _common_language(source: Source, rows: Sequence[UnitRow], language: str | None) -> str | None:
    """Return the language of rows that do not say theirs and are too short to tell."""
    if all(row.language for row in rows):
        return None
    everything = "\n".join(row.text for row in rows)
    return decide_language(everything, language, language_of_name(source.path), None).language


def _language(row: UnitRow, text: str, option: str | None, fallback: str | None) -> str:
    stated = option or row.language.lower()
    if stated:
        if stated not in EU_LANGUAGES:
            raise DocumentError(
                "BAD_TABLE",
                f"line {row.line}: language '{row.language}' is none of {', '.join(EU_LANGUAGES)}.",
            )
        return stated
    return fallback or detect_language(text) or ""


def _remarks(sentences: Sequence[Sentence]) -> tuple[Remark, ...]:
    empty = sum(not sentence.text for sentence in sentences)
    return (Remark("EMPTY_UNITS", f"{empty} rows have no text."),) if empty else ()
