"""One file → one document: the reader of its format, then layout, language and metadata."""

from __future__ import annotations

from hashlib import sha256

from pipeline.errors import DocumentError
from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.decoding import decode
from pipeline.ingestion.docx import extract_docx
from pipeline.ingestion.extracted import Extract, Extracted
from pipeline.ingestion.furniture import Footer
from pipeline.ingestion.html import extract_html
from pipeline.ingestion.language import decide_language, language_of_name
from pipeline.ingestion.layout import parse_layout
from pipeline.ingestion.lines import read_lines
from pipeline.ingestion.metadata import celex_in, find_date, find_identity
from pipeline.ingestion.pdf import extract_pdf
from pipeline.ingestion.sources import DOCUMENT_SUFFIXES, TABLE_SUFFIXES, Source
from pipeline.ingestion.text_notes import tell_footnotes
from pipeline.records import Document

MAX_SIZE_BYTES = 50_000_000
"""A document with its pictures; a file beyond this is something else."""
MAX_TEXT_BYTES = 10_000_000
"""The longest conclusions have under 1 MB of text."""


def read_content(source: Source) -> bytes:
    """Return a file's bytes.

    Raises:
        DocumentError: ``UNREADABLE`` or, for a file too large to be a document, ``LIMIT``.
    """
    try:
        size_bytes = source.path.stat().st_size
        if size_bytes > MAX_SIZE_BYTES:
            raise _too_large(size_bytes, MAX_SIZE_BYTES)
        return source.path.read_bytes()
    except OSError as error:
        raise DocumentError(
            "UNREADABLE", f"cannot be opened ({error.strerror}). Check the file's permissions."
        ) from error


def read_document(source: Source, content: bytes, language: str | None) -> Document:
    """Read a document.

    Args:
        source: The file and its name.
        content: The file's bytes.
        language: The language that was asked for, or None to find it.

    Raises:
        DocumentError: With the code that ``documents.csv`` shows.
    """
    suffix = source.path.suffix.lower()
    extract = _EXTRACT_BY_SUFFIX.get(suffix)
    if extract is None:
        raise _unknown_extension(suffix)
    name_language = language_of_name(source.path)
    extracted = extract(content, language or name_language)
    body = "\n".join(line.text for line in extracted.lines)
    printed = extracted.language or _footer_language(extracted.footers)
    finding = decide_language(body, language, name_language, printed)
    layout = parse_layout(extracted.lines, load_council_words(), finding.language)
    if not layout.blocks:
        raise DocumentError("NO_TEXT", "only page furniture found, no text. Check the file.")
    identity = find_identity(extracted.footers, layout.cover, source.path)
    register = identity.register
    title, title_origin = _first({"text": layout.title, "file metadata": extracted.title})
    cover_date = find_date(layout.cover, finding.language)
    date, date_origin = _first({"cover": cover_date, "file metadata": extracted.date})
    file_celex = celex_in(source.path.stem)
    celex, celex_origin = _first({"file metadata": extracted.celex, "file name": file_celex})
    origins = {
        "doc_id": identity.origin,
        "language": finding.origin.removeprefix("the "),
        "title": title_origin,
        "date": date_origin,
        "celex": celex_origin,
    }
    return Document(
        doc_id=identity.doc_id,
        language=finding.language,
        source=source.name,
        sha256=sha256(content).hexdigest(),
        text=layout.text,
        blocks=layout.blocks,
        title=title,
        date=date,
        pages=extracted.pages,
        number=register.printed if register else "",
        revision=" ".join(register.parts) if register else "",
        celex=celex,
        origins=tuple((name, origin) for name, origin in origins.items() if origin),
        remarks=extracted.remarks + ((finding.remark,) if finding.remark else ()),
    )


def _first(value_by_origin: dict[str, str]) -> tuple[str, str]:
    """Return the first value that is there, and where it was found."""
    found = ((value, origin) for origin, value in value_by_origin.items() if value)
    return next(found, ("", ""))


def _footer_language(footers: tuple[Footer, ...]) -> str | None:
    return next((footer.language for footer in footers if footer.language), None)


def extract_text(content: bytes, language: str | None) -> Extracted:
    """Return the lines of a text file; see ``extracted.Extract``.

    Raises:
        DocumentError: ``LIMIT``, or as ``decoding.decode`` does.
    """
    if len(content) > MAX_TEXT_BYTES:
        raise _too_large(len(content), MAX_TEXT_BYTES)
    decoded = decode(content, language)
    printed = read_lines(decoded.text)
    return Extracted(
        lines=tuple(tell_footnotes(printed.lines)),
        footers=printed.footers,
        pages=printed.pages,
        remarks=decoded.remarks,
    )


_EXTRACT_BY_SUFFIX: dict[str, Extract] = {
    ".txt": extract_text,
    ".pdf": extract_pdf,
    ".docx": extract_docx,
    **dict.fromkeys((".html", ".htm", ".xhtml"), extract_html),
}


def _too_large(size_bytes: int, limit_bytes: int) -> DocumentError:
    return DocumentError(
        "LIMIT",
        f"{size_bytes / 1e6:.0f} MB, expected at most {limit_bytes / 1e6:.0f} MB. "
        "Split the file, or check that it is a document.",
    )


def _unknown_extension(suffix: str) -> DocumentError:
    known = ", ".join(sorted(DOCUMENT_SUFFIXES | TABLE_SUFFIXES))
    return DocumentError(
        "UNKNOWN_EXTENSION",
        f"extension '{suffix}' is not known (known: {known}). Rename or convert the file.",
    )
