"""Whole text documents: what becomes of covers, footers, wraps, numbers and headings."""

from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.errors import DocumentError
from pipeline.ingestion.reader import read_content, read_document
from pipeline.ingestion.sources import Source
from pipeline.records import Document

RESOURCES = Path("tests/resources")


def read(path: Path, language: str | None = None) -> Document:
    source = Source(path, path.name)
    return read_document(source, read_content(source), language)


def read_text(tmp_path: Path, text: str, language: str = "en") -> Document:
    path = tmp_path / "document.txt"
    path.write_text(text, encoding="utf-8")
    return read(path, language)


def blocks(document: Document) -> list[tuple[str, str, str]]:
    return [
        (block.kind, block.paragraph, document.text[block.start : block.end])
        for block in document.blocks
    ]


@pytest.fixture(scope="module")
def wrapped() -> Document:
    return read(Path(__file__).parents[1] / "resources" / "wrapped_nl.txt")


def test_identity_is_read_from_footers_and_cover(wrapped):
    assert wrapped.doc_id == "ST-91234-2031-INIT"
    assert (wrapped.language, wrapped.date, wrapped.pages) == ("nl", "2031-05-03", None)
    assert wrapped.title.endswith("over de weerbaarheid van de havens van de Unie")
    assert wrapped.sha256 == sha256((RESOURCES / "wrapped_nl.txt").read_bytes()).hexdigest()


def test_kinds_and_numbers_of_the_wrapped_document(wrapped):
    found = [(kind, number) for kind, number, _ in blocks(wrapped)]
    assert found == [
        ("cover", ""),
        ("cover", ""),
        ("title", ""),
        ("heading", ""),
        ("sentence", "1"),
        ("sentence", "2"),
        ("sentence", "3"),
        ("sentence", "3"),
        ("heading", ""),
        ("sentence", "4"),
        ("sentence", "5"),
        ("heading", ""),
        ("sentence", "6"),
    ]


def test_furniture_is_gone(wrapped):
    assert "91234" not in wrapped.text
    assert "RELEX" not in wrapped.text


@pytest.mark.parametrize(
    "joined",
    [
        "de verklaring van 9 februari 2029",
        "het jaar 2030. Hij bevestigt",
        "het VN-Handvest",
        "de fintech-sector zijn",
        "bij de 6e EU-AU-top werd",
        "van 2 grote overslagterreinen.",
        "EU-instrumenten en -programma's",
        "EU- en VN-voorschriften",
    ],
)
def test_line_ends_within_a_paragraph_are_joined(wrapped, joined):
    assert joined in wrapped.text


def test_sections_are_carried(wrapped):
    section_by_number = {block.paragraph: block.section for block in wrapped.blocks}
    assert section_by_number["1"] == section_by_number["3"] == "Inleiding"
    assert section_by_number["5"] == "Samenwerking met partnerlanden en met de particuliere sector"
    assert section_by_number["6"] == "Slot"


def test_blocks_cover_every_character_but_line_ends(wrapped):
    covered = "".join(wrapped.text[block.start : block.end] for block in wrapped.blocks)
    assert covered == wrapped.text.replace("\n", "")


def test_single_spaced_wrapped_lines_with_blank_lines_between_paragraphs(tmp_path):
    document = read_text(
        tmp_path,
        "Council conclusions on ports\n\n"
        "1. The Council recalls that ports are the gates of the Union and that they are open\n"
        "to abuse by criminal networks, as the ministers said in the meeting of\n"
        "12 May 2031 in Antwerp.\n\n"
        "The Commission will report.\n\n"
        "2. The Council will come back to this.\n",
    )
    assert [(kind, number) for kind, number, _ in blocks(document)] == [
        ("title", ""),
        ("sentence", "1"),
        ("sentence", "1"),
        ("sentence", "2"),
    ]


def test_unwrapped_lines_are_paragraphs(tmp_path):
    document = read_text(
        tmp_path,
        "Council conclusions on ports\nIntroduction\n"
        "1. The Council recalls that ports are gates.\nPorts matter to everyone.\n"
        "2. The Council will return to this.\n",
    )
    assert [kind for kind, _, _ in blocks(document)] == [
        "title",
        "heading",
        "sentence",
        "sentence",
        "sentence",
    ]


def test_number_alone_on_its_line_numbers_the_text_below(tmp_path):
    document = read_text(
        tmp_path, "1.\nThe Council recalls its position.\n\n2.\nThe Council will act.\n"
    )
    assert blocks(document) == [
        ("sentence", "1", "The Council recalls its position."),
        ("sentence", "2", "The Council will act."),
    ]


def test_form_feeds_count_pages(tmp_path):
    document = read_text(
        tmp_path, "1. The Council notes the report.\n\f2. The Council will act on it.\n"
    )
    assert document.pages == 2
    assert [block.page for block in document.blocks] == [1, 2]


def test_paragraph_runs_on_over_a_page(tmp_path):
    document = read_text(
        tmp_path,
        "1. The Council notes that the report of the agency was late this\n"
        "80001/31 ab/cd 1\nJAI.1 EN\n\f"
        "year and asks for another.\n",
    )
    assert blocks(document) == [
        (
            "sentence",
            "1",
            "The Council notes that the report of the agency was late this year and asks for "
            "another.",
        )
    ]


def test_cover_fields_are_cover_units_and_the_annex_ends_them(tmp_path):
    document = read_text(
        tmp_path,
        "Council of the\nEuropean Union\nBrussels, 4 June 2031\n(OR. en)\n80001/31\nCOTER 52\n"
        "OUTCOME OF PROCEEDINGS\nFrom: General Secretariat of the Council\nTo: Delegations\n"
        "Subject: Ports\n- Council conclusions\n"
        "Delegations will find in the Annex the conclusions on ports.\n"
        "ANNEX\nCouncil conclusions on ports\n1. The Council notes the report.\n",
    )
    kinds = [kind for kind, _, _ in blocks(document)]
    assert kinds[-3:] == ["cover", "title", "sentence"]
    assert set(kinds[:-2]) == {"cover"}
    assert (document.doc_id, document.date) == ("ST-80001-2031-INIT", "2031-06-04")


def test_title_ends_where_the_subject_of_the_cover_ends(tmp_path):
    title = "Council conclusions on the safety of harbours and of those who work there by night"
    document = read_text(
        tmp_path,
        f"Subject: {title}\nANNEX\n{title}\nIntroduction\n"
        "1. The Council recalls that harbours are open at night and that they are open to those\n"
        "who would use them for ends of their own, which no port authority can prevent when it\n"
        "is left alone to deal with them in the dark hours of the day and without any help at\n"
        "all from others.\n2. It will act.\n",
    )
    kinds = [kind for kind, _, _ in blocks(document)]
    assert kinds == ["cover", "cover", "title", "heading", "sentence", "sentence"]


def test_second_annex_begins_its_numbers_again(tmp_path):
    document = read_text(
        tmp_path,
        "ANNEX I\nCouncil conclusions on ports\n1. The Council notes it.\n2. It will act.\n"
        "ANNEX II\nRoadmap for safer ports\n1. Ports are listed.\n2. Risks are rated.\n",
    )
    assert [(kind, number) for kind, number, _ in blocks(document)] == [
        ("cover", ""),
        ("title", ""),
        ("sentence", "1"),
        ("sentence", "2"),
        ("cover", ""),
        ("title", ""),
        ("sentence", "1"),
        ("sentence", "2"),
    ]


def test_list_items_are_blocks_of_their_own(tmp_path):
    document = read_text(
        tmp_path,
        "1. The Council calls for:\n(a) faster reporting;\n(b) better training;\n"
        "– more patrols.\n2. It will return to this.\n",
    )
    assert [text for _, _, text in blocks(document)] == [
        "The Council calls for:",
        "(a) faster reporting;",
        "(b) better training;",
        "– more patrols.",
        "It will return to this.",
    ]


def test_list_items_know_their_lead_in(tmp_path):
    document = read_text(
        tmp_path,
        "1. The Council calls for:\n(a) faster reporting;\n(b) better training.\n2. It will act.\n",
    )
    assert [block.lead_in for block in document.blocks] == [None, 0, 0, None]


def test_clauses_in_capitals_are_blocks_of_their_own(tmp_path):
    document = read_text(
        tmp_path,
        "RECALLING its conclusions on ports and on the safety of all those who work in them;\n"
        "ACKNOWLEDGING that the harbours of the Union need the help of its agencies, of its\n"
        "navies and of those who own the ships that call there;\n"
        "INVITES the Commission to report on what it has done, what it is doing and what it\n"
        "intends to do.\n",
    )
    firsts = [text.split()[0] for _, _, text in blocks(document)]
    assert firsts == ["RECALLING", "ACKNOWLEDGING", "INVITES"]


def test_a_dash_inside_a_wrapped_sentence_is_no_list_item(tmp_path):
    document = read_text(
        tmp_path,
        "1. The Council recalls that the group known as the northern branch of the network\n"
        "– which is active in three countries of the region and has ties to many others –\n"
        "remains a threat to the people who live there and to those who come to their help.\n"
        "2. The Council will act.\n",
    )
    assert len(document.blocks) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b"  \n\n ", "EMPTY"),
        (b"%PDF-1.7 whatever", "BAD_FORMAT"),
        (bytes(range(256)) * 40, "BAD_FORMAT"),
        ("\ufeff\u200b\u00ad\n".encode(), "NO_TEXT"),
        (b"10179/22 ab/cd 1\nRELEX.5 NL\n", "NO_TEXT"),
        (b"ok", "LANGUAGE_UNKNOWN"),
    ],
)
def test_what_is_no_document_fails_with_its_code(tmp_path, content, code):
    path = tmp_path / "document.txt"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as error:
        read(path)
    assert error.value.code == code
    assert error.value.message.endswith((".", ")"))


@pytest.mark.parametrize(
    ("name", "code"), [("a.pdf", "BAD_FORMAT"), ("a.odt", "UNKNOWN_EXTENSION")]
)
def test_what_cannot_be_read_says_so(tmp_path, name, code):
    path = tmp_path / name
    path.write_bytes(b"content")
    with pytest.raises(DocumentError) as error:
        read(path)
    assert error.value.code == code


def test_missing_file_is_unreadable(tmp_path):
    with pytest.raises(DocumentError, match="cannot be opened"):
        read(tmp_path / "gone.txt")


def test_footer_with_a_line_for_each_field_is_taken_off_whole(tmp_path):
    document = read_text(
        tmp_path,
        "1.\nThe Council recalls its position.\n\n9418/1/31 REV 1\n\nACA/sl\n\n2\n\nDGD 1C\n\n"
        "LIMITE\n\nEN\n\n2.\nThe Council will act.\n",
    )
    assert blocks(document) == [
        ("sentence", "1", "The Council recalls its position."),
        ("sentence", "2", "The Council will act."),
    ]
    assert document.doc_id == "ST-9418-2031-REV-1"


def test_name_of_the_institution_above_its_clauses_is_not_the_title(tmp_path):
    document = read_text(
        tmp_path,
        "BILAGA\nRådets slutsatser om att förebygga våldsbejakande extremism i unionen\n"
        "EUROPEISKA UNIONENS RÅD\nSOM ERINRAR OM följande bakgrund till frågan:\n"
        "1. Europa står inför en fara som är ny.\n2. Rådet UPPMANAR medlemsstaterna att agera.\n",
        language="sv",
    )
    assert document.title == "Rådets slutsatser om att förebygga våldsbejakande extremism i unionen"
