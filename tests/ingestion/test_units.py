from pathlib import Path

import pytest

from pipeline.errors import DocumentError
from pipeline.ingestion import units as units_module
from pipeline.ingestion.sources import Source
from pipeline.ingestion.units import UnitRow, UnitsPart, read_units

SOURCE = Source(Path("units_en.csv"), "units_en.csv")


def parts(*rows: UnitRow, language: str | None = None) -> list[UnitsPart]:
    return list(read_units(SOURCE, lambda: iter(rows), language))


def units(*rows: UnitRow, language: str | None = None) -> UnitsPart:
    (part,) = parts(*rows, language=language)
    return part


def test_rows_stay_in_order_and_keep_their_ids():
    found = units(UnitRow(2, "One.", "x7", "doc-a"), UnitRow(3, "Two.", "x3", "doc-b"))
    assert [(s.sentence_id, s.doc_id, s.text) for s in found.sentences] == [
        ("x7", "doc-a", "One."),
        ("x3", "doc-b", "Two."),
    ]


def test_missing_ids_come_from_file_name_and_position():
    found = units(UnitRow(2, "One."), UnitRow(3, "Two."))
    assert [s.sentence_id for s in found.sentences] == ["units.en.1", "units.en.2"]


def test_offsets_point_into_the_lines_of_the_document():
    found = units(UnitRow(2, "One."), UnitRow(3, " Two\nlines. "), UnitRow(4, "Three."))
    text = "One.\nTwo lines.\nThree."
    assert [text[s.start : s.end] for s in found.sentences] == ["One.", "Two lines.", "Three."]


def test_language_of_the_row_goes_before_the_file_name():
    found = units(UnitRow(2, "Un.", language="fr"), UnitRow(3, "One."))
    assert [s.language for s in found.sentences] == ["fr", "en"]


ENGLISH = "The harbour has been closed since the spring and will open again in the autumn."
FRENCH = "Le port est fermé depuis le printemps et sera de nouveau ouvert en automne, dit-on."


def test_rows_in_another_language_than_they_say_are_reported():
    rows = [UnitRow(n, ENGLISH, language="fr") for n in range(2, 5)]
    (remark,) = units(*rows, UnitRow(5, FRENCH, language="fr")).remarks
    assert remark.code == "LANGUAGE_CONFLICT"
    assert "3 of the first 4 longer rows read as fr look like en" in remark.message
    assert not units(*rows[:1], *[UnitRow(n, FRENCH, language="fr") for n in range(3, 9)]).remarks


def test_option_against_the_rows_is_reported():
    (remark,) = units(UnitRow(2, "Un.", language="fr"), language="de").remarks
    assert remark.message == "the option says de, the table says fr."


def test_option_goes_before_everything():
    assert units(UnitRow(2, "Un.", language="fr"), language="de").sentences[0].language == "de"


def test_empty_row_stays_and_is_counted():
    found = units(UnitRow(2, "One."), UnitRow(3, "  "), UnitRow(4, "Three."))
    assert [s.text for s in found.sentences] == ["One.", "", "Three."]
    assert found.remarks[0].code == "EMPTY_UNITS"


def test_repeated_id_is_named_with_both_lines():
    rows = [UnitRow(2, "One.", "x"), UnitRow(3, "Two.", "y"), UnitRow(4, "Three.", "x")]
    with pytest.raises(DocumentError, match="line 4: sentence_id 'x' stands already on line 2"):
        units(*rows, UnitRow(5, "Four.", "y"))


def test_unknown_language_is_named():
    with pytest.raises(DocumentError, match="line 2: language 'zz'"):
        units(UnitRow(2, "One.", language="zz"))


def test_hostile_document_id_becomes_a_slug():
    assert units(UnitRow(2, "One.", doc_id="../../etc/x")).sentences[0].doc_id == "etc-x"


def test_long_table_comes_in_parts_that_go_on_where_the_last_one_ended(monkeypatch):
    rows = [UnitRow(n, f"Unit {n}.", doc_id="ab"[n > 4]) for n in range(2, 10)]
    (whole,) = parts(*rows)
    monkeypatch.setattr(units_module, "UNITS_TOGETHER", 3)
    found = parts(*rows)
    assert [len(part.sentences) for part in found] == [3, 3, 2]
    assert sum((part.sentences for part in found), ()) == whole.sentences
    assert [part.text_before for part in found] == ["", "", "Unit 7."]


def test_remark_about_the_table_comes_with_its_last_part(monkeypatch):
    monkeypatch.setattr(units_module, "UNITS_TOGETHER", 1)
    found = parts(UnitRow(2, ""), UnitRow(3, ""), UnitRow(4, "Three."))
    assert [[remark.message for remark in part.remarks] for part in found] == [
        [],
        [],
        ["2 rows have no text."],
    ]
