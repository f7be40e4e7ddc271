"""The Dutch 10179/22 as it was handed to us, and rendered anew: 118 units each time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipeline.ingestion.reader import read_document
from pipeline.ingestion.sources import Source
from pipeline.records import Document
from pipeline.segmentation.segmenter import segment
from tests.ingestion.rendering.contents import Contents, Piece
from tests.ingestion.test_formats import LOOKS, read

INPUT = Path(__file__).parents[3] / "shared" / "input" / "st-10179-2022-init_nl.txt"

pytestmark = pytest.mark.skipif(
    not INPUT.exists(), reason=f"{INPUT} is not ours to copy; without it 118 units go UNCHECKED"
)


@pytest.fixture(scope="module")
def original() -> Document:
    return read_document(Source(INPUT, INPUT.name), INPUT.read_bytes(), None)


@pytest.fixture(scope="module")
def contents(original) -> Contents:
    """What the document says, as pieces to print."""
    transmission, *others = original.blocks
    roles = {"cover": "annex", "title": "title", "heading": "heading"}
    pieces = []
    number = ""
    for block in others:
        role = roles.get(block.kind) or ("unnumbered" if block.paragraph == number else "paragraph")
        number = block.paragraph
        text = original.text[block.start : block.end]
        pieces.append(Piece(role, (text,), block.paragraph if role == "paragraph" else ""))
    return Contents("nl", original.text[transmission.start : transmission.end], tuple(pieces))


def test_units_are_as_counted_by_hand(original):
    units = segment(original)
    assert Counter(unit.kind for unit in units) == {
        "sentence": 108,
        "heading": 7,
        "title": 1,
        "cover": 2,
    }
    assert units[1].text == "BIJLAGE"
    numbers = [unit.paragraph for unit in units if unit.kind == "sentence"]
    assert list(dict.fromkeys(numbers)) == [str(number) for number in range(1, 29)]
    assert (original.doc_id, original.language) == ("ST-10179-2022-INIT", "nl")


@pytest.mark.parametrize("look", LOOKS)
def test_units_are_the_same_in_every_look(tmp_path, original, contents, look):
    rendered = read(tmp_path, contents, look)
    # Two of the hundred words that narrow columns divide have a hyphen of their own, or capitals,
    # and stand nowhere else: only a dictionary could tell how they are written.
    without = "-" if look == "pdf, OJ" else ""
    assert _units(rendered, without) == _units(original, without)


def _units(document: Document, without: str) -> list[tuple[str, str, str]]:
    units = segment(document)
    return [(unit.kind, unit.paragraph, unit.text.replace(without, "")) for unit in units]
