from pathlib import Path

import pytest

from pipeline.ingestion.furniture import Footer
from pipeline.ingestion.metadata import celex_in, doc_id_of_name, find_date, find_identity


@pytest.mark.parametrize(
    ("name", "doc_id"),
    [
        ("st-10179-2022-init_nl.txt", "ST-10179-2022-INIT"),
        ("ST-9422-2015-REV-1_pl.pdf", "ST-9422-2015-REV-1"),
        ("ST 10179 2022 INIT.txt", "ST-10179-2022-INIT"),
        ("st10179.en22.pdf", "ST-10179-2022-INIT"),
        ("st09422-re01.en15.txt", "ST-9422-2015-REV-1"),
        ("Conclusions on cyber (final)_en.txt", "conclusions-on-cyber-final"),
        ("../../etc/passwd.txt", "passwd"),
        ("2022 conclusions.txt", "doc-2022-conclusions"),
    ],
)
def test_document_id_of_a_file_name(name, doc_id):
    assert doc_id_of_name(Path(name)) == doc_id


def test_name_without_latin_letters_gets_a_digest():
    doc_id = doc_id_of_name(Path("заключения.txt"))
    assert doc_id.startswith("doc-")
    assert doc_id.isascii()


def test_commonest_footer_goes_before_file_name():
    footers = [Footer(10179, 2022), Footer(9999, 2020), Footer(10179, 2022)]
    assert find_identity(footers, (), Path("copy.txt")).doc_id == "ST-10179-2022-INIT"


def test_number_on_the_cover_goes_before_file_name():
    identity = find_identity((), ("9422/1/15 REV 1",), Path("copy.txt"))
    assert (identity.doc_id, identity.origin) == ("ST-9422-2015-REV-1", "cover")
    assert (identity.register.printed, identity.register.parts) == ("9422/15", ("REV 1",))


@pytest.mark.parametrize(
    ("text", "celex"),
    [
        ("CELEX_52022XG0630(01)_EN", "52022XG0630(01)"),
        ("32024R1083", "32024R1083"),
        ("st-10179-2022-init", ""),
    ],
)
def test_celex_in_a_name(text, celex):
    assert celex_in(text) == celex


@pytest.mark.parametrize(
    ("text", "language", "date"),
    [
        ("Brussel, 20 juni 2022", "nl", "2022-06-20"),
        ("Brüssel, den 3. März 2031", "de", "2031-03-03"),
        ("Bruxelles, le 1er juillet 2024", "fr", "2024-07-01"),
        ("Brüsszel, 2022. június 20.", "hu", "2022-06-20"),
        ("2022 m. birželio 20 d., Briuselis", "lt", "2022-06-20"),
        ("Briselē, 2022. gada 20. jūnijā", "lv", "2022-06-20"),
        ("Брюксел, 20 юни 2022 г.", "bg", "2022-06-20"),
        ("Bryssel 20. kesäkuuta 2022", "fi", "2022-06-20"),
        ("adopted on 2031-05-04", "en", "2031-05-04"),
        ("vom 04.05.2031", "de", "2031-05-04"),
        ("no date here, only May", "en", ""),
    ],
)
def test_date_in_a_line(text, language, date):
    assert find_date([text], language) == date


def test_celex_number_of_a_file_name_may_have_a_line_for_brackets():
    assert celex_in("CELEX_52022XG0630_01_EN") == "52022XG0630(01)"
    assert celex_in("52022XG0630_0123") == "52022XG0630"
