"""What a document says of itself: its number in the Council's register, and its date."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.ingestion.furniture import Footer, full_year
from pipeline.ingestion.language import name_without_language
from pipeline.months import month_number

_REGISTER_NUMBER = re.compile(
    r"^(?:(?=\d{4})|(?P<series>EUCO|CM|SN|PE(?:-CONS)?) )(?P<number>\d{1,5})"
    r"(?:/(?P<revision>\d+))?/(?P<year>\d{2})(?P<parts>(?:\s+(?:REV|ADD|COR)\s?\d+)*)$"
)
_FILE_NAME = re.compile(
    r"^(st|euco|cm|sn|pe)[-_ ]?0*(\d{1,5})[-_ ](\d{4})[-_ ]"
    r"(init|(?:(?:rev|add|cor)[-_ ]?\d+[-_ ]?)+)$",
    re.IGNORECASE,
)
_OLD_FILE_NAME = re.compile(
    r"^st0*(\d{4,5})(?:-(re|ad|co)0*(\d+))?\.[a-z]{2}(\d{2})$", re.IGNORECASE
)
_OLD_PARTS = {"re": "REV", "ad": "ADD", "co": "COR"}
_PART = re.compile(r"(REV|ADD|COR)[-_ ]?(\d+)", re.IGNORECASE)
CELEX = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{4}[A-Z]{1,2}\d{4,5}(?:\(\d{2}\))?(?![0-9A-Za-z])")
_NAMED_PART = re.compile(r"([A-Z]\d{4})_(\d\d)(?!\d)")
"""File names may have a line instead of a CELEX number's brackets: ``52022XG0630_01``."""
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_NUMERIC_DATE = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b")
_WORD_OR_NUMBER = re.compile(r"\d+|[^\W\d_]+")
DATE_WORDS = 4
"""A day and a year stand at most so many words from their month ("20 d. mí an Mheithimh 2022")."""


@dataclass(frozen=True, slots=True)
class RegisterNumber:
    """A document's number in the Council's register; ``parts`` are such as ``REV 1``.

    ``series`` is ST, the Council's own, or one such as EUCO, the European Council's.
    """

    number: int
    year: int
    parts: tuple[str, ...] = ()
    series: str = "ST"

    @property
    def doc_id(self) -> str:
        """The number as an identifier: ``ST-9422-2015-REV-1``."""
        suffix = "-".join(part.upper().replace(" ", "-") for part in self.parts) or "INIT"
        return f"{self.series}-{self.number}-{self.year}-{suffix}"

    @property
    def printed(self) -> str:
        """The number as a cover prints it: ``9422/15``."""
        series = "" if self.series == "ST" else f"{self.series} "
        return f"{series}{self.number}/{self.year % 100:02}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which document it is, and where that was found; ``register`` is None for no number."""

    doc_id: str
    register: RegisterNumber | None
    origin: str


def find_identity(footers: Sequence[Footer], cover: Sequence[str], path: Path) -> Identity:
    """Return a document's register number from footers, cover or file name, else a slug.

    The footers' commonest number comes first: a cover also names earlier documents.
    """
    if footers:
        commonest = Counter((f.number, f.year, f.parts, f.series) for f in footers).most_common(1)[
            0
        ][0]
        found = RegisterNumber(*commonest)
        return Identity(found.doc_id, found, "footer")
    for line in cover:
        if match := _REGISTER_NUMBER.match(line):
            parts = tuple(f"{kind} {number}" for kind, number in _PART.findall(match["parts"]))
            if match["revision"] and not parts:
                parts = (f"REV {match['revision']}",)
            year, series = full_year(match["year"]), match["series"] or "ST"
            found = RegisterNumber(int(match["number"]), year, parts, series)
            return Identity(found.doc_id, found, "cover")
    named = _number_in_name(path)
    return Identity(doc_id_of_name(path), named, "file name")


def doc_id_of_name(path: Path) -> str:
    """Return the register number in a file's name, else a slug that begins with a letter.

    >>> doc_id_of_name(Path("st-10179-2022-init_nl.txt"))
    'ST-10179-2022-INIT'
    >>> doc_id_of_name(Path("Conclusions on cyber (final)_en.txt"))
    'conclusions-on-cyber-final'
    """
    named = _number_in_name(path)
    return named.doc_id if named else slug(name_without_language(path))


def _number_in_name(path: Path) -> RegisterNumber | None:
    match = _FILE_NAME.match(name_without_language(path))
    if match:
        parts = tuple(f"{kind.upper()} {number}" for kind, number in _PART.findall(match[4]))
        return RegisterNumber(int(match[2]), int(match[3]), parts, match[1].upper())
    old = _OLD_FILE_NAME.match(path.stem)
    if old:
        parts = (f"{_OLD_PARTS[old[2].lower()]} {old[3]}",) if old[2] else ()
        return RegisterNumber(int(old[1]), full_year(old[4]), parts)
    return None


def celex_in(text: str) -> str:
    """Return the CELEX number that a text, such as a file's name, holds, or nothing.

    >>> celex_in("CELEX_52022XG0630(01)_EN")
    '52022XG0630(01)'
    """
    match = CELEX.search(_NAMED_PART.sub(r"\1(\2)", text))
    return match.group() if match else ""


def slug(name: str) -> str:
    """Return a name in ASCII lower case with hyphens; what has none of it becomes a digest.

    >>> slug("10 Thèses")
    'doc-10-theses'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:80].strip("-")
    if not words:
        return f"doc-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return words if words[0].isalpha() else f"doc-{words}"


def find_date(texts: Sequence[str], language: str) -> str:
    """Return the first date in the texts as ISO 8601, or nothing."""
    return next((date for text in texts if (date := _date_in(text, language))), "")


def _date_in(text: str, language: str) -> str:
    match = _ISO_DATE.search(text)
    if match:
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    match = _NUMERIC_DATE.search(text)
    if match:
        return _iso(int(match[3]), int(match[2]), int(match[1]))
    words = _WORD_OR_NUMBER.findall(text)
    for index, word in enumerate(words):
        month = None if word.isdigit() else month_number(word, language)
        if month:
            around = words[max(0, index - DATE_WORDS) : index + DATE_WORDS + 1]
            centre = min(index, DATE_WORDS)
            day = _nearest(around, centre, 1, 31)
            year = _nearest(around, centre, 1950, 2099)
            if day and year:
                return _iso(year, month, day)
    return ""


def _nearest(words: Sequence[str], centre: int, lowest: int, highest: int) -> int | None:
    """Return the number in range nearest to the word at ``centre``, earlier ones first."""
    by_distance = sorted(range(len(words)), key=lambda index: (abs(index - centre), index))
    numbers = (int(words[index]) for index in by_distance if words[index].isdigit())
    return next((number for number in numbers if lowest <= number <= highest), None)


def _iso(year: int, month: int, day: int) -> str:
    return f"{year:04}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 else ""
