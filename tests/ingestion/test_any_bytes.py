"""Random bytes, cuts and flipped bits at every reader: text, or a refusal with a code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DocumentError
from pipeline.ingestion.reader import read_document
from pipeline.ingestion.sources import Source
from pipeline.segmentation.segmenter import segment
from tests.ingestion.rendering import docx, html, pdf, text
from tests.ingestion.rendering.contents import load

RENDER = {"txt": text.wrapped, "html": html.journal, "docx": docx.document, "pdf": pdf.register}
START = {"txt": b"", "html": b"<html><body><p>", "docx": b"PK\x03\x04", "pdf": b"%PDF-1.7\n"}

few = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
many = settings(few, max_examples=400, derandomize=False)


@cache
def rendered(suffix: str) -> bytes:
    return RENDER[suffix](load("el"))


def read_or_refuse(content: bytes, suffix: str) -> None:
    """Lines with text whose offsets hold, or a refusal with a code, and nothing else."""
    name = f"document.{suffix}"
    try:
        document = read_document(Source(Path(name), name), content, None)
    except DocumentError as error:
        assert error.code.replace("_", "").isupper()  # noqa: PT017 - a refusal is as good
        return
    assert document.text.strip()
    document.text.encode("utf-8")
    units = segment(document)
    assert "".join("".join(unit.text for unit in units).split()) == "".join(document.text.split())
    for unit in units:
        assert document.text[unit.start : unit.end] == unit.text


def flipped(content: bytes, flips: list[tuple[float, int]]) -> bytes:
    changed = bytearray(content)
    for place, bit in flips:
        changed[int(place * (len(changed) - 1))] ^= 1 << bit
    return bytes(changed)


flips_in = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), min_size=1, max_size=12)


def check_random(suffix: str, content: bytes) -> None:
    for start in {b"", START[suffix]}:
        read_or_refuse(start + content, suffix)


def check_cut(suffix: str, place: float) -> None:
    read_or_refuse(rendered(suffix)[: int(place * len(rendered(suffix)))], suffix)


def check_flipped(suffix: str, flips: list[tuple[float, int]]) -> None:
    read_or_refuse(flipped(rendered(suffix), flips), suffix)


CHECKS = [
    (check_random, st.binary(max_size=400)),
    (check_cut, st.floats(0, 1)),
    (check_flipped, flips_in),
]


@pytest.mark.parametrize(("check", "damage"), CHECKS, ids=["random", "cut", "flipped"])
@pytest.mark.parametrize("suffix", RENDER)
def test_any_bytes_are_read_or_refused(suffix, check, damage):
    few(given(damage)(lambda drawn: check(suffix, drawn)))()


@pytest.mark.slow
@pytest.mark.parametrize(("check", "damage"), CHECKS, ids=["random", "cut", "flipped"])
@pytest.mark.parametrize("suffix", RENDER)
def test_many_bytes_are_read_or_refused(suffix, check, damage):
    many(given(damage)(lambda drawn: check(suffix, drawn)))()
