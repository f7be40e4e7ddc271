"""Physical lines of a text: page furniture off, and where one line runs on in the next.

Text that came out of a PDF has hard line ends inside sentences, at times a blank line after every
line. What tells the end of a paragraph from a wrap is the next line's first letter, the gap, and
whether the next word would still have fitted on the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, takewhile
from statistics import median_low

from pipeline.ingestion.council_words import HyphenRules
from pipeline.ingestion.furniture import Footer, is_stamp, parse_footer, parse_footer_unit
from pipeline.records import Kind

WRAPPED_FRACTION = 0.15
"""A text is wrapped where this share of its lines begins in lower case (prose: about 0.8)."""
MIN_NARROW_LINES = 2
MAX_PRINTED_LENGTH = 120
"""So is one where so many lines do, and none is longer than a line of print."""
NARROW_LINE_QUANTILE = 0.05
"""Of lines known to run on, the narrowest share that is put down to chance."""
NARROW_LINE_TOLERANCE = 0.93
"""Proportional type: a line this much narrower than the narrowest may still be a full one."""
SHORT_LINE = 0.75
"""A line of less than this part of a full one is short, as the last of a paragraph often is."""
MIN_FULL_LENGTH = 70
"""Characters that a full line has at least, where the text does not tell."""
SEPARATED_FRACTION = 0.8
"""Where more of the short last lines have a wide gap below, a paragraph has no end without one."""
MIN_RUN_ON_LINES = 3
FULL_LINE = 0.85
"""Fewer lines that run on do not tell how wide the text is; then this part of the longest does."""

DIVIDED_LINES_FRACTION = 0.03
MIN_DIVIDED_LINES = 4
"""Council texts end some 0.3 % of their lines in a hyphen, all real; divided ones 5 % and more."""
DIVIDED_EXCESS, SURE_EXCESS = 1.5, 3.0
"""Times as many lines as chance would end at the text's own hyphens, in many lines or in few."""
MAX_FOOTER_LINES, MAX_FOOTER_FIELDS = 16, 7
"""Number, REV, initials, page, unit, LIMITE, language; blank lines may stand between."""
DASHES = "-–—"
"""Marks that open a list item after a finished line, and an aside within a sentence."""

MAX_AFTER_STOP = 12
"""A stop, and the quotation marks, brackets and note mark that may follow it."""

_TERMINAL = re.compile(r"[.!?:;…\u037e\u0387·]['\"”’»“)\]\u203a]*\d{0,2}$")
_LIST_MARK = re.compile(
    r"(?:[•▪◦●■‣·]|[-–—](?=\s)|\(?[a-zα-ωа-я]\)|[a-zα-ωа-я]\.(?=\s)|\((?:[ivx]{1,5}|\d{1,2})\)|[ivx]{1,5}\))\s*"
)
_HYPHEN = re.compile("[-‐‑]")
_FOOTER_START = re.compile(r"\d{4,5}(?:/\d+)?/\d{2}(?: (?:REV|ADD|COR) ?\d+)*")
_CELLS = re.compile(r"\s*\|\s*")
"""Copies of web pages set the cells of a table apart by bars: "1. | The Council |"."""


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: its text, the blank lines above it, and its page (None: no pages).

    ``role`` is the kind of its paragraph where the format says so (a heading style, a footnote),
    None where layout has to find out. ``refers`` names the footnotes whose marks stood in it,
    ``note`` the footnote that it begins.
    """

    text: str
    gap: int
    page: int | None
    begins_page: bool = False
    role: Kind | None = None
    refers: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_terminated(self) -> bool:
        """Whether the line ends like a sentence, a clause of a list, or a lead-in."""
        return bool(_TERMINAL.search(self.text[-MAX_AFTER_STOP:]))

    @property
    def starts_lower(self) -> bool:
        """Whether the first character is a lower-case letter, so that something runs on."""
        return self.text[:1].islower()

    @property
    def list_mark(self) -> str:
        """The bullet, dash or letter that the line begins with, or nothing."""
        match = _LIST_MARK.match(self.text)
        return match.group().strip() if match else ""

    @property
    def opens_clause(self) -> bool:
        """Whether it begins with words in capitals: "RECALLING its …;", "S OHLEDEM na …;"."""
        capitals = takewhile(lambda word: word.isalpha() and word.isupper(), self.text.split(" "))
        return any(len(word) > 3 for word in capitals)


@dataclass(frozen=True, slots=True)
class PrintedLines:
    """The lines of a document without page furniture, and the footers that were taken off."""

    lines: tuple[Line, ...]
    footers: tuple[Footer, ...]
    pages: int | None


def read_lines(text: str) -> PrintedLines:
    """Cut text into lines and take page furniture off.

    Form feeds count pages; without any, pages are unknown. White space within a line is folded.
    """
    has_pages = "\f" in text
    lines: list[Line] = []
    footers: list[Footer] = []
    page = 1
    for page, page_text in enumerate(text.split("\f"), start=1):
        kept, found = _read_page(page_text, page if has_pages else None)
        lines.extend(kept)
        footers.extend(found)
    return PrintedLines(tuple(lines), tuple(footers), page if has_pages else None)


def _read_page(text: str, page: int | None) -> tuple[list[Line], list[Footer]]:
    """Return the lines of a page; one after furniture begins a page, whatever gap it left."""
    lines: list[Line] = []
    footers: list[Footer] = []
    gap = 0
    begins_page = page is not None
    after_footer = False
    for printed in _with_whole_footers(text.split("\n")):
        if not printed:
            gap += 1
            continue
        printed = printed if is_stamp(printed) else _CELLS.sub(" ", printed).strip()
        if not printed:  # the end of a table's row
            continue
        footer = parse_footer(printed)
        if footer:
            footers.append(footer)
        elif after_footer and (unit := parse_footer_unit(printed)):
            footers[-1] = replace(footers[-1], language=unit.language)
        elif not is_stamp(printed):
            lines.append(Line(printed, gap, page, begins_page))
            begins_page = after_footer = False
            gap = 0
            continue
        begins_page = True
        after_footer = footer is not None
        gap = 0
    return lines, footers


def _with_whole_footers(raw_lines: Sequence[str]) -> Iterator[str]:
    """Yield lines with white space folded; a footer whose fields have a line each is one line."""
    lines = [" ".join(line.split()) for line in raw_lines]
    index = 0
    while index < len(lines):
        fields = [(index, lines[index])]
        if _FOOTER_START.fullmatch(lines[index]):
            later = range(index + 1, min(index + MAX_FOOTER_LINES, len(lines)))
            fields += [(place, lines[place]) for place in later if lines[place]]
        whole = next((n for n in range(len(fields), 1, -1) if _is_footer(fields[:n])), 1)
        yield " ".join(text for _, text in fields[:whole])
        index = fields[whole - 1][0] + 1


def _is_footer(fields: Sequence[tuple[int, str]]) -> bool:
    return (
        len(fields) <= MAX_FOOTER_FIELDS
        and parse_footer(" ".join(t for _, t in fields)) is not None
    )


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How a text's lines are set: whether they wrap, their usual gap, how far a full line reaches.

    ``full_reach`` is the least length, in characters, of a full line together with the word that
    did not fit on it; 0 where the text does not wrap. ``gaps_separate``: nearly every paragraph
    has a wider gap above it than a line has.
    """

    is_wrapped: bool
    usual_gap: int
    full_reach: float
    gaps_separate: bool = False


def measure_wrapping(lines: Sequence[Line]) -> Wrapping:
    """Read a text's setting off the lines that surely run on: those before lower case."""
    pairs = [
        (line, following)
        for line, following in pairwise(lines)
        if following.starts_lower and not following.list_mark and not line.is_terminated
    ]
    longest = max((len(line.text) for line in lines), default=0)
    is_narrow = len(pairs) >= MIN_NARROW_LINES and longest <= MAX_PRINTED_LENGTH
    is_wrapped = is_narrow or len(pairs) > WRAPPED_FRACTION * len(lines)
    if not pairs:
        return Wrapping(is_wrapped, 0, 0)
    usual_gap = median_low([following.gap for _, following in pairs])
    gaps_separate = _gaps_separate(lines, usual_gap)
    is_wrapped = is_wrapped or gaps_separate
    if len(pairs) < MIN_RUN_ON_LINES:
        full_reach = FULL_LINE * longest if is_wrapped else 0
        return Wrapping(is_wrapped, usual_gap, full_reach, gaps_separate)
    reaches = sorted(reach(line, following) for line, following in pairs)
    narrow = reaches[int(len(reaches) * NARROW_LINE_QUANTILE)]
    return Wrapping(is_wrapped, usual_gap, NARROW_LINE_TOLERANCE * narrow, gaps_separate)


def _gaps_separate(lines: Sequence[Line], usual_gap: int) -> bool:
    """Whether most lines that end a sentence well before the margin have a wide gap below."""
    longest = max(len(line.text) for line in lines)
    gaps = [
        following.gap
        for line, following in pairwise(lines)
        if line.is_terminated and len(line.text) < SHORT_LINE * longest
    ]
    return sum(gap > usual_gap for gap in gaps) > SEPARATED_FRACTION * len(gaps)


def reach(line: Line, following: Line) -> int:
    """Return how long the line would be with the next line's first word on it, in characters."""
    return len(line.text) + 1 + len(following.text.split(" ", 1)[0])


def runs_on(line: Line, following: Line, wrapping: Wrapping) -> bool:
    """Whether ``following`` continues the paragraph of ``line``.

    Numbers of paragraphs and words such as ANNEX are the caller's business; list marks are not.
    """
    if line.role != following.role:
        return False
    if line.role is not None:
        if following.gap > wrapping.usual_gap or following.list_mark:
            return False
        is_told_by_gap = line.role == "footnote" or wrapping.gaps_separate
        return is_told_by_gap or following.starts_lower or _is_full(line, following, wrapping)
    if following.list_mark and _may_end_before_list(line, following, wrapping):
        return False
    if line.text.endswith(";") and following.opens_clause:
        return False
    is_unfinished = not line.is_terminated
    if is_unfinished and (following.starts_lower or following.list_mark or _ends_in_hyphen(line)):
        return True
    if following.begins_page:
        return is_unfinished and _is_full(line, following, wrapping)
    if following.gap > wrapping.usual_gap:
        return False
    if not wrapping.is_wrapped:
        return False
    if following.text[0].isdigit() and is_unfinished:
        return True
    if is_unfinished and wrapping.gaps_separate and _is_long(line, following, wrapping):
        return True
    return _is_full(line, following, wrapping)


def _may_end_before_list(line: Line, following: Line, wrapping: Wrapping) -> bool:
    """Whether the mark that ``following`` begins with opens a list item, not an aside."""
    if line.is_terminated or line.list_mark:
        return True
    if following.list_mark in DASHES and wrapping.is_wrapped:
        return False
    return not _is_full(line, following, wrapping)


def _is_long(line: Line, following: Line, wrapping: Wrapping) -> bool:
    """Whether a line is too long for a heading that has its text right below."""
    full_reach = wrapping.full_reach or MIN_FULL_LENGTH
    return reach(line, following) >= SHORT_LINE * full_reach


def _is_full(line: Line, following: Line, wrapping: Wrapping) -> bool:
    return wrapping.full_reach > 0 and reach(line, following) >= wrapping.full_reach


def _ends_in_hyphen(line: Line) -> bool:
    return len(line.text) > 1 and line.text[-1] in "-‐‑" and line.text[-2].isalnum()


def join_lines(lines: Sequence[Line], hyphens: HyphenJoiner) -> str:
    """Return the lines of one paragraph as one line of text."""
    pieces = [lines[0].text]
    for following in lines[1:]:
        joined = hyphens.join(pieces[-1], following.text)
        pieces[-1:] = joined[: len(joined) - len(following.text)], following.text
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _HyphenUsage:
    """How a document uses hyphens: its words, in lower case, and what its line ends say.

    ``may_divide_words``: more lines end in a hyphen than its own hyphens explain;
    ``divides_words_by_rule``: so many do that the type-setting divides; ``has_own_hyphens``: not
    so many more that its own cannot be among them.
    """

    words: frozenset[str]
    may_divide_words: bool
    divides_words_by_rule: bool
    has_own_hyphens: bool


def _measure_hyphens(lines: Iterable[Line]) -> _HyphenUsage:
    found: set[str] = set()
    n_divided = n_lines = n_words = n_hyphenated = 0
    is_divided = False
    for line in lines:
        whole = line.text.partition(" ")[2] if is_divided else line.text
        words = list(_words(whole))
        found.update(words, *map(_HYPHEN.split, words))
        is_divided = _ends_in_hyphen(line)
        n_lines += 1
        n_divided += is_divided
        n_words += len(words)
        n_hyphenated += sum("-" in word for word in words)
    expected = n_lines * n_hyphenated / max(n_words, 1)
    exceeds = n_divided / max(expected, 0.5)
    is_common = n_divided > DIVIDED_LINES_FRACTION * n_lines
    may_divide_words = exceeds > (DIVIDED_EXCESS if is_common else SURE_EXCESS)
    return _HyphenUsage(
        words=frozenset(found),
        may_divide_words=may_divide_words,
        divides_words_by_rule=may_divide_words and is_common and n_divided >= MIN_DIVIDED_LINES,
        has_own_hyphens=exceeds < SURE_EXCESS,
    )


class HyphenJoiner:
    """Joins a word that a line end divides, by what the same document writes elsewhere.

    The form that the document writes elsewhere goes first. Else a hyphen stays after capitals or
    digits (``VN-Handvest``), before a capital, after an article, and, with a space, before a
    conjunction (``EU- en FATF-vereisten``). Else it goes by whether the second part is a word of
    its own, and whether so many lines end in a hyphen that the type-setting divides words.
    """

    def __init__(self, lines: Sequence[Line], rules: HyphenRules) -> None:
        self._lines = lines
        self._rules = rules

    @cached_property
    def _usage(self) -> _HyphenUsage:
        """What the document tells, read when the first line end has to be judged."""
        return _measure_hyphens(self._lines)

    def join(self, text: str, following: str) -> str:
        """Return ``text`` with ``following`` joined on, by a space or as the rest of a word."""
        if text.endswith(" -") and _word_before(text) in self._rules.conjunctions:
            return text + following  # "EU-instrumenten en -/programma's"
        if len(text) < 2 or text[-1] not in "-‐‑" or not text[-2].isalnum():
            return f"{text} {following}"
        left = text.rsplit(" ", 1)[-1][:-1].lstrip("(\"'„“«‘")
        right = re.split(r"[^\w'’-]", following, maxsplit=1)[0]
        if right.casefold() in self._rules.conjunctions:
            return f"{text} {following}"
        if self._rules.articles.fullmatch(left) or self._keeps_hyphen(left, right):
            return text + following
        return text[:-1] + following

    def _keeps_hyphen(self, left: str, right: str) -> bool:
        last_part, first_part = _HYPHEN.split(left)[-1], _HYPHEN.split(right)[0]
        usage = self._usage
        if f"{left}-{right}".casefold() in usage.words:
            return True
        if not usage.words.isdisjoint(
            {f"{left}{right}".casefold(), f"{last_part}{first_part}".casefold()}
        ):
            return False
        if not right[:1].islower():
            return True
        if last_part.isupper() or any(character.isdigit() for character in last_part):
            return True
        if right.casefold() not in usage.words:
            return not usage.may_divide_words
        return not usage.divides_words_by_rule or (
            usage.has_own_hyphens and left.casefold() in usage.words
        )


def _word_before(text: str) -> str:
    """Return the word before the last one, in lower case."""
    return " ".join(text.casefold().rsplit(maxsplit=2)[-2:-1])


def _words(text: str) -> Iterable[str]:
    """Yield the words of a line, hyphenated ones whole, but not one that the line end divides."""
    for word in re.findall(r"[\w'’]+(?:[-‐‑][\w'’]+)*(?![\w'’]*[-‐‑]$)", text):
        yield word.casefold()
