"""The shapes that conclusions come in, each in every format and look."""

from __future__ import annotations

import pytest

from pipeline.segmentation.segmenter import segment
from tests.ingestion.rendering.contents import Contents, Piece
from tests.ingestion.test_formats import LOOKS, read


def annex(text: str) -> Piece:
    return Piece("annex", (text,))


def title(text: str) -> Piece:
    return Piece("title", (text,))


def heading(text: str) -> Piece:
    return Piece("heading", (text,))


def numbered(number: int, *sentences: str) -> Piece:
    return Piece("paragraph", sentences, str(number))


def clause(text: str, number: str = "") -> Piece:
    return Piece("unnumbered", (text,), number)


def item(mark: str, text: str) -> Piece:
    return Piece("item", (text,), mark=mark)


ROMAN_SECTIONS = Contents(
    "fr",
    "Les délégations trouveront ci-joint les conclusions adoptées par le Conseil européen lors de la réunion citée en objet.",
    (
        annex("ANNEXE"),
        title("Réunion du Conseil européen sur la sécurité des ports – Conclusions"),
        heading("I. SÉCURITÉ ET DÉFENSE"),
        numbered(
            1,
            "Le Conseil européen rappelle ses conclusions précédentes et demande que les travaux soient accélérés.",
            "Il reviendra sur cette question.",
        ),
        numbered(2, "Dans ce contexte, le Conseil européen demande:"),
        item("a)", "que les travaux sur un stock commun soient poursuivis;"),
        item(
            "b)",
            "que la Commission présente, avant la fin de l'année, une proposition relative à la sûreté des ports;",
        ),
        item("c)", "que les États membres:"),
        item("i)", "forment leurs gardes-frontières;"),
        item("ii)", "échangent leurs données."),
        heading("II. MIGRATION"),
        numbered(
            3,
            "Le Conseil européen a tenu un débat stratégique sur les migrations et sur les moyens de lutter contre les passeurs.",
        ),
        heading("III. AUTRES POINTS"),
        numbered(4, "Le Conseil européen approuve les lignes directrices."),
    ),
)

CLAUSES = Contents(
    "en",
    "Delegations will find in the Annex the draft Council conclusions on combating firearms trafficking.",
    (
        annex("ANNEX"),
        title("DRAFT COUNCIL CONCLUSIONS ON COMBATING FIREARMS TRAFFICKING"),
        clause("THE COUNCIL OF THE EUROPEAN UNION,"),
        clause("RECALLING the conclusions of the Council of 2 October 2029 on firearms;"),
        clause(
            "HAVING REGARD TO the action plan presented by the Commission, and in particular to its chapter on checks at the external borders of the Union;"
        ),
        clause("ACKNOWLEDGING that firearms remain available to criminals;"),
        clause("INVITES THE MEMBER STATES TO:"),
        numbered(1, "appoint national focal points;"),
        numbered(2, "exchange ballistic data through Europol; and"),
        numbered(3, "train customs officers."),
        Piece("new list", ("INVITES THE COMMISSION TO:",)),
        numbered(1, "propose legislation on gas and alarm weapons;"),
        numbered(2, "fund cooperation with the Western Balkans."),
    ),
)

CZECH_CLAUSES = Contents(
    "cs",
    "Delegace naleznou v příloze návrh závěrů Rady o boji proti nedovolenému obchodu se zbraněmi.",
    (
        annex("PŘÍLOHA"),
        title("Návrh závěrů Rady o boji proti nedovolenému obchodu s palnými zbraněmi"),
        clause("RADA EVROPSKÉ UNIE,"),
        clause("S OHLEDEM NA závěry Rady ze dne 2. října 2029 o palných zbraních;"),
        clause("PŘIPOMÍNAJÍC, že palné zbraně jsou pro pachatele trestné činnosti stále dostupné;"),
        clause(
            "ZDŮRAZŇUJÍC, že legální trhy pronikají do trhů nelegálních a že se tím zvyšuje ohrožení občanů ve všech členských státech Unie,"
        ),
        clause("VYZÝVÁ členské státy, aby určily vnitrostátní kontaktní místa."),
    ),
)

LETTERED_INTRODUCTION = Contents(
    "it",
    "Si allegano per le delegazioni le conclusioni del Consiglio sulla sicurezza dei porti, adottate dal Consiglio.",
    (
        annex("ALLEGATO"),
        title("Conclusioni del Consiglio sulla sicurezza dei porti dell'Unione"),
        heading("Introduzione"),
        item(
            "a)",
            "Il Consiglio ricorda le sue conclusioni del 3 maggio 2028 e la strategia dell'Unione per i porti.",
        ),
        item(
            "b)",
            "Esso prende atto della relazione della Commissione, che mostra come le reti criminali sfruttino i porti dell'Unione.",
        ),
        item("c)", "Il Consiglio sottolinea l'importanza della cooperazione doganale."),
        heading("Misure"),
        numbered(1, "Il Consiglio invita gli Stati membri a rafforzare i controlli."),
        numbered(2, "Il Consiglio invita la Commissione a riferire entro il 2032."),
    ),
)

BULLETS = Contents(
    "hr",
    "Za delegacije se u Prilogu nalazi izjava o sigurnosti luka, kako ju je usvojilo Vijeće.",
    (
        annex("PRILOG"),
        title("Izjava o sigurnosti luka i o suradnji s trećim zemljama"),
        heading("Zajedničke mjere"),
        clause("Čelnici su se složili da treba poduzeti sljedeće mjere:"),
        item("•", "ojačati nadzor u lukama Unije;"),
        item("•", "razmjenjivati podatke s Europolom;"),
        item("•", "osposobiti carinske službenike."),
        heading("Daljnji koraci"),
        clause("Vijeće će se vratiti na to pitanje u prosincu."),
    ),
)

SHAPES = {
    "roman sections": ROMAN_SECTIONS,
    "clauses": CLAUSES,
    "Czech clauses": CZECH_CLAUSES,
    "lettered introduction": LETTERED_INTRODUCTION,
    "bullets": BULLETS,
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_the_same_in_every_look(tmp_path, shape, look):
    contents = SHAPES[shape]
    found = [
        (unit.kind, unit.paragraph, unit.text) for unit in segment(read(tmp_path, contents, look))
    ]
    assert found == contents.units


def lead_ins(document) -> dict[str, str]:
    """Return what leads in each list item that has a lead-in, by the item's first words."""
    text_by_start = {
        block.start: document.text[block.start : block.end] for block in document.blocks
    }
    return {
        text_by_start[block.start].split()[0]: text_by_start[block.lead_in]
        for block in document.blocks
        if block.lead_in is not None
    }


@pytest.mark.parametrize("look", LOOKS)
def test_items_know_what_leads_them_in_through_lists_within_lists(tmp_path, look):
    found = lead_ins(read(tmp_path, ROMAN_SECTIONS, look))
    assert set(found) == {"a)", "b)", "c)", "i)", "ii)"}
    assert found["b)"].startswith("Dans ce contexte")
    assert found["ii)"].startswith("c) que les États membres")


@pytest.mark.parametrize("look", LOOKS)
def test_lettered_paragraphs_have_no_lead_in(tmp_path, look):
    assert lead_ins(read(tmp_path, LETTERED_INTRODUCTION, look)) == {}
