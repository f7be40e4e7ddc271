"""Bytes → clean text: encodings, and characters that no text should hold."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from pipeline.errors import DocumentError
from pipeline.ingestion.language import detect_language
from pipeline.records import Remark

CODE_PAGE_BY_LANGUAGE = {
    "bg": "cp1251",
    "el": "cp1253",
    "lt": "cp1257",
    "lv": "cp1257",
    "et": "cp1257",
    "mt": "iso8859_3",
} | dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), "cp1250")
"""Code pages of the time before Unicode; every other language used the default."""
DEFAULT_CODE_PAGE = "cp1252"

MAX_CONTROL_FRACTION = 0.02
FEW_CONTROLS = 8
"""More control characters than this share, and than a few, mean that a file is no text."""

MIN_UTF8_PER_STRAY = 5
"""Characters beyond ASCII, for each stray byte, that show that a text is UTF-8 after all."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive, such as DOCX",
    b"\xd0\xcf\x11\xe0": "an old Microsoft Office document",
    b"{\\rtf": "an RTF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
}
_LINE_BREAKS = re.compile("\r\n|[\r\v\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")  # soft hyphen, zero-width spaces


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Text in NFC with one kind of line end, and what had to be done to get it."""

    text: str
    remarks: tuple[Remark, ...] = ()


def decode(content: bytes, language: str | None) -> DecodedText:
    """Turn a text file's bytes into clean text.

    Tried in turn: byte order mark, strict UTF-8, UTF-8 with a few stray bytes, UTF-16 without a
    mark, and the old code page of the language; all but the first two are reported.

    Args:
        content: The file's bytes.
        language: The stated language, or None; then the code page is chosen whose text reads
            like a language that used it.

    Raises:
        DocumentError: ``EMPTY``, ``BAD_FORMAT`` for what is no text, ``ENCODING_UNCERTAIN``.
    """
    if not content.strip():
        raise DocumentError("EMPTY", "the file is empty. Check that it was saved or sent whole.")
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            raise DocumentError(
                "BAD_FORMAT", f"expected text, found {kind}. Give the file its right extension."
            )
    text, remarks = _to_text(content, language)
    return clean(text, remarks)


def clean(text: str, remarks: tuple[Remark, ...] = ()) -> DecodedText:
    """Return text in NFC without control and invisible characters; what is removed is counted.

    Raises:
        DocumentError: ``BAD_FORMAT`` where too much is no text, ``NO_TEXT`` where nothing is left.
    """
    text = _LINE_BREAKS.sub("\n", text)
    without, removed = _CONTROLS.subn("", text)
    _refuse_binary(removed, len(text))
    if removed:
        message = f"{removed} control character{'s' if removed > 1 else ''} removed."
        remarks = (*remarks, Remark("CLEANED", message))
    without = unicodedata.normalize("NFC", _INVISIBLE.sub("", _join_soft_hyphens(without)))
    if not without.strip():
        raise DocumentError("NO_TEXT", "no character to read in the file.")
    return DecodedText(without, remarks)


def _refuse_binary(n_controls: int, n_characters: int) -> None:
    if n_controls > MAX_CONTROL_FRACTION * n_characters + FEW_CONTROLS:
        raise DocumentError(
            "BAD_FORMAT",
            f"expected text, found binary content ({n_controls} of {n_characters} characters are "
            "control characters). Save the document as UTF-8 text.",
        )


def _join_soft_hyphens(text: str) -> str:
    """Join words that a soft hyphen divides over a line end; the line ends after the word."""
    return re.sub("\u00ad[ \t]*\n\\s*(\\S+)[ \t]*", "\\1\n", text)


def _to_text(content: bytes, language: str | None) -> tuple[str, tuple[Remark, ...]]:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    try:
        return content.decode(encoding or "utf-8"), ()
    except UnicodeDecodeError as error:
        if encoding:
            raise DocumentError(
                "BAD_FORMAT",
                f"the file says it is {encoding}, but byte {error.start} is not. Save it as UTF-8.",
            ) from error
    stray = _remove_stray_bytes(content)
    if stray is not None:
        return stray
    if not _looks_like_utf16(content):
        _refuse_binary(len(_CONTROL_BYTES.findall(content)), len(content))
    else:
        encoding = "utf-16-le" if content[1::2].count(0) >= content[::2].count(0) else "utf-16-be"
        text = content.decode(encoding, errors="ignore")
        return text, (_guess_remark(encoding),)
    return _from_code_page(content, language)


def _remove_stray_bytes(content: bytes) -> tuple[str, tuple[Remark, ...]] | None:
    """Return a text that is UTF-8 but for a few bytes; None where too little speaks for UTF-8.

    In an old code page letters beyond ASCII hardly ever make a sequence of UTF-8.
    """
    text = content.decode("utf-8", errors="ignore")
    n_stray = len(content) - len(text.encode())
    n_beyond_ascii = sum(not character.isascii() for character in text)
    if n_beyond_ascii < MIN_UTF8_PER_STRAY * n_stray:
        return None
    message = f"{n_stray} byte{'s' if n_stray > 1 else ''} that are no UTF-8 removed."
    return text, (Remark("CLEANED", message),)


def _looks_like_utf16(content: bytes) -> bool:
    return len(content) % 2 == 0 and content.count(0) > 0.3 * len(content)


def _from_code_page(content: bytes, language: str | None) -> tuple[str, tuple[Remark, ...]]:
    languages = (language,) if language else (None, *CODE_PAGE_BY_LANGUAGE)
    candidates = []
    for code_page in dict.fromkeys(_code_page(candidate) for candidate in languages):
        try:
            text = content.decode(code_page)
        except UnicodeDecodeError:
            continue
        if language or _code_page(detect_language(text)) == code_page:
            candidates.append((_plausible_fraction(text), code_page, text))
    if not candidates:
        raise DocumentError(
            "ENCODING_UNCERTAIN",
            "the file is not UTF-8, and no old code page gives a readable text. Save it as UTF-8, "
            "or say its language with --language.",
        )
    _, code_page, text = max(candidates, key=lambda candidate: candidate[0])
    return text, (_guess_remark(code_page),)


def _plausible_fraction(text: str) -> float:
    """Return the share of words in one script and case, Latin ones not mostly accented.

    Cyrillic read as Western European is all accents, Czech read as Cyrillic mixes scripts, Greek
    read as Cyrillic has capitals within words.
    """
    words = re.findall(r"[^\W\d_]+", text)
    return sum(map(_is_plausible, words)) / max(len(words), 1)


def _is_plausible(word: str) -> bool:
    if not (word[1:].islower() or word.isupper() or len(word) == 1):
        return False
    scripts = {unicodedata.name(letter, "?").partition(" ")[0] for letter in word}
    if scripts != {"LATIN"}:
        return len(scripts) == 1
    return 2 * sum(not letter.isascii() for letter in word) <= len(word)


def _code_page(language: str | None) -> str:
    return CODE_PAGE_BY_LANGUAGE.get(language or "", DEFAULT_CODE_PAGE)


def _guess_remark(encoding: str) -> Remark:
    return Remark(
        "ENCODING_UNCERTAIN", f"not UTF-8; read as {encoding}. Save the file as UTF-8 to be sure."
    )
