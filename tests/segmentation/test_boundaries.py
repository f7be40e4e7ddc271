from pathlib import Path

import pytest
import yaml

from pipeline.errors import ConfigError
from pipeline.segmentation import language_rules
from pipeline.segmentation.boundaries import sentence_spans
from pipeline.segmentation.language_rules import (
    LANGUAGES,
    Ending,
    LanguageTable,
    load_language_rules,
)
from pipeline.yaml_files import read_yaml

GOLDEN = Path(__file__).parent / "golden"


def sentences(text, language):
    return [text[start:end] for start, end in sentence_spans(text, language)]


def golden_cases():
    for path in sorted(GOLDEN.glob("*.yaml")):
        cases = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, expected in cases.items():
            yield pytest.param(path.stem, name, expected, id=f"{path.stem}-{name}")


@pytest.mark.parametrize(("language", "name", "expected"), [*golden_cases()])
def test_golden_paragraph_is_cut_into_its_sentences(language, name, expected):
    between = "\n\n" if name == "heading" else " "

    assert sentences(between.join(expected), language) == expected


def test_every_language_has_at_least_eight_golden_cases():
    n_cases = {
        path.stem: len(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in GOLDEN.glob("*.yaml")
    }

    assert sorted(n_cases) == list(LANGUAGES)
    assert len(n_cases) == 24
    assert min(n_cases.values()) >= 8


LAYOUT = {
    "heading_before_a_blank_line": (
        "en",
        "A CHANGING THREAT\n\n3. The Council takes note.\n\nIt will act.",
        ["A CHANGING THREAT", "3. The Council takes note.", "It will act."],
    ),
    "wrapped_line_in_lower_case": (
        "fr",
        "Le Conseil rappelle que les\n\nÉtats membres agissent.".replace("États", "autorités"),
        ["Le Conseil rappelle que les\n\nautorités membres agissent."],
    ),
    "wrapped_line_with_a_year": (
        "nl",
        "Zie de conclusies van\n\n12 maart 2014 en\n\n2018. De Raad\n\nneemt nota.",
        ["Zie de conclusies van\n\n12 maart 2014 en\n\n2018.", "De Raad\n\nneemt nota."],
    ),
    "wrapped_ordinal_date": (
        "de",
        "Er verweist auf den\n\n12. März 2014. Er handelt.",
        ["Er verweist auf den\n\n12. März 2014.", "Er handelt."],
    ),
    "wrapped_reference": ("en", "See Art.\n\n31 of the Treaty.", ["See Art.\n\n31 of the Treaty."]),
    "single_line_break_is_a_space": (
        "es",
        "El Consejo toma\nnota. Actuará.",
        ["El Consejo toma\nnota.", "Actuará."],
    ),
    "dashes_on_their_own_lines": (
        "en",
        "The Council:\n- takes note\n- will act.\n- and reports.",
        ["The Council:", "- takes note", "- will act.", "- and reports."],
    ),
    "letters_on_their_own_lines": (
        "it",
        "Il Consiglio chiede:\n\na) più risorse;\n\nb) più scambi.",
        ["Il Consiglio chiede:", "a) più risorse;", "b) più scambi."],
    ),
    "wrapped_line_before_a_name": (
        "en",
        "The Council calls on the\n\nMember States to act. It will report.",
        ["The Council calls on the\n\nMember States to act.", "It will report."],
    ),
    "wrapped_line_before_a_name_in_another_language": (
        "nl",
        "De Raad dankt de\n\nCommissie en de\n\nHoge Vertegenwoordiger. Hij handelt.",
        ["De Raad dankt de\n\nCommissie en de\n\nHoge Vertegenwoordiger.", "Hij handelt."],
    ),
    "letter_of_an_annex_is_no_article": (
        "en",
        "ANNEX A\n\nThe Council acts.",
        ["ANNEX A", "The Council acts."],
    ),
    "heading_in_capitals_before_a_line_break": (
        "cs",
        "MĚNÍCÍ SE HROZBA\nRada jedná.",
        ["MĚNÍCÍ SE HROZBA", "Rada jedná."],
    ),
    "heading_in_capitals_over_two_lines": (
        "fr",
        "PRÉVENTION DE LA\nRADICALISATION\nLe Conseil agit.",
        ["PRÉVENTION DE LA\nRADICALISATION", "Le Conseil agit."],
    ),
    "wrapped_acronym_is_no_heading": (
        "en",
        "The NATO\nSecretary General attended.",
        ["The NATO\nSecretary General attended."],
    ),
    "list_item_that_ends_in_a_conjunction": (
        "en",
        "The Council:\n\n(a) takes note; and\n\n(b) acts.",
        ["The Council:", "(a) takes note; and", "(b) acts."],
    ),
    "greek_letters_on_their_own_lines": (
        "el",
        "Το Συμβούλιο:\n\nα) σημειώνει·\n\nβ) ενεργεί.",
        ["Το Συμβούλιο:", "α) σημειώνει·", "β) ενεργεί."],
    ),
    "sections_under_a_heading": (
        "en",
        "THREAT\n\n2.1. The Council acts.\n\n2.2 It reports\n\n2.3 The Council notes this.",
        ["THREAT", "2.1. The Council acts.", "2.2 It reports", "2.3 The Council notes this."],
    ),
    "wrapped_decimal_is_no_section": (
        "de",
        "Die Kosten betragen rund\n\n2.5 Mio. EUR. Er handelt.",
        ["Die Kosten betragen rund\n\n2.5 Mio. EUR.", "Er handelt."],
    ),
    "wrapped_ordinal_before_a_noun": (
        "de",
        "Er wurde im\n\n6. Ausschuss geprüft. Er gilt.",
        ["Er wurde im\n\n6. Ausschuss geprüft.", "Er gilt."],
    ),
    "numbered_clauses_in_lower_case": (
        "da",
        "Rådet:\n\n1. minder om sine mål;\n\n2. opfordrer til handling.",
        ["Rådet:", "1. minder om sine mål;", "2. opfordrer til handling."],
    ),
    "windows_line_breaks": (
        "en",
        "Introduction\r\n\r\nThe Council acts.",
        ["Introduction", "The Council acts."],
    ),
}


@pytest.mark.parametrize(("language", "text", "expected"), LAYOUT.values(), ids=LAYOUT)
def test_line_breaks(language, text, expected):
    assert sentences(text, language) == expected


MARKS = {
    "ellipsis_before_lower_case": (
        "en",
        "It goes on… and on. Then",
        ["It goes on… and on.", "Then"],
    ),
    "omission_in_brackets": ("fr", "Le texte (…) Il agit.", ["Le texte (…) Il agit."]),
    "loose_guillemet": ("fr", "« Oui. » Il agit.", ["« Oui. »", "Il agit."]),
    "loose_straight_quotes": ("mt", 'Qal: " Iva. " Huwa mar.', ['Qal: " Iva. "', "Huwa mar."]),
    "typewriter_quotes": (
        "nl",
        ",,Ja. '' Hij knikt. ,,Nee.''",
        [",,Ja. ''", "Hij knikt.", ",,Nee.''"],
    ),
    "superscript_note": ("de", "Er handelt.⁴ Sie auch.", ["Er handelt.⁴", "Sie auch."]),
    "starred_note": ("sl", "Svet ukrepa.* To velja.", ["Svet ukrepa.*", "To velja."]),
    "note_between_two_stops": (
        "bg",
        "Прието през 2020 г. (1). Той действа.",
        ["Прието през 2020 г. (1).", "Той действа."],
    ),
    "hyphenated_initials": ("fr", "M. J.-Y. Le Drian agit.", ["M. J.-Y. Le Drian agit."]),
    "initial_is_no_part_of_a_word": ("fr", "A. Roux et C. Petit.", ["A. Roux et C. Petit."]),
    "elided_article_opens": (
        "it",
        "Si veda p. 4. L'Unione agisce.",
        ["Si veda p. 4.", "L'Unione agisce."],
    ),
    "series_of_a_journal_is_no_article": ("it", "Si veda GU n. L 88.", ["Si veda GU n. L 88."]),
    "acronym_is_no_abbreviation": (
        "nl",
        "Zij levert 500 MW. De Raad handelt.",
        ["Zij levert 500 MW.", "De Raad handelt."],
    ),
    "shouted_title": ("en", "It was MR. SMITH of London.", ["It was MR. SMITH of London."]),
    "quoted_word_is_no_clitic": (
        "nl",
        "Hij gaf toe. 'Tegenwoordig wel', zei hij.",
        ["Hij gaf toe.", "'Tegenwoordig wel', zei hij."],
    ),
    "lettered_items": ("en", "a. It acts. b. It reports.", ["a. It acts.", "b. It reports."]),
    "roman_ordinal": ("hu", "A levelet XVI. Benedek írta.", ["A levelet XVI. Benedek írta."]),
    "several_notes": ("en", "It acts.3,4 It reports.", ["It acts.3,4", "It reports."]),
    "decimal_is_no_note": ("en", "See version 2.1 Beta of it.", ["See version 2.1 Beta of it."]),
    "question_marks_of_other_languages": ("en", "First; Second.", ["First; Second."]),
    "greek_question_mark_of_its_own": ("el", "Τι λέτε\u037e Ναι.", ["Τι λέτε\u037e", "Ναι."]),
    "title_then_name": ("en", "Mr. Smith and St. Malo.", ["Mr. Smith and St. Malo."]),
    "legislation_with_a_page": (
        "en",
        "OJ L 1, p. 4. It applies.",
        ["OJ L 1, p. 4.", "It applies."],
    ),
    "short_month_date": (
        "hu",
        "2022. 06. 20. napján ülésezett.",
        ["2022. 06. 20. napján ülésezett."],
    ),
    "full_date_ends": (
        "hu",
        "2022. június 20. A Tanács ülésezett.",
        ["2022. június 20.", "A Tanács ülésezett."],
    ),
}


@pytest.mark.parametrize(("language", "text", "expected"), MARKS.values(), ids=MARKS)
def test_marks(language, text, expected):
    assert sentences(text, language) == expected


KNOWN_WRONG = {
    "time_before_a_bare_noun": (
        "en",
        ["It met at 6 p.m.", "Ministers agreed."],
        "p.m. goes on before names of time zones and days",
    ),
    "day_without_its_month": (
        "de",
        ["Die Frist endet am 31.", "Der Rat berät dann."],
        "after 'am' the number is taken for an ordinal",
    ),
    "reference_that_ends_without_a_stop": (
        "pt",
        ["As regras constam do artigo 5.º", "O Conselho concorda."],
        "the stop of º is not the end of the sentence",
    ),
}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param(language, expected, id=name, marks=pytest.mark.xfail(reason=why, strict=True))
        for name, (language, expected, why) in KNOWN_WRONG.items()
    ],
)
def test_known_wrong(language, expected):
    assert sentences(" ".join(expected), language) == expected


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u2029"])
def test_text_without_characters_has_no_sentences(text):
    assert sentence_spans(text, "en") == []


def test_unknown_language_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'xx' \(known: bg, cs, .*sv\)"):
        sentence_spans("Text.", "xx")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_loads_and_closes_enumerations(language):
    rules = load_language_rules(language)

    assert Ending.LIKELY in rules.ending_by_abbreviation.values()
    assert rules.openers
    assert rules.months


def test_rules_of_a_language_are_loaded_once():
    assert load_language_rules("ga") is load_language_rules("ga")


TABLE = (
    "titles: [Mr.]\nnever_end: []\nbefore_number: []\nrarely_end: []\nmay_end: []\nopeners: []\n"
)
BROKEN_TABLES = {
    "unknown_key": ("titels: [Dr.]\n", r"xx\.yaml:7: titels is not a known key .*'titles'"),
    "wrong_type": ("dotted_years: sometimes\n", r"xx\.yaml:7: dotted_years: .*'sometimes'"),
    "word_read_as_a_truth_value": ("elisions: [On]\n", r"xx\.yaml:7: elisions\.0: .*found True"),
    "abbreviation_without_stop": ("", r"xx\.yaml:2: never_end\.0: .*must end with a full stop"),
    "abbreviation_twice": ("", r"more than once: mr"),
}


@pytest.mark.parametrize("case", BROKEN_TABLES)
def test_broken_table_names_file_and_key(tmp_path, case):
    addition, message = BROKEN_TABLES[case]
    text = TABLE + addition
    if case == "abbreviation_without_stop":
        text = text.replace("never_end: []", "never_end: [eg]")
    if case == "abbreviation_twice":
        text = text.replace("may_end: []", "may_end: [mr.]")
    path = tmp_path / "xx.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=message):
        read_yaml(path, LanguageTable)


def test_tables_stand_beside_the_code():
    assert {path.suffix for path in language_rules.TABLES.iterdir()} == {".yaml"}
