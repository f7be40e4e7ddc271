import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingestion.references import find_references
from pipeline.records import EU_LANGUAGES

CASES = [
    (
        "bg",
        "Съветът припомня заключенията си от 15 юни 2020 г. и Директива (ЕС) 2017/541.",
        ["conclusions-2020-06-15", "32017L0541"],
    ),
    (
        "cs",
        "Rada připomíná své závěry ze dne 15. června 2020 a rámcové rozhodnutí 2002/475/SVV.",
        ["conclusions-2020-06-15", "32002F0475"],
    ),
    (
        "da",
        "Rådet minder om sine konklusioner af 15. juni 2020 og forordning (EU) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "de",
        "Er verweist auf die Schlussfolgerungen vom 15. Juni 2020, den Gemeinsamen Standpunkt 2008/944/GASP und die Verordnung (EG) Nr. 881/2002.",
        ["conclusions-2020-06-15", "32008E0944", "32002R0881"],
    ),
    (
        "el",
        "Υπενθυμίζει τα συμπεράσματά του της 15ης Ιουνίου 2020 και τον κανονισμό (ΕΕ) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "en",
        "It recalls its conclusions of 9 February 2015 and 19 June 2017 and Resolutions 2254 (2015) and 2178.",
        ["conclusions-2015-02-09", "conclusions-2017-06-19", "UNSCR-2254", "UNSCR-2178"],
    ),
    (
        "es",
        "Recuerda sus conclusiones de 15 de junio de 2020 y la Posición Común 2008/944/PESC.",
        ["conclusions-2020-06-15", "32008E0944"],
    ),
    (
        "et",
        "Nõukogu tuletab meelde 15. juuni 2020. aasta järeldusi ja määrust (EL) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "fi",
        "Neuvosto palauttaa mieleen 15. kesäkuuta 2020 antamansa päätelmät ja asetuksen (EU) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "fr",
        "Il rappelle ses conclusions du 1er juin 2020 et la décision-cadre 2002/475/JAI.",
        ["conclusions-2020-06-01", "32002F0475"],
    ),
    (
        "ga",
        "Meabhraíonn an Chomhairle a conclúidí an 15 Meitheamh 2020 agus Rialachán (AE) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "hr",
        "Vijeće podsjeća na svoje zaključke od 15. lipnja 2020. i Uredbu (EU) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "hu",
        "A Tanács emlékeztet 2020. június 15-i következtetéseire és az (EU) 2021/784 rendeletre.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "it",
        "Ricorda le sue conclusioni del 15 giugno 2020 e la direttiva (UE) 2017/541.",
        ["conclusions-2020-06-15", "32017L0541"],
    ),
    (
        "lt",
        "Taryba primena savo 2020 m. birželio 15 d. išvadas ir Reglamentą (ES) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "lv",
        "Padome atgādina 2020. gada 15. jūnija secinājumus un Rezolūciju 2254 (2015).",
        ["conclusions-2020-06-15", "UNSCR-2254"],
    ),
    (
        "mt",
        "Il-Kunsill ifakkar fil-konklużjonijiet tiegħu tal-15 ta' Ġunju 2020 u r-Regolament (UE) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "nl",
        "Samen met conclusies van 9 februari 2015 (doc. 10179/22) en Resolutie 2254 van de VN.",
        ["conclusions-2015-02-09", "ST-10179-2022-INIT", "UNSCR-2254"],
    ),
    (
        "pl",
        "Rada przypomina swoje konkluzje z 15 czerwca 2020 r. oraz rezolucję RB ONZ nr 2254.",
        ["conclusions-2020-06-15", "UNSCR-2254"],
    ),
    (
        "pt",
        "Recorda as suas conclusões de 15 de junho de 2020 e o Regulamento (UE) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "ro",
        "Reamintește concluziile sale din 15 iunie 2020 și Decizia-cadru 2002/475/JAI.",
        ["conclusions-2020-06-15", "32002F0475"],
    ),
    (
        "sk",
        "Rada pripomína svoje závery z 15. júna 2020 a nariadenie (EÚ) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "sl",
        "Svet opozarja na svoje sklepe z dne 15. junija 2020 in Uredbo (EU) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
    (
        "sv",
        "Rådet erinrar om sina slutsatser av den 15 juni 2020 och förordning (EU) 2021/784.",
        ["conclusions-2020-06-15", "32021R0784"],
    ),
]


@pytest.mark.parametrize(("language", "text", "targets"), CASES, ids=[case[0] for case in CASES])
def test_mentions_are_found_in_every_language(language, text, targets):
    assert [reference.target for reference in find_references(text, language)] == targets


def test_every_language_has_a_case():
    assert {case[0] for case in CASES} == set(EU_LANGUAGES)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("See ST 9422/1/15 REV 1.", ["ST-9422-2015-REV-1"]),
        ("As in 52022XG0630(01) and A/RES/60/288.", ["52022XG0630(01)", "A/RES/60/288"]),
        ("Conclusions of 15.6.2020 apply.", ["conclusions-2020-06-15"]),
        ("The meeting of 15 June 2020 was long.", []),
        ("In 2020 the Council adopted a resolution.", []),
        ("Some 24/7 services and 10 000 of 2254 people.", []),
    ],
)
def test_what_is_a_mention(text, targets):
    assert [reference.target for reference in find_references(text, "en")] == targets


def test_span_is_the_mention():
    text = "Under Directive (EU) 2017/541, courts act."
    (reference,) = find_references(text, "en")
    assert text[reference.start : reference.end] == "Directive (EU) 2017/541"
    assert reference.kind == "eu_act"


@given(st.text(alphabet="conclusions resolution (EU) 0123456789/.June", max_size=80))
def test_spans_ascend_and_do_not_overlap(text):
    end = 0
    for reference in find_references(text, "en"):
        assert end <= reference.start < reference.end <= len(text)
        end = reference.end
