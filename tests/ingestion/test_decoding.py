import pytest

from pipeline.errors import DocumentError
from pipeline.ingestion.decoding import decode

SENTENCE_BY_LANGUAGE = {
    "bg": "Съветът потвърждава ангажимента си да предотвратява тероризма и насилствения екстремизъм.",
    "cs": "Rada zdůrazňuje, že členské státy musí účinně čelit šíření násilného extremismu.",
    "de": "Der Rat bekräftigt, dass die Mitgliedstaaten gegen gewalttätigen Extremismus vorgehen müssen.",
    "el": "Το Συμβούλιο υπογραμμίζει την ανάγκη να αντιμετωπιστεί ο βίαιος εξτρεμισμός σε όλα τα κράτη μέλη.",
    "fr": "Le Conseil réaffirme la nécessité de prévenir l'extrémisme violent dans les États membres.",
    "lt": "Taryba pabrėžia, kad valstybės narės turi veiksmingai užkirsti kelią smurtiniam ekstremizmui.",
    "mt": "Il-Kunsill jenfasizza l-ħtieġa li jiġi miġġieled l-estremiżmu vjolenti fl-Istati Membri kollha.",
    "pl": "Rada podkreśla, że państwa członkowskie muszą skutecznie przeciwdziałać brutalnemu ekstremizmowi.",
}
CODE_PAGES = {"bg": "cp1251", "el": "cp1253", "lt": "cp1257", "mt": "iso8859_3", "pl": "cp1250"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_needs_no_remark(encoding):
    decoded = decode(SENTENCE_BY_LANGUAGE["el"].encode(encoding), "el")
    assert (decoded.text, decoded.remarks) == (SENTENCE_BY_LANGUAGE["el"], ())


@pytest.mark.parametrize("language", SENTENCE_BY_LANGUAGE)
@pytest.mark.parametrize("is_stated", [True, False])
def test_old_code_page_is_read_by_language_and_flagged(language, is_stated):
    code_page = CODE_PAGES.get(language, "cp1250" if language == "cs" else "cp1252")
    text = SENTENCE_BY_LANGUAGE[language] + " " + SENTENCE_BY_LANGUAGE[language]
    decoded = decode(text.encode(code_page), language if is_stated else None)
    assert decoded.text == text
    assert [remark.code for remark in decoded.remarks] == ["ENCODING_UNCERTAIN"]


def test_utf16_without_a_mark_is_read_and_flagged():
    decoded = decode(SENTENCE_BY_LANGUAGE["fr"].encode("utf-16-le"), "fr")
    assert decoded.text == SENTENCE_BY_LANGUAGE["fr"]
    assert decoded.remarks[0].code == "ENCODING_UNCERTAIN"


def test_stray_control_characters_are_removed_and_counted():
    decoded = decode("The Council\x00 acts\ufffe.\u2028It reports.".encode(), "en")
    assert decoded.text == "The Council acts.\nIt reports."
    assert "2 control characters removed" in decoded.remarks[0].message


@pytest.mark.parametrize("stray", [b"\xff", b"\xed\xa0\x80"])
def test_stray_bytes_do_not_make_utf8_another_encoding(stray):
    text = SENTENCE_BY_LANGUAGE["el"]
    decoded = decode(text.encode() + stray, None)
    assert decoded.text == text
    assert decoded.remarks[0].code == "CLEANED"
    assert f"{len(stray)} byte" in decoded.remarks[0].message


def test_text_is_composed_and_soft_hyphens_go():
    decoded = decode("e\u0301tat ter\u00adror\u00ad\nist cell".encode(), "fr")
    assert decoded.text == "état terrorist\ncell"


def test_broken_utf16_names_the_byte():
    with pytest.raises(DocumentError, match="utf-16"):
        decode(b"\xff\xfea\x00b", None)


def test_a_word_document_by_another_name_is_named():
    with pytest.raises(DocumentError, match="zip archive"):
        decode(b"PK\x03\x04rest", None)
