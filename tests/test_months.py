import pytest
import yaml

from pipeline import months
from pipeline.months import month_number, month_words
from pipeline.segmentation.language_rules import LANGUAGES

IN_DATES = [
    ("bg", "юни", 6),
    ("cs", "června", 6),
    ("cs", "července", 7),
    ("da", "juni", 6),
    ("de", "März", 3),
    ("de", "Jänner", 1),
    ("el", "Ιουνίου", 6),
    ("en", "June", 6),
    ("es", "septiembre", 9),
    ("et", "juunil", 6),
    ("et", "oktoobri", 10),
    ("fi", "kesäkuuta", 6),
    ("fi", "heinäkuussa", 7),
    ("fr", "juin", 6),
    ("ga", "Mheitheamh", 6),
    ("ga", "Shamhain", 11),
    ("hr", "lipnja", 6),
    ("hr", "studenoga", 11),
    ("hu", "június", 6),
    ("hu", "októberi", 10),
    ("it", "giugno", 6),
    ("lt", "birželio", 6),
    ("lt", "gegužės", 5),
    ("lv", "jūnijā", 6),
    ("mt", "Ġunju", 6),
    ("nl", "juni", 6),
    ("pl", "czerwca", 6),
    ("pl", "grudniu", 12),
    ("pt", "junho", 6),
    ("ro", "iunie", 6),
    ("sk", "júna", 6),
    ("sl", "junija", 6),
    ("sv", "juni", 6),
]


@pytest.mark.parametrize(("language", "word", "number"), IN_DATES)
def test_month_as_it_stands_in_a_date(language, word, number):
    assert month_number(word, language) == number


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_twelve_months(language):
    assert {month_number(word, language) for word in month_words(language)} == set(range(1, 13))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_form_belongs_to_two_months(language):
    table = yaml.safe_load(months.TABLE.read_text(encoding="utf-8"))[language]
    forms = [form.casefold() for names in table.values() for form in names]

    assert len(forms) == len(set(forms))


def test_case_does_not_matter():
    assert month_number("JUIN", "fr") == month_number("juin", "fr") == 6


def test_greek_capitals_have_no_accents():
    assert month_number("ΙΟΥΝΙΟΥ", "el") == 6


@pytest.mark.parametrize(
    ("language", "word", "number"),
    [("fr", "d'août", 8), ("fr", "d’avril", 4), ("mt", "f'Ġunju", 6), ("ga", "d’Aibreán", 4)],
)
def test_prefix_with_an_apostrophe_is_passed_over(language, word, number):
    assert month_number(word, language) == number


def test_irish_month_of_two_words_is_looked_up_whole():
    assert month_number("Mheán  Fómhair", "ga") == 9
    assert month_number("Deireadh Fómhair", "ga") == 10
    assert month_number("Fómhair", "ga") is None


@pytest.mark.parametrize("word", ["", "Rada", "20", "maj."])
def test_other_words_are_no_months(word):
    assert month_number(word, "pl") is None


def test_decomposed_letters_are_the_same_month():
    assert month_number("ju\u0301na", "sk") == 6


def test_unknown_language_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'xx' \(known: bg, cs"):
        month_words("xx")
