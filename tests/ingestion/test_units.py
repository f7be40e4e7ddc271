from pathlib import Path

import pytest

from pipeline.errors import DocumentError
from pipeline.ingestion.sources import Source
from pipeline.ingestion.units import ReadyUnits, UnitRow, read_units

SOURCE = Source(Path("units_en.csv"), "units_en.csv")


def units(*rows: UnitRow, language: str | None = None) -> ReadyUnits:
    return read_units(SOURCE, "digest", rows, language)


def test_rows_stay_in_order_and_keep_their_ids():
    found = units(UnitRow(2, "One.", "x7", "doc-a"), UnitRow(3, "Two.", "x3", "doc-b"))
    assert [(s.sentence_id, s.doc_id, s.text) for s in found.sentences] == [
        ("x7", "doc-a", "One."),
        ("x3", "doc-b", "Two."),
    ]


def test_missing_ids_come_from_file_name_and_position():
    found = units(UnitRow(2, "One."), UnitRow(3, "Two."))
    assert [s.sentence_id for s in found.sentences] == ["units.en.1", "units.en.2"]


def test_offsets_point_into_the_canonical_text():
    found = units(UnitRow(2, "One."), UnitRow(3, " Two\nlines. "), UnitRow(4, "Three."))
    text = found.documents[0].text
    assert [text[s.start : s.end] for s in found.sentences] == ["One.", "Two lines.", "Three."]


def test_language_of_the_row_goes_before_the_file_name():
    found = units(UnitRow(2, "Un.", language="fr"), UnitRow(3, "One."))
    assert [s.language for s in found.sentences] == ["fr", "en"]
    assert [d.language for d in found.documents] == ["fr", "en"]


def test_option_goes_before_everything():
    assert units(UnitRow(2, "Un.", language="fr"), language="de").sentences[0].language == "de"


def test_empty_row_stays_and_is_counted():
    found = units(UnitRow(2, "One."), UnitRow(3, "  "), UnitRow(4, "Three."))
    assert [s.text for s in found.sentences] == ["One.", "", "Three."]
    assert found.remarks[0].code == "EMPTY_UNITS"


def test_repeated_id_is_named_with_both_lines():
    with pytest.raises(DocumentError, match="line 3: sentence_id 'x' stands already on line 2"):
        units(UnitRow(2, "One.", "x"), UnitRow(3, "Two.", "x"))


def test_unknown_language_is_named():
    with pytest.raises(DocumentError, match="line 2: language 'zz'"):
        units(UnitRow(2, "One.", language="zz"))


def test_hostile_document_id_becomes_a_slug():
    assert units(UnitRow(2, "One.", doc_id="../../etc/x")).documents[0].doc_id == "etc-x"
