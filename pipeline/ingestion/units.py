"""Tables of ready units: rows → sentences as they are, without segmentation, part by part."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DocumentError
from pipeline.ingestion.decoding import clean
from pipeline.ingestion.language import (
    DETECTION_LENGTH,
    MIN_WORDS_FOR_CONFLICT,
    decide_language,
    detect_language,
    language_of_name,
)
from pipeline.ingestion.metadata import doc_id_of_name, slug
from pipeline.ingestion.sources import Source
from pipeline.records import EU_LANGUAGES, Remark, Sentence

UNITS_TOGETHER = 5_000
"""A longer table is cut into parts, so that its length decides neither memory nor workers."""

UNITS_DETECTED = 200
"""Rows of each language, from the top, whose text is held against it."""
MAX_OTHER_FRACTION = 0.2
"""Share of these that may read like another language: quotations, names, slips of detection."""

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
class UnitsPart:
    """Some of a table's sentences, in its order.

    ``text_before`` is the unit before the first one, empty where that begins its document or the
    two are of different documents; ``remarks`` are about the whole table, with its last part.
    """

    sentences: tuple[Sentence, ...]
    text_before: str
    remarks: tuple[Remark, ...] = ()


def read_units(
    source: Source,
    open_rows: Callable[[], Iterator[UnitRow]],
    language: str | None,
    ids: OwnIds | None = None,
) -> Iterator[UnitsPart]:
    """Turn rows into sentences; those of one ``doc_id`` and language make one document.

    A document's canonical text has its units one a line, in the order of the table.

    Args:
        source: The table.
        open_rows: Begins to read the rows, in the table's order; called more than once.
        language: Asked for; it goes before the rows' own, which go before the file name's.
        ids: The ids of tables read before, to which this one's are added when it is whole.

    Raises:
        DocumentError: ``BAD_TABLE`` for a language or a sentence_id that cannot be used,
            ``LANGUAGE_UNKNOWN`` where nothing tells the language; perhaps only after parts that
            are as they should be.
    """
    reader = _UnitReader(source, open_rows, language)
    languages = _LanguageCheck()
    waiting: list[Sentence] = []
    last = before = None
    n_empty = 0
    for row in open_rows():
        if len(waiting) == UNITS_TOGETHER:
            yield UnitsPart(tuple(waiting), _text_before(before, waiting[0]))
            before, waiting = last, []
        last = reader.read(row)
        languages.look_at(row, last)
        n_empty += not last.text
        waiting.append(last)
    reader.refuse_repeated_ids(ids or OwnIds())
    remarks = languages.remarks()
    if n_empty:
        remarks = (Remark("EMPTY_UNITS", f"{n_empty} rows have no text."), *remarks)
    if waiting:
        yield UnitsPart(tuple(waiting), _text_before(before, waiting[0]), remarks)


def _text_before(before: Sentence | None, first: Sentence) -> str:
    if before is None or (before.doc_id, before.language) != (first.doc_id, first.language):
        return ""
    return before.text


class _UnitReader:
    """Gives each row its document, its language and its place there."""

    def __init__(
        self, source: Source, open_rows: Callable[[], Iterator[UnitRow]], language: str | None
    ) -> None:
        self._source = source
        self._open_rows = open_rows
        self._option = language
        self._language_of_table = cache(self._find_language)
        self._ends: dict[tuple[str, str], tuple[int, int]] = {}
        self._ids = _SentenceIds()

    def read(self, row: UnitRow) -> Sentence:
        text = _clean_text(row.text)
        doc_id, language = self._doc_id(row), self._language(row)
        position, start = self._ends.get((doc_id, language), (1, 0))
        self._ends[doc_id, language] = position + 1, start + len(text) + 1
        prefix = f"{doc_id}.{language}."
        sentence_id = row.sentence_id or f"{prefix}{position}"
        self._ids.add(sentence_id, row.line, is_own=not sentence_id.startswith(prefix))
        return Sentence(
            sentence_id=sentence_id,
            doc_id=doc_id,
            language=language,
            position=position,
            start=start,
            end=start + len(text),
            text=text,
            kind="sentence",
        )

    def refuse_repeated_ids(self, others: OwnIds) -> None:
        """Refuse an id that stands twice in this table, or here and in another one."""
        repeated = self._ids.find_repeated()
        if repeated is not None:
            raise self._repeated_id(repeated[1], f"on line {repeated[0]}")
        line = self._ids.find_known(others)
        if line is not None:
            raise self._repeated_id(line, "in another table")
        others.add(self._ids)

    def _repeated_id(self, line: int, where: str) -> DocumentError:
        return DocumentError(
            "BAD_TABLE",
            f"line {line}: sentence_id '{self._id_on(line)}' stands already {where}. "
            "Give every row its own.",
        )

    def _id_on(self, line: int) -> str:
        again = _UnitReader(self._source, self._open_rows, self._option)
        return next(
            sentence.sentence_id
            for row, sentence in ((row, again.read(row)) for row in self._open_rows())
            if row.line == line
        )

    def _doc_id(self, row: UnitRow) -> str:
        if not row.doc_id:
            return doc_id_of_name(self._source.path)
        return row.doc_id if _SAFE_DOC_ID.fullmatch(row.doc_id) else slug(row.doc_id)

    def _language(self, row: UnitRow) -> str:
        stated = self._option or row.language.lower()
        if not stated:
            return self._language_of_table()
        if stated not in EU_LANGUAGES:
            raise DocumentError(
                "BAD_TABLE",
                f"line {row.line}: language '{row.language}' is none of {', '.join(EU_LANGUAGES)}.",
            )
        return stated

    def _find_language(self) -> str:
        """Return the language of rows that do not say theirs and are too short to tell."""
        texts: list[str] = []
        length = 0
        for row in self._open_rows():
            texts.append(row.text)
            length += len(row.text) + 1
            if length > DETECTION_LENGTH:
                break
        name = language_of_name(self._source.path)
        return decide_language("\n".join(texts), self._option, name, None).language


class _SentenceIds:
    """Remembers which sentence_id stands on which line, in 25 bytes a row."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._lines = array("q")
        self._are_own = bytearray()

    def add(self, sentence_id: str, line: int, *, is_own: bool) -> None:
        """Remember an id; one of its own does not follow from document and language."""
        self._digests += blake2b(
            sentence_id.encode(errors="surrogatepass"), digest_size=16
        ).digest()
        self._lines.append(line)
        self._are_own.append(is_own)

    def find_repeated(self) -> tuple[int, int] | None:
        """Return the lines of the first id that stands there again, and where it stood before."""
        digests = np.frombuffer(self._digests, np.uint64).reshape(-1, 2)
        order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable: of equal ids the lines ascend
        is_again = (digests[order[1:]] == digests[order[:-1]]).all(axis=1)
        pairs = np.flatnonzero(is_again)
        if not len(pairs):
            return None
        pair = pairs[np.argmin(order[pairs + 1])]
        return self._lines[order[pair]], self._lines[order[pair + 1]]

    def find_known(self, others: OwnIds) -> int | None:
        """Return the line of the first id that another table has too."""
        is_known = np.isin(self.own_digests(), others.digests)
        lines = np.array(self._lines)[np.frombuffer(self._are_own, np.bool_)]
        return int(lines[is_known][0]) if is_known.any() else None

    def own_digests(self) -> NDArray[np.bytes_]:
        """Return the digests of ids of their own, in the order of the table."""
        digests = np.frombuffer(self._digests, "S16")
        return digests[np.frombuffer(self._are_own, np.bool_)]


class OwnIds:
    """The ids that the tables of a run gave their rows, as digests; they join the output's files.

    Ids that follow from document and language are not among them: where two documents are called
    alike the later is renamed, and its ids with it.
    """

    def __init__(self) -> None:
        self.digests: NDArray[np.bytes_] = np.empty(0, "S16")

    def add(self, ids: _SentenceIds) -> None:
        """Remember the ids of a table."""
        self.digests = np.concatenate([self.digests, ids.own_digests()])


class _LanguageCheck:
    """Holds the languages of rows against what was asked for and what their texts read like."""

    def __init__(self) -> None:
        self._detected: dict[str, Counter[str]] = defaultdict(Counter)
        self._overruled: set[str] = set()

    def look_at(self, row: UnitRow, sentence: Sentence) -> None:
        language = sentence.language
        if row.language and row.language.lower() != language:
            self._overruled.add(row.language.lower())
        found = self._detected[language]
        if found.total() < UNITS_DETECTED and sentence.text.count(" ") >= MIN_WORDS_FOR_CONFLICT:
            found[detect_language(sentence.text) or language] += 1

    def remarks(self) -> tuple[Remark, ...]:
        remarks = []
        if self._overruled:
            others = ", ".join(sorted(self._overruled))
            message = f"the option says {', '.join(self._detected)}, the table says {others}."
            remarks.append(Remark("LANGUAGE_CONFLICT", message))
        for language, found in sorted(self._detected.items()):
            n_others = found.total() - found[language]
            if n_others > MAX_OTHER_FRACTION * found.total():
                others = ", ".join(sorted(set(found) - {language}))
                message = (
                    f"{n_others} of the first {found.total()} longer rows read as {language} "
                    f"look like {others}."
                )
                remarks.append(Remark("LANGUAGE_CONFLICT", message))
        return tuple(remarks)


def _clean_text(text: str) -> str:
    """Return a cell's text on one line; an empty cell stays an empty unit, so no row is lost."""
    return " ".join(clean(text).text.split()) if text.strip() else ""
