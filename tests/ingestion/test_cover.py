"""Cover pages in the 24 languages: where they end, and which lines belong together."""

from __future__ import annotations

import pytest

from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.cover import cover_end, cover_paragraphs, is_annex_word, is_cover_line
from pipeline.ingestion.lines import Line, Wrapping
from pipeline.records import EU_LANGUAGES

WORDS = load_council_words()

COVERS = {
    "bg": ("ПРИЛОЖЕНИЕ", "Относно:", "Приложено се изпращат на делегациите заключенията на Съвета."),
    "cs": ("PŘÍLOHA", "Předmět:", "Delegace naleznou v příloze závěry Rady o přístavech."),
    "da": ("BILAG", "Vedr.:", "Vedlagt følger til delegationerne Rådets konklusioner om havne."),
    "de": ("ANLAGE", "Betr.:", "Die Delegationen erhalten in der Anlage die Schlussfolgerungen des Rates."),
    "el": ("ΠΑΡΑΡΤΗΜΑ", "Θέμα:", "Επισυνάπτονται για τις αντιπροσωπίες τα συμπεράσματα του Συμβουλίου."),
    "en": ("ANNEX", "Subject:", "Delegations will find in the annex the Council conclusions on ports."),
    "es": ("ANEXO", "Asunto:", "Adjunto se remiten a las Delegaciones las Conclusiones del Consejo."),
    "et": ("LISA", "Teema:", "Delegatsioonidele edastatakse lisas nõukogu järeldused sadamate kohta."),
    "fi": ("LIITE", "Asia:", "Valtuuskunnille toimitetaan liitteessä neuvoston päätelmät satamista."),
    "fr": ("ANNEXE", "Objet:", "Les délégations trouveront en annexe les conclusions du Conseil."),
    "ga": ("IARSCRÍBHINN", "Ábhar:", "Gheofar san Iarscríbhinn a ghabhann leis seo conclúidí na Comhairle."),
    "hr": ("PRILOG", "Predmet:", "Za delegacije se u Prilogu nalaze zaključci Vijeća o lukama."),
    "hu": ("MELLÉKLET", "Tárgy:", "Mellékelten továbbítjuk a delegációknak a Tanács következtetéseit."),
    "it": ("ALLEGATO", "Oggetto:", "Si allegano per le delegazioni le conclusioni del Consiglio sui porti."),
    "lt": ("PRIEDAS", "Dalykas:", "Delegacijoms priede pateikiamos Tarybos išvados dėl uostų."),
    "lv": ("PIELIKUMS", "Temats:", "Pielikumā ir pievienoti Padomes secinājumi par ostām."),
    "mt": ("ANNESS", "Suġġett:", "Id-delegazzjonijiet isibu fl-Anness il-konklużjonijiet tal-Kunsill."),
    "nl": ("BIJLAGE", "Betreft:", "Voor de delegaties gaan in de bijlage de conclusies van de Raad."),
    "pl": ("ZAŁĄCZNIK", "Dotyczy:", "Delegacje otrzymują w załączniku konkluzje Rady w sprawie portów."),
    "pt": ("ANEXO", "Assunto:", "Junto se enviam à atenção das delegações as Conclusões do Conselho."),
    "ro": ("ANEXĂ", "Subiect:", "În anexă, se pun la dispoziția delegațiilor concluziile Consiliului."),
    "sk": ("PRÍLOHA", "Predmet:", "Delegáciám v prílohe zasielame závery Rady o prístavoch."),
    "sl": ("PRILOGA", "Zadeva:", "Delegacije prejmejo v prilogi sklepe Sveta o pristaniščih."),
    "sv": ("BILAGA", "Ärende:", "För delegationerna bifogas rådets slutsatser om hamnar i bilagan."),
}  # fmt: skip


def lines(*texts: str) -> list[Line]:
    return [Line(text, 0, None) for text in texts]


def test_all_languages_are_here():
    assert tuple(sorted(COVERS)) == tuple(sorted(EU_LANGUAGES))


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_cover_ends_with_the_annex(language):
    annex, label, sentence = COVERS[language]
    printed = lines("80001/31", f"{label} X", sentence, annex, "Title", "1. One.", "2. Two.")
    assert cover_end(printed, WORDS) == 4


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_cover_without_an_annex_ends_with_its_sentence(language):
    _, label, sentence = COVERS[language]
    printed = lines("80001/31", f"{label} X", "Y", sentence, "A heading", "1. One.", "2. Two.")
    assert cover_end(printed, WORDS) == 4


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_labels_are_known_in_any_case(language):
    _, label, _ = COVERS[language]
    assert is_cover_line(f"{label} Ports", WORDS)
    assert is_cover_line(f"{label.upper()} Ports", WORDS)


@pytest.mark.parametrize("language", EU_LANGUAGES)
@pytest.mark.parametrize(
    "form", ["{}", "{} I", "{} IV", "{} 2", "{} A", "II {}", "III. {}", "1. {}"]
)
def test_annex_may_have_a_number_on_either_side(language, form):
    assert is_annex_word(form.format(COVERS[language][0]), WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "Annex to the report of the agency",
        "The annex",
        "annex",
        "Anexo al informe",
        "Bilag er vedlagt",
    ],
)
def test_sentences_about_annexes_are_no_annex(text):
    assert not is_annex_word(text, WORDS)


def test_annex_of_an_annex():
    assert is_annex_word("BIJLAGE BIJ DE BIJLAGE", WORDS)
    assert is_annex_word("ANNEX TO THE ANNEX", WORDS)


def test_procedure_before_an_annex_is_no_cover():
    printed = lines(
        "80001/31",
        "Subject: Ports",
        "1. The Presidency made a draft.",
        "2. The Council is asked.",
        "ANNEX",
    )
    assert cover_end(printed, WORDS) == 2


def test_values_after_all_labels_stand_by_themselves():
    printed = lines("From:", "To:", "Subject:", "General Secretariat", "Delegations", "Ports")
    found = [
        " ".join(line.text for line in printed[start:end])
        for start, end in cover_paragraphs(printed, WORDS, Wrapping(False, 0, 0))
    ]
    assert found == [line.text for line in printed]


def test_value_on_the_line_below_its_label_belongs_to_it():
    printed = lines("80001/31", "Subject:", "Ports")
    found = list(cover_paragraphs(printed, WORDS, Wrapping(False, 0, 0)))
    assert found == [(0, 1), (1, 3)]


def test_text_without_a_cover_has_none():
    printed = lines("Council conclusions on ports", "The Council recalls its annexes.", "It acts.")
    assert cover_end(printed, WORDS) == 0
