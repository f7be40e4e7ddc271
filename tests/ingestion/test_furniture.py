import pytest

from pipeline.ingestion.furniture import is_stamp, parse_footer, parse_footer_unit


@pytest.mark.parametrize(
    ("line", "number", "year", "parts", "language"),
    [
        ("10179/22 dau/pc 2", 10179, 2022, (), ""),
        ("10384/17 kp/MB 1 DGC 2C EN", 10384, 2017, (), "en"),
        ("10384/17 ΧΦ/μκρ 1 DGC 2C EL", 10384, 2017, (), "el"),
        ("11075/11 vc/vc/mo 2 DG H 3A CS", 11075, 2011, (), "cs"),
        ("9422/1/15 REV 1 md/MKK/mm CAB LIMITE 1 PL", 9422, 2015, ("REV 1",), "pl"),
        ("9635/17 team/pmm/jk 1 DGE 1C", 9635, 2017, (), ""),
        ("10179/22 dau/pc 5 BIJLAGE RELEX.5 NL", 10179, 2022, (), "nl"),
        ("13742/98 ab/cd 3", 13742, 1998, (), ""),
    ],
)
def test_footer_says_number_year_and_language(line, number, year, parts, language):
    footer = parse_footer(line)
    assert (footer.number, footer.year, footer.parts, footer.language) == (
        number,
        year,
        parts,
        language,
    )


@pytest.mark.parametrize(
    "line",
    ["10179/22", "10179/22 is het nummer van dit document", "De Raad", "2022/23 was a good year 3"],
)
def test_other_line_is_no_footer(line):
    assert parse_footer(line) is None


@pytest.mark.parametrize(
    ("line", "language"), [("RELEX.5 NL", "nl"), ("DG C 2C EL", "el"), ("JAI.2", ""), ("FR", "fr")]
)
def test_second_footer_line(line, language):
    assert parse_footer_unit(line).language == language


@pytest.mark.parametrize("line", ["Inleiding", "BIJLAGE", "De EU", "NATO and EU"])
def test_other_line_is_no_second_footer_line(line):
    assert parse_footer_unit(line) is None


@pytest.mark.parametrize("line", ["PU B LI C", "LIMITE", "Conseil UE", "- 3 -", "________", "3/12"])
def test_stamp_is_furniture(line):
    assert is_stamp(line)


@pytest.mark.parametrize("line", ["Public order", "2020", "– een streepje", "3. De Raad"])
def test_text_is_no_stamp(line):
    assert not is_stamp(line)
