import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.segmentation.boundaries import sentence_spans
from pipeline.segmentation.language_rules import LANGUAGES, load_language_rules

PIECES = st.sampled_from(
    [
        *"aZé9Жя;·.!?…,:\"'“”„«»()[]-–—¿ \n\t\u00a0\u2028😀⁴",
        *(". ", "\n\n", "a) ", "art. ", "z. B. ", "2022. ", "20. Juni ", "г. ", "J. ", ",,", "''"),
        *("J.-P. ", "*", "A B\n", "the\n\n", "Do 2022 r. ", "L'", "b. C", "(1). "),
    ]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=40).map("".join))
LANGUAGE = st.sampled_from(LANGUAGES)


@given(text=TEXTS, language=LANGUAGE)
def test_spans_ascend_without_overlap(text, language):
    spans = sentence_spans(text, language)

    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(start < end for start, end in spans)


@given(text=TEXTS, language=LANGUAGE)
def test_spans_neither_begin_nor_end_with_white_space(text, language):
    for start, end in sentence_spans(text, language):
        assert text[start:end] == text[start:end].strip()


@given(text=TEXTS, language=LANGUAGE)
def test_spans_cover_every_character_that_is_not_white_space(text, language):
    spans = sentence_spans(text, language)

    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())


@given(text=TEXTS, language=LANGUAGE)
def test_same_text_gives_same_spans(text, language):
    assert sentence_spans(text, language) == sentence_spans(text, language)


@given(words=st.lists(st.sampled_from(["rada", "Council", "2022", "терор"]), min_size=1))
def test_text_without_marks_is_one_sentence(words):
    text = " ".join(words)

    assert sentence_spans(text, "en") == [(0, len(text))]


UNITS = [
    ". ",
    "A. ",
    "1. ",
    "z. B. ",
    "(a. B ",
    '." "',
    ". »",
    ".1 ",
    ".\n",
    "a\n\n",
    "a\n",
    "A\n",
    "der\n\nA ",
    "1.2 a, b\n",
    "Am 20. 6. 2022 f. ",
    "...) ",
    "   \n",
]


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_time_is_linear_in_the_length_of_one_paragraph(unit):
    load_language_rules("de")
    short, long = unit * 2_000, unit * 20_000

    def seconds(text):
        started = time.perf_counter()
        sentence_spans(text, "de")
        return time.perf_counter() - started

    # Ten times the text: a quadratic engine takes a hundred times as long.
    assert seconds(long) < 40 * max(min(seconds(short) for _ in range(3)), 1e-3)
