"""Rows of inputs in the order of the output: every document by a name of its own, tables whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.storage.labelled_folder import with_doc_id
from pipeline.storage.rows import DocumentRow, SourceRows, SourceText, join_ids


class OwnNames:
    """Gives every document a name of its own, and drops a source that was there already.

    The same bytes under two names are one document. Different texts with one document number
    and language, such as two renditions, are two; the later gets ``-2`` and a remark.
    """

    def __init__(self) -> None:
        self._first_by_digest: dict[str, str] = {}
        self._used: set[tuple[str, str]] = set()
        self._is_dropped = False
        self._names: dict[tuple[str, str], str] = {}
        """What documents of the source at hand are called, by ``doc_id`` and language."""

    def give(self, results: Iterable[SourceRows]) -> Iterator[SourceRows]:
        """Yield sources, and the parts of one, under the names of their own."""
        for source in results:
            row = source.document
            if not source.continues:
                self._names = {}
                self._is_dropped = row.status != "failed" and row.sha256 in self._first_by_digest
                if self._is_dropped:
                    first = self._first_by_digest[row.sha256]
                    message = f"the same bytes as {first}, which is labelled."
                    yield _without_rows(source, "DUPLICATE", message)
                elif row.status != "failed":
                    self._first_by_digest[row.sha256] = row.source
            if not self._is_dropped:
                yield self._named(source)

    def _named(self, source: SourceRows) -> SourceRows:
        for text in source.texts:
            key = (text.doc_id, text.language)
            is_new = key not in self._names
            if is_new:
                self._names[key] = self._free_name(text)
            name = self._names[key]
            if name != text.doc_id:
                source = with_doc_id(source, text, name)
                source = _renamed(source, text.doc_id, name) if is_new else source
        return source

    def _free_name(self, text: SourceText) -> str:
        name, copy = text.doc_id, 1
        while (name.lower(), text.language) in self._used:
            copy += 1
            name = f"{text.doc_id}-{copy}"
        self._used.add((name.lower(), text.language))  # some file systems fold case
        return name


def _without_rows(source: SourceRows, code: str, message: str) -> SourceRows:
    row = source.document
    return SourceRows(
        DocumentRow(
            source=row.source, sha256=row.sha256, status="duplicate", code=code, message=message
        ),
        (),
        {name: batch.slice(0, 0) for name, batch in source.tables.items()},
    )


def _renamed(source: SourceRows, doc_id: str, new_doc_id: str) -> SourceRows:
    row = source.document
    message = f"{doc_id} ({row.language}) is there already; this one is {new_doc_id}."
    return replace(source, document=_with_remark(row, "DOC_ID_REPEATED", message))


def with_whole_rows(
    parts: Iterable[SourceRows],
) -> Iterator[tuple[SourceRows, DocumentRow | None]]:
    """Yield every part, the last one of an input with the row of the whole input."""
    waiting: tuple[SourceRows, DocumentRow] | None = None
    for part in parts:
        row = part.document
        if waiting is not None:
            earlier, whole = waiting
            yield earlier, None if part.continues else whole
            if part.continues:
                row = _joined(whole, row)
        waiting = part, row
    if waiting is not None:
        yield waiting


def _joined(whole: DocumentRow, part: DocumentRow) -> DocumentRow:
    """Return the row of an input, extended by a further part's."""
    joined = replace(
        whole,
        doc_id=_union(whole.doc_id, part.doc_id),
        language=_union(whole.language, part.language),
        units=whole.units + part.units,
        status="labelled" if "labelled" in (whole.status, part.status) else whole.status,
    )
    return _with_remark(joined, part.code, part.message)


def _with_remark(row: DocumentRow, code: str, message: str) -> DocumentRow:
    messages = [row.message] if message in row.message else [row.message, message]
    return replace(row, code=_union(row.code, code), message=" ".join(filter(None, messages)))


def _union(ids: str, more_ids: str) -> str:
    return join_ids(filter(None, (*ids.split("|"), *more_ids.split("|"))))
