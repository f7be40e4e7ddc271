"""Where the sentences of a paragraph end: one engine, small rules, one table per language.

The text is read once. Every run of stops and every line break is a candidate; ``rules.py`` says
which stops are ends, ``lines.py`` which line breaks. Both look at a few words before and after
the candidate, never at the rest of the text, so the time is linear in its length. To deepen the
engine, add a rule to the list or a word to a table.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.segmentation.language_rules import LanguageRules, load_language_rules
from pipeline.segmentation.lines import line_ends
from pipeline.segmentation.quotations import Quotations
from pipeline.segmentation.rules import decide
from pipeline.segmentation.stops import LINE_BREAKS, LOOK_BEHIND, Stop
from pipeline.segmentation.words import CLOSING, word_at


def sentence_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Return the spans ``[start, end)`` of the sentences of one paragraph.

    Spans ascend, do not overlap, neither begin nor end with white space, and cover every
    character that is not white space.

    Args:
        text: One paragraph or heading, its lines joined; line breaks left in it count as spaces
            unless a blank line or a list marker shows that something new begins.
        language: ISO 639-1 code of one of the 24 languages.

    Raises:
        ValueError: There is no table for this language.

    >>> text = "Vgl. Art. 5 Abs. 2 usw. Der Rat stimmt zu."
    >>> [text[start:end] for start, end in sentence_spans(text, "de")]
    ['Vgl. Art. 5 Abs. 2 usw.', 'Der Rat stimmt zu.']
    """
    rules = load_language_rules(language)
    spans: list[tuple[int, int]] = []
    quotations = Quotations(text)
    start = _skip_space(text, 0)
    for candidate in _candidates(rules.question_marks).finditer(text, start):
        if candidate.end() >= len(text):
            break
        if candidate["break"] is None:
            end, next_start = _edges(candidate, quotations)
            is_end = next_start > end and decide(
                _read_stop(text, start, candidate, (end, next_start), rules), rules
            )
        else:
            end, next_start = _strip_space(text, start, candidate.start()), candidate.end()
            is_end = line_ends(text, start, end, next_start, rules)
        if is_end:
            spans.append((start, end))
            start = next_start
    if start < len(text):
        spans.append((start, _strip_space(text, start, len(text))))
    return spans


@cache
def _candidates(question_marks: str) -> re.Pattern[str]:
    """Return the expression for stops and line breaks; no part of it can fail after the first."""
    return re.compile(
        rf"""
        (?P<marks>[.!?…{re.escape(question_marks)}]+)
        (?P<closers>[{re.escape(CLOSING)}]*)
        (?P<loose_closer>[ \u00a0\u202f](?:[»”“"]|'')(?=[\s.,;:)]|\Z))?
        (?P<note>
            [⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,3}}
            | (?:[ ]?\[\d{{1,3}}\]){{1,5}}
            | \(\d{{1,2}}\)
            | \d{{1,2}}(?:,\d{{1,2}}){{0,3}}(?=\s)
            | [*]{{1,3}}(?=\s)
        )?
        (?P<late_closers>[{re.escape(CLOSING)}]*)
        (?P<gap>\s*)
        |
        (?P<break>[{LINE_BREAKS}]\s*)
        """,
        re.VERBOSE,
    )


def _edges(candidate: re.Match[str], quotations: Quotations) -> tuple[int, int]:
    """Return where a sentence that stops here would end, and where the next one would start."""
    loose = candidate.start("loose_closer")
    if loose == -1 or candidate["loose_closer"][1] in "»”" or quotations.is_open_at(loose + 1):
        return candidate.start("gap"), candidate.end()
    return loose, loose + 1


def _read_stop(
    text: str,
    sentence_start: int,
    candidate: re.Match[str],
    edges: tuple[int, int],
    rules: LanguageRules,
) -> Stop:
    start = candidate.start()
    end, next_start = edges
    before = text[max(sentence_start, start - LOOK_BEHIND) : start]
    tokens = before.split()[-4:]
    if before[-1:].isspace():
        tokens.append("")
    return Stop(
        text=text,
        sentence_start=sentence_start,
        start=start,
        marks=candidate["marks"],
        closers=candidate["closers"] + candidate["late_closers"],
        note=candidate["note"] or "",
        end=end,
        next_start=next_start,
        tokens=tuple(tokens),
        following=word_at(text, next_start, rules),
    )


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _strip_space(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end
