"""PDF → lines: a child process reads the pages, which are then rid of furniture and footnotes.

PDFium may crash, hang or use any amount of memory on a hostile file, so only ``pdf_child`` opens
one, within limits.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline
from pipeline.errors import DocumentError
from pipeline.ingestion.decoding import clean
from pipeline.ingestion.extracted import Extracted
from pipeline.ingestion.furniture import Footer
from pipeline.ingestion.language import detect_language
from pipeline.ingestion.lines import Line
from pipeline.ingestion.metadata import find_date
from pipeline.ingestion.pdf_lines import Page, lines_of_pages
from pipeline.ingestion.pdf_page import Row
from pipeline.records import EU_LANGUAGES, Remark

MAX_WALL_S = 60
"""Seconds until a child is killed; it gets less of the processor, see ``pdf_child.MAX_CPU_S``."""
MAX_UNKNOWN_FRACTION = 0.1
"""Where more letters are unknown, the text cannot be read."""
MIN_TITLE_WORDS = 3
UNKNOWN = "\ufffd"

ROOT = Path(pipeline.__file__).parents[1]
CHILD = "pipeline.ingestion.pdf_child"
"""Where Python finds the child, and its name."""

_PROGRAM_TITLE = re.compile(
    r"microsoft|powerpoint|untitled|.*\.(?:docx?|dotx?|rtf|pdf|indd|xml|html?)$", re.IGNORECASE
)
_CREATION_DATE = re.compile(r"(?:D:)?(\d{4})-?(\d{2})-?(\d{2})")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Contents:
    """What the child found: pages, the file's own title, language and date, and scanned pages."""

    pages: tuple[Page, ...]
    title: str
    language: str
    date: str
    scanned_pages: tuple[int, ...]


def extract_pdf(content: bytes, language: str | None) -> Extracted:
    """Return the lines of a PDF document; see ``extracted.Extract``.

    Raises:
        DocumentError: ``BAD_FORMAT``, ``ENCRYPTED``, ``TOO_MANY_PAGES``, ``LIMIT``,
            ``NO_TEXT``, or ``PARSER_CRASH`` where the child crashed or did not end.
    """
    contents = _parse_answer(_run_child(content))
    remarks = _check_text(contents)
    pages, cleaned = _clean(contents.pages)
    found = lines_of_pages(pages)
    if not found.lines:
        raise _no_text(contents, "only page furniture")
    body = "\n".join(line.text for line in found.lines)
    detected = detect_language(body)
    return Extracted(
        lines=found.lines,
        footers=found.footers,
        pages=len(pages),
        language=_language(contents.language, found.footers, detected),
        title=_title(contents.title),
        date=_date(contents.date, found.lines, language or detected),
        remarks=(*cleaned, *remarks),
    )


def _run_child(content: bytes) -> bytes:
    """Return what the child wrote.

    Raises:
        DocumentError: ``PARSER_CRASH``.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", CHILD],
            input=content,
            capture_output=True,
            timeout=MAX_WALL_S,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _crash(f"did not end within {MAX_WALL_S} seconds") from error
    if done.returncode:
        raise _crash(_reason(done.returncode, done.stderr))
    return done.stdout


def _reason(returncode: int, stderr: bytes) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    message = stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"ended with {message or returncode}"


def _parse_answer(answer: bytes) -> _Contents:
    lines: list[dict[str, Any]] = [json.loads(line) for line in answer.splitlines()]
    for line in lines:
        if "code" in line:
            raise DocumentError(line["code"], line["message"])
    about, *pages = lines
    return _Contents(
        pages=tuple(
            Page(number, page["bottom"], page["top"], tuple(Row(*row) for row in page["rows"]))
            for number, page in enumerate(pages, start=1)
        ),
        title=about["title"],
        language=about["language"],
        date=about["date"],
        scanned_pages=tuple(
            number for number, page in enumerate(pages, start=1) if page["is_picture"]
        ),
    )


def _check_text(contents: _Contents) -> tuple[Remark, ...]:
    """Return remarks on what cannot be read, and refuse what has nothing else."""
    texts = [row.text for page in contents.pages for row in page.rows]
    n_letters = sum(map(len, texts))
    n_unknown = sum(text.count(UNKNOWN) for text in texts)
    if not n_letters:
        raise _no_text(contents, "no text")
    if n_unknown > MAX_UNKNOWN_FRACTION * n_letters:
        raise DocumentError(
            "NO_TEXT",
            f"{n_unknown} of {n_letters} letters cannot be told from the PDF's fonts. Run text "
            "recognition (OCR) on it, or take another format.",
        )
    remarks = []
    if n_unknown:
        message = f"{n_unknown} of {n_letters} letters cannot be told from the PDF's fonts."
        remarks.append(Remark("INCOMPLETE", message))
    if contents.scanned_pages:
        numbers = ", ".join(map(str, contents.scanned_pages))
        message = f"only pictures on page {numbers}, no text. Are they scans?"
        remarks.append(Remark("INCOMPLETE", message))
    return tuple(remarks)


def _clean(pages: Sequence[Page]) -> tuple[list[Page], tuple[Remark, ...]]:
    """Return pages whose rows' texts are clean."""
    cleaned = clean("\n".join(row.text for page in pages for row in page.rows))
    texts = iter(cleaned.text.split("\n"))
    return [
        Page(
            page.number,
            page.bottom,
            page.top,
            tuple(row._replace(text=next(texts)) for row in page.rows),
        )
        for page in pages
    ], cleaned.remarks


def _language(stated: str, footers: Sequence[Footer], detected: str | None) -> str:
    """Return the language that the file names for itself.

    Many programs write their own default there: where a footer or the text itself tells another,
    it says nothing.
    """
    language = re.split(r"[-_]", stated.strip().lower())[0]
    is_plausible = language in EU_LANGUAGES and detected in (language, None)
    return language if is_plausible and not any(footer.language for footer in footers) else ""


def _title(stated: str) -> str:
    """Return the file's title unless a program put it there."""
    title = _SPACES.sub(" ", stated).strip()
    is_real = len(title.split()) >= MIN_TITLE_WORDS and not _PROGRAM_TITLE.match(title)
    return clean(title).text if is_real else ""


def _date(stated: str, lines: Sequence[Line], language: str | None) -> str:
    """Return the day on which the file was made if the text names that day too.

    By itself it may be the day of a translation or a conversion.
    """
    match = _CREATION_DATE.match(stated)
    if language not in EU_LANGUAGES or not match:
        return ""
    date = "-".join(match.groups())
    return date if any(find_date([line.text], language) == date for line in lines) else ""


def _no_text(contents: _Contents, found: str) -> DocumentError:
    n_pages = len(contents.pages)
    return DocumentError(
        "NO_TEXT",
        f"{found} on {n_pages} of {n_pages} pages; is it a scan? Run text recognition (OCR) on "
        "it, or take another format.",
    )


def _crash(reason: str) -> DocumentError:
    return DocumentError(
        "PARSER_CRASH",
        f"the PDF reader {reason}. Open the document in a PDF viewer and print or save it as PDF "
        "again.",
    )
