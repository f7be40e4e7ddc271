"""The process that opens a PDF: it may crash, hang or run out of memory, and nobody else does.

Content comes in on stdin; JSON lines go out on stdout: what the file says of itself, then a page
each; or one line that says why the file is refused. Run by ``pdf.py``.
"""

from __future__ import annotations

import ctypes
import json
import math
import sys
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, NamedTuple

import pypdf
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped]
from pypdf.errors import DependencyError, LimitReachedError
from pypdf.generic import DictionaryObject, StreamObject

from pipeline.errors import DocumentError
from pipeline.ingestion.pdf_page import WIDE_GAP, Row, Run, rows_of_page

MAX_MEMORY_BYTES = 2_000_000_000
"""Address space, of which a good document needs a tenth."""
MAX_CPU_S = 20
"""Seconds; two hundred pages take about two."""
MAX_PAGES = 2_000
MAX_DECODED_BYTES = 150_000_000
"""What all streams but pictures may unpack to; a thousand printed pages have some 20 MB."""
MAX_CHARACTERS_PER_PAGE = 200_000
"""A printed page has some 3,000."""

BOLD_WEIGHT = 600
FIGURE_SIZE, FIGURE_RISE = 0.6, 0.2
"""In type sizes: a font's raised figures are lower than this, and stand this far up at least."""
MAX_SKEW = math.radians(5)
"""Text that is turned by neither this nor a right angle is a watermark."""
UNKNOWN = "\ufffd"
"""A letter of a font that does not say which one it is."""
_END_OF_FILE_WITHIN = 2_048
_UNREADABLE = "Open the document in a PDF viewer and print or save it as PDF again."
_HYPHENS = {"\x02", "\ufffe", "\u00ad"}
"""What PDFium gives for a hyphen at a line end, and what many fonts say that theirs is."""


def main() -> None:
    """Read a PDF from stdin and write what it holds to stdout."""
    _limit_resources()
    content = sys.stdin.buffer.read()
    try:
        about = check(content)
        for line in (about, *read_pages(content)):
            _write(line)
    except DocumentError as error:
        _write({"code": error.code, "message": error.message})


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


def _limit_resources() -> None:
    if sys.platform == "win32":  # it has no such limits; the parent's clock is left
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check(content: bytes) -> dict[str, Any]:
    """Return the file's own title, language and date, having made sure that it can be read.

    Raises:
        DocumentError: ``BAD_FORMAT``, ``ENCRYPTED``, ``TOO_MANY_PAGES`` or ``LIMIT``.
    """
    _check_ends(content)
    try:
        reader = pypdf.PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted()
        n_pages = len(reader.pages)
    except DependencyError:  # a cipher that pypdf lacks: PDFium decides, within the limits
        return {"title": "", "language": "", "date": ""}
    except LimitReachedError as error:
        raise _limit(str(error)) from error
    except (DocumentError, MemoryError):
        raise
    except Exception as error:  # a hostile file may raise anything
        raise _damaged(str(error)) from error
    if n_pages > MAX_PAGES:
        raise _too_many_pages(n_pages)
    _check_streams(reader)
    return _properties(reader)


def _check_ends(content: bytes) -> None:
    if not content.strip():
        raise DocumentError(
            "BAD_FORMAT", "expected a PDF document, found an empty file. Download or copy it again."
        )
    if b"%PDF-" not in content[:1024]:
        start = content.lstrip()[:9].lower()
        found = "a web page" if start.startswith((b"<!doctype", b"<html")) else "something else"
        raise DocumentError(
            "BAD_FORMAT",
            f"expected a PDF document, found {found}. Give the file its right extension.",
        )
    if b"%%EOF" not in content[-_END_OF_FILE_WITHIN:]:
        raise DocumentError(
            "BAD_FORMAT", "the end of the PDF is missing. Download or copy the file again."
        )


def _check_streams(reader: pypdf.PdfReader) -> None:
    """Unpack every stream that is no picture; PDFium would do so without a limit."""
    n_bytes = 0
    for stream in _streams(reader):
        try:
            _check_packed(stream)
            n_bytes += len(stream.get_data())
        except LimitReachedError as error:
            raise _limit(str(error)) from error
        except zlib.error as error:
            raise _damaged(str(error)) from error
        except MemoryError:
            raise
        except Exception:  # a filter that pypdf lacks; PDFium may have it
            continue
        if n_bytes > MAX_DECODED_BYTES:
            raise _limit(f"more than {MAX_DECODED_BYTES / 1e6:.0f} MB unpacked")


def _streams(reader: pypdf.PdfReader) -> Iterator[StreamObject]:
    numbers = {number for table in reader.xref.values() for number in table} | set(
        reader.xref_objStm
    )
    for number in sorted(numbers):
        try:
            found = reader.get_object(number)
        except LimitReachedError as error:
            raise _limit(str(error)) from error
        except MemoryError:
            raise
        except Exception:  # damaged, and perhaps not needed; PDFium decides
            continue
        if isinstance(found, StreamObject) and found.get("/Subtype") != "/Image":
            yield found


def _check_packed(stream: StreamObject) -> None:
    """Raise ``zlib.error`` where a stream is damaged: readers would cut it there silently."""
    if stream.get("/Filter") not in ("/FlateDecode", ["/FlateDecode"]):
        return
    unpacker = zlib.decompressobj()
    packed: bytes = stream._data
    while packed and not unpacker.eof:
        unpacker.decompress(packed, 1_000_000)
        packed = unpacker.unconsumed_tail


def _properties(reader: pypdf.PdfReader) -> dict[str, Any]:
    try:
        about = reader.metadata or DictionaryObject()
        stated = {
            "title": about.get("/Title"),
            "language": reader.root_object.get("/Lang"),
            "date": about.get("/CreationDate"),
        }
        return {name: str(value or "") for name, value in stated.items()}
    except Exception:  # a hostile file may raise anything, and its title is not needed
        return {"title": "", "language": "", "date": ""}


def read_pages(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield each page's height, its rows, and whether it has pictures but no text.

    Raises:
        DocumentError: ``BAD_FORMAT``, ``ENCRYPTED``, ``TOO_MANY_PAGES`` or ``LIMIT``.
    """
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium_raw.FPDF_ERR_PASSWORD:
            raise _encrypted() from error
        raise _damaged(str(error)) from error
    if len(document) > MAX_PAGES:
        raise _too_many_pages(len(document))
    if not len(document):
        raise _damaged("no pages")
    column_left: float | None = None
    for index in range(len(document)):
        try:
            page = document[index]
            read, column_left = _read_page(page, column_left)
            yield read
        except pdfium.PdfiumError as error:
            raise _damaged(f"page {index + 1}: {error}") from error
        page.close()


def _read_page(
    page: pdfium.PdfPage, column_left: float | None
) -> tuple[dict[str, Any], float | None]:
    """Return a page, and where its right column begins or that of the pages before.

    What is printed at right angles to most of a page comes last.
    """
    letters_by_turn: dict[int, list[_Letter]] = {}
    for letter in _letters(page.get_textpage()):
        letters_by_turn.setdefault(letter.turn, []).append(letter)
    turns = sorted(letters_by_turn, key=lambda turn: -len(letters_by_turn[turn]))
    rows: list[Row] = []
    for turn in turns:
        found = rows_of_page(list(_runs(letters_by_turn[turn])), column_left)
        column_left = found.column_left or column_left
        rows.extend(found.rows)
    bottom, top = _vertical_ends(page.get_bbox(), turns[0] if turns else 0)
    is_picture = not rows and any(True for _ in page.get_objects([pdfium_raw.FPDF_PAGEOBJ_IMAGE]))
    read = {"bottom": bottom, "top": top, "rows": rows, "is_picture": is_picture}
    return read, column_left


class _Letter(NamedTuple):
    """A character as if its line were level: its ends, its baseline, the quarter turns undone."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_bold: bool
    turn: int


def _letters(text: pdfium.PdfTextPage) -> Iterator[_Letter]:
    """Yield a page's characters in the order in which they are drawn, watermarks left out.

    Spaces and line ends that PDFium adds follow the character that they stand after.
    """
    n_characters = text.count_chars()
    if n_characters > MAX_CHARACTERS_PER_PAGE:
        raise _limit(f"a page of {n_characters} characters")
    origin_x, origin_y = ctypes.c_double(), ctypes.c_double()
    box = pdfium_raw.FS_RECTF()
    type_object: int | None = None
    printed_type: _Type | None = None
    previous: _Letter | None = None
    raw = text.raw
    for index in range(n_characters):
        character = chr(pdfium_raw.FPDFText_GetUnicode(raw, index))
        if pdfium_raw.FPDFText_IsGenerated(raw, index):
            if previous:
                yield previous._replace(text=character)
            continue
        found = ctypes.cast(pdfium_raw.FPDFText_GetTextObject(raw, index), ctypes.c_void_p).value
        is_new_object = printed_type is None or found != type_object
        if printed_type is None or is_new_object:
            type_object = found
            printed_type = _type_of(text, index)
        if printed_type.turn is None:
            continue
        pdfium_raw.FPDFText_GetLooseCharBox(raw, index, box)
        if is_new_object or printed_type.turn:  # the letters of a level object have one baseline
            pdfium_raw.FPDFText_GetCharOrigin(raw, index, origin_x, origin_y)
        if printed_type.turn:
            left, baseline = _turned(origin_x.value, origin_y.value, printed_type.turn)
            right = max(
                _turned(box.left, box.bottom, printed_type.turn)[0],
                _turned(box.right, box.top, printed_type.turn)[0],
            )
        else:
            left, right, baseline = box.left, box.right, origin_y.value
        if pdfium_raw.FPDFText_HasUnicodeMapError(raw, index) == 1 or character == "\0":
            character = UNKNOWN
        elif character in _HYPHENS:
            character = "-"
        size = printed_type.size
        if character.isdecimal() and _is_raised_figure(text, index, baseline, printed_type):
            baseline, size = baseline + FIGURE_RISE * size, FIGURE_SIZE * size
        previous = _Letter(
            character,
            left,
            max(left, right),
            baseline,
            size,
            printed_type.is_bold,
            printed_type.turn,
        )
        yield previous


class _Type(NamedTuple):
    """How a text object is set; ``turn`` counts quarter turns, None for a slanting one."""

    size: float
    is_bold: bool
    turn: int | None


def _is_raised_figure(
    text: pdfium.PdfTextPage, index: int, baseline: float, printed_type: _Type
) -> bool:
    """Whether a figure is a font's own small one, drawn above the baseline that it stands on."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium_raw.FPDFText_GetCharBox(text, index, left, right, bottom, top)
    turn = printed_type.turn or 0
    ends = sorted(_turned(x.value, y.value, turn)[1] for x, y in ((left, bottom), (right, top)))
    is_small = 0 < ends[1] - ends[0] < FIGURE_SIZE * printed_type.size
    return is_small and ends[0] - baseline > FIGURE_RISE * printed_type.size


def _type_of(text: pdfium.PdfTextPage, index: int) -> _Type:
    matrix = pdfium_raw.FS_MATRIX()
    pdfium_raw.FPDFText_GetMatrix(text, index, matrix)
    height = math.hypot(matrix.c, matrix.d)
    size = pdfium_raw.FPDFText_GetFontSize(text, index) * (height or 1)
    is_bold = pdfium_raw.FPDFText_GetFontWeight(text, index) >= BOLD_WEIGHT
    quarters = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
    is_level = abs(quarters - round(quarters)) * (math.pi / 2) < MAX_SKEW
    return _Type(round(abs(size), 2), is_bold, round(quarters) % 4 if is_level else None)


def _turned(x: float, y: float, turn: int) -> tuple[float, float]:
    """Return where a point lies once the page is turned so that its text is level."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[turn]


def _vertical_ends(box: tuple[float, float, float, float], turn: int) -> tuple[float, float]:
    """Return the heights of a page's lower and upper edge once its text is level."""
    left, bottom, right, top = box
    ends = sorted((_turned(left, bottom, turn)[1], _turned(right, top, turn)[1]))
    return ends[0], ends[1]


def _runs(letters: Iterable[_Letter]) -> Iterator[Run]:
    """Gather letters of one type that stand side by side."""
    run: list[_Letter] = []
    right = 0.0
    for letter in letters:
        if letter.text in "\r\n":
            yield from _run(run)
            run = []
        elif letter.text.isspace():
            run += [run[-1]._replace(text=" ")] if run else []  # in its neighbour's type
        else:
            if run and not _follows(letter, run[-1], right):
                yield from _run(run)
                run = []
            run.append(letter)
            right = letter.right
    yield from _run(run)


def _follows(letter: _Letter, previous: _Letter, right: float) -> bool:
    """Whether a letter stands beside the previous one, whose line reaches ``right``."""
    return (
        letter.size == previous.size
        and letter.is_bold == previous.is_bold
        and abs(letter.baseline - previous.baseline) < 0.05 * letter.size
        and letter.left > previous.left - 0.5 * letter.size
        and letter.left - right < WIDE_GAP * letter.size
    )


def _run(letters: list[_Letter]) -> Iterator[Run]:
    text = "".join(letter.text for letter in letters)
    printed = [letter for letter in letters if not letter.text.isspace()]
    if printed:
        first = printed[0]
        right = max(letter.right for letter in printed)
        yield Run(text, first.left, right, first.baseline, first.size, first.is_bold)


def _encrypted() -> DocumentError:
    return DocumentError(
        "ENCRYPTED", "the PDF needs a password. Save it without one, from a PDF viewer."
    )


def _damaged(reason: str) -> DocumentError:
    return DocumentError("BAD_FORMAT", f"the PDF is damaged ({reason.rstrip('.')}). {_UNREADABLE}")


def _limit(reason: str) -> DocumentError:
    return DocumentError(
        "LIMIT",
        f"the PDF unpacks to far more than a document ({reason.rstrip('.')}; expected at most "
        f"{MAX_DECODED_BYTES / 1e6:.0f} MB). {_UNREADABLE}",
    )


def _too_many_pages(n_pages: int) -> DocumentError:
    return DocumentError(
        "TOO_MANY_PAGES",
        f"{n_pages} pages, expected at most {MAX_PAGES}. Split the document.",
    )


if __name__ == "__main__":
    main()
