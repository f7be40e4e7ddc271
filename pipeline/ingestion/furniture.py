"""Page furniture of Council documents: footers, stamps and rules, which are no text.

The patterns were read off real footers: ``10179/22 dau/pc 2`` above ``RELEX.5 NL``,
``9422/1/15 REV 1 md/MKK/mm CAB LIMITE 1 PL``, ``10384/17 ΧΦ/μκρ 1 DGC 2C EL``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.records import EU_LANGUAGES

_LETTERS = r"[^\W\d_]+"
_NUMBER = (
    r"(?P<number>\d{4,5}|(?P<series>EUCO|CM|SN|PE(?:-CONS)?) \d{1,4})"
    r"(?:/(?P<revision>\d+))?/(?P<year>\d{2})"
)
_PARTS = r"(?P<parts>(?:\s+(?:REV|ADD|COR)\s?\d+)*)"
_FOOTER = re.compile(
    rf"^(?:(?:\w+\s+)?){_NUMBER}{_PARTS}"
    rf"(?(series)(?:\s+{_LETTERS}(?:/[^\W\d_,]+)+)?|\s+{_LETTERS}(?:/[^\W\d_,]+)+)"
    r"(?:\s+[A-Z.]+)?(?:\s+LIMITE)?\s+(?P<page>\d{1,4})(?P<rest>\s.*)?$"
)
_UNIT = (
    r"(?:DG ?[A-Z]+(?: ?\d[A-Z]*)*|[A-Z]{2,}(?:\.\d[A-Z]?)+(?:\.[A-Z])?|CAB|SJ|JUR"
    r"|GIP(?:\.[A-Z]+)?)"
)
_LANGUAGE = "|".join(code.upper() for code in EU_LANGUAGES)
_FOOTER_UNIT = re.compile(
    rf"^(?:[^\W\d_]+ )?(?:{_UNIT})?\s*(?:LIMITE)?\s*(?P<language>{_LANGUAGE})?$"
)
_STAMPS = re.compile(
    r"^(?:conseil ue|p\s?u\s?b\s?l\s?i\s?c|limite|restreint ue(?:/eu restricted)?|eu restricted"
    r"|document partially accessible to the public.*|[-–—]\s?\d{1,3}\s?[-–—]|page \d+(?: of \d+)?"
    r"|\d{1,3}\s?/\s?\d{1,3}|[_\-–—=*.\s]{3,})$",
    re.IGNORECASE,
)
_JOURNAL_HEAD = re.compile(
    rf"(?=[^;:]{{20,110}}\Z)(?=.*\b\d{{1,2}}\.\d{{1,2}}\.\d{{4}}\b)(?=.*\b[CL]\s?\d{{1,4}}(?:\s?[A-Z])?/\d{{1,4}}\b)"
    rf"(?=.*\b(?:{_LANGUAGE})\b)"
)
"""The Official Journal's: "30.6.2022 | NL | Publicatieblad van de Europese Unie | C 248/97"."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer says of its document; ``language`` is a lower-case code or empty.

    ``series`` is ST, the Council's own, or one such as EUCO, the European Council's.
    """

    number: int
    year: int
    parts: tuple[str, ...] = ()
    language: str = ""
    series: str = "ST"


@dataclass(frozen=True, slots=True)
class FooterUnit:
    """The second line of a footer: the unit that issued the document, and the language."""

    language: str


def parse_footer(line: str) -> Footer | None:
    """Return what a footer line says, None for any other line.

    >>> parse_footer("10179/22 dau/pc 2")
    Footer(number=10179, year=2022, parts=(), language='', series='ST')
    """
    match = _FOOTER.match(line)
    if not match:
        return None
    parts = tuple(re.findall(r"(?:REV|ADD|COR)\s?\d+", match["parts"]))
    if match["revision"] and not any(part.startswith("REV") for part in parts):
        parts = (f"REV {match['revision']}", *parts)
    rest = (match["rest"] or "").strip()
    unit = parse_footer_unit(rest) if rest else None
    if rest and not unit:
        return None
    language = unit.language if unit else ""
    series = match["series"] or "ST"
    number = int(match["number"].removeprefix(series))
    return Footer(number, full_year(match["year"]), parts, language, series)


def full_year(digits: str) -> int:
    """Return the year that the two digits of a document number mean: 1950 to 2049."""
    return int(digits) + (2000 if int(digits) < 50 else 1900)


def parse_footer_unit(line: str) -> FooterUnit | None:
    """Return what the line below a footer says; None where it is no such line."""
    match = _FOOTER_UNIT.match(line)
    return FooterUnit((match["language"] or "").lower()) if match else None


def is_stamp(line: str) -> bool:
    """Whether a line is a stamp, a page number with dashes, a drawn rule, or the OJ's head."""
    return bool(_STAMPS.match(line) or _JOURNAL_HEAD.match(line))
