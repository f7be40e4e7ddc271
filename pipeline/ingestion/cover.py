"""The cover page of Council documents: where it ends, and which of its lines belong together.

Its table of fields comes out of a PDF in any order ("From: To: Presidency Council"), so that
nothing here rests on a value that follows its label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.ingestion.council_words import CouncilWords, bare, fold
from pipeline.ingestion.lines import Line, Wrapping, runs_on
from pipeline.ingestion.numbering import number_mark

MAX_COVER_LINES = 60
"""A cover page ends within so many lines."""
MAX_LINES_BEFORE_ANNEX = 15
"""From the last line that only a cover has, the word ANNEX is no further than this."""
MAX_LABEL_WORDS = 5
MIN_TRANSMISSION_WORDS = 5
MAX_TRANSMISSION_LINES = 6
MAX_ANNEX_WORDS = 6

_REGISTER_NUMBER = re.compile(
    r"^(?:\d{4,5}|(?:EUCO|CM|SN|PE(?:-CONS)?) \d{1,4})(?:/\d+)?/\d{2}(?:\s+(?:REV|ADD|COR)\s?\d+)*$"
)
_SUBJECT_CODES = re.compile(r"^(?:[A-Z][A-Z/.]{1,14}(?: [A-Z]{2,8})? \d{1,4}\b\s*)+$")
_ORIGINAL_LANGUAGE = re.compile(r"^(?:\(\d\d\.\d\d\) )?\(OR\. ?[a-z/]+\)$", re.IGNORECASE)
_PLACE_AND_DATE = re.compile(
    r"[^\W\d_]+(?: [^\W\d_]+)?(?:,| den| \d)(?=.*\b\d{4}\b)(?=.*\b\d{1,2}\b)[^()–;:/]{6,40}"
    r"(?:\(OR\. ?[a-z/]+\))?"
)
_ANNEX_NUMBER = re.compile(r"[IVX]{1,5}\.?|\d{1,2}\.?|[A-Z]")


def is_annex_word(text: str, words: CouncilWords) -> bool:
    """Whether a line is the word ANNEX, in any language, with at most a number beside it.

    An annex may be one of an annex: "BIJLAGE BIJ DE BIJLAGE".

    >>> from pipeline.ingestion.council_words import load_council_words
    >>> [is_annex_word(text, load_council_words()) for text in ("BIJLAGE II", "I. MELLÉKLET")]
    [True, True]
    """
    parts = text.split(maxsplit=MAX_ANNEX_WORDS)
    if not parts or len(parts) > MAX_ANNEX_WORDS or not text[0].isupper() | text[0].isdigit():
        return False
    if len(parts) > 1 and _ANNEX_NUMBER.fullmatch(parts[0]):
        parts = parts[1:]
    if fold(parts[0]) not in words.annex:
        return False
    is_of_annex = len(parts) > 2 and parts[0].isupper() and text.isupper()
    return is_of_annex or not parts[1:] or bool(_ANNEX_NUMBER.fullmatch(" ".join(parts[1:])))


def cover_end(lines: Sequence[Line], words: CouncilWords) -> int:
    """Return the index of the first line after the cover page, 0 where there is none.

    The cover ends with the word ANNEX where that comes soon after the lines that only a cover
    has, else with the last of these.
    """
    limit = min(_body_start(lines), MAX_COVER_LINES)
    annex = next((i for i, line in enumerate(lines[:limit]) if is_annex_word(line.text, words)), -1)
    last = _last_sign(lines[: annex if annex >= 0 else limit], words)
    if annex == 0 or (annex > 0 and last > 0 and annex - last <= MAX_LINES_BEFORE_ANNEX):
        return annex + 1
    return last


def _body_start(lines: Sequence[Line]) -> int:
    """Return the line of the first paragraph 1 that a paragraph 2 follows, else their count."""
    found = (number_mark(index, line.text) for index, line in enumerate(lines))
    marks = [mark for mark in found if mark]
    firsts = (mark.line for mark, after in pairwise(marks) if (mark.number, after.number) == (1, 2))
    return next(firsts, len(lines))


def _last_sign(lines: Sequence[Line], words: CouncilWords) -> int:
    """Return the index after the last line that tells a cover: a field, or its one sentence."""
    end = 0
    for index, line in enumerate(lines):
        if is_cover_line(line.text, words):
            end = index + 1
    transmission = _transmission_end(lines, words)
    end = max(end, transmission)
    while 0 < end < len(lines) and end != transmission and lines[end].starts_lower:
        end += 1
    return end


def _transmission_end(lines: Sequence[Line], words: CouncilWords) -> int:
    """Return the index after the sentence that hands the annex over, 0 where there is none.

    It names delegations or the annex, after lines that only a cover has, or right at the top.
    """
    start = 0
    is_cover = False
    for index, line in enumerate(lines):
        if is_cover_line(line.text, words):
            is_cover = True
            start = index + 1
            continue
        if not line.is_terminated:
            continue
        sentence = fold(" ".join(part.text for part in lines[start : index + 1])).split()
        if start or not is_cover:
            opening = sentence if is_cover else sentence[: MIN_TRANSMISSION_WORDS - 1]
            is_short = index - start < MAX_TRANSMISSION_LINES or is_cover
            has_stem = any(word.startswith(words.transmission) for word in opening)
            if has_stem and is_short and len(sentence) >= MIN_TRANSMISSION_WORDS:
                return index + 1
        start = index + 1
    return 0


def is_cover_line(text: str, words: CouncilWords) -> bool:
    """Whether only the cover page of a Council document has such a line."""
    return (
        _is_known_label(text, words)
        or words.is_institution(text, after=" .")
        or (text[0].isupper() and bool(_PLACE_AND_DATE.fullmatch(text)))
        or any(
            pattern.match(text)
            for pattern in (_REGISTER_NUMBER, _SUBJECT_CODES, _ORIGINAL_LANGUAGE)
        )
    )


def _is_known_label(text: str, words: CouncilWords) -> bool:
    label, colon, _ = text.partition(":")
    return bool(colon) and bare(label) in words.fields


def _is_label(text: str, words: CouncilWords) -> bool:
    """Whether a cover's line begins with a label, one that we know or a few words with a colon."""
    label, colon, value = text.partition(":")
    is_like_one = (
        bool(colon)
        and text[0].isupper()
        and len(label.split()) <= MAX_LABEL_WORDS
        and value[:1] in ("", " ")
    )
    return is_like_one or _is_known_label(text, words)


def _opens_transmission(line: Line, words: CouncilWords) -> bool:
    """Whether a line begins the cover's sentence; the subject above it may end in a full line."""
    opening = fold(line.text).split()[:MIN_TRANSMISSION_WORDS]
    return (
        line.text[0].isupper()
        and len(opening) == MIN_TRANSMISSION_WORDS
        and any(word.startswith(words.transmission) for word in opening)
    )


def cover_paragraphs(
    lines: Sequence[Line], words: CouncilWords, wrapping: Wrapping
) -> Iterator[tuple[int, int]]:
    """Yield the first line of each field and sentence, and the line after its last.

    Args:
        lines: The lines of the cover.
        words: Words that cover pages are known by.
        wrapping: How the text after the cover is set.
    """
    start = 0
    for index in range(1, len(lines)):
        if _begins(lines, index, words, wrapping):
            yield start, index
            start = index
    if lines:
        yield start, len(lines)


def _begins(lines: Sequence[Line], index: int, words: CouncilWords, wrapping: Wrapping) -> bool:
    line, following = lines[index - 1], lines[index]
    if is_annex_word(line.text, words) or is_annex_word(following.text, words):
        return True
    if fold(f"{line.text} {following.text}") in words.council:  # it stands on two lines
        return False
    if is_cover_line(following.text, words) or _is_label(following.text, words):
        return True
    if _opens_transmission(following, words):
        return True
    if line.text.endswith(":"):  # a label whose value stands on the next line, or after others
        return index > 1 and lines[index - 2].text.endswith(":")
    if following.starts_lower:
        return False
    return not runs_on(line, following, wrapping)
