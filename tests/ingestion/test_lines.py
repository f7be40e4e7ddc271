import pytest

from pipeline.ingestion.council_words import HyphenRules, load_council_words
from pipeline.ingestion.lines import HyphenJoiner, Line

RULES = HyphenRules(frozenset({"en", "of"}))


def join(left: str, right: str, *elsewhere: str) -> str:
    lines = [Line(text, 0, None) for text in (left, right, *elsewhere)]
    return HyphenJoiner(lines, RULES).join(left, right)


@pytest.mark.parametrize(
    ("left", "right", "elsewhere", "joined"),
    [
        ("het geweld-", "dadig extremisme", (), "het gewelddadig extremisme"),
        ("en -", "programma's", (), "en -programma's"),
        ("tijdens COV-", "ID-19", ("na COVID-19",), "tijdens COVID-19"),
        ("het VN-", "handvest", (), "het VN-handvest"),
        ("de COVID-19-", "crisis", (), "de COVID-19-crisis"),
        ("Counter-", "Terrorism", (), "Counter-Terrorism"),
        ("de EU-", "en FATF-vereisten", (), "de EU- en FATF-vereisten"),
        ("de fintech-", "sector groeit", ("de private sector",), "de fintech-sector groeit"),
        ("de non-", "profit", ("een non-profit",), "de non-profit"),
        ("het beleids-", "doel", ("een doel", "dit beleidsdoel"), "het beleidsdoel"),
        ("de Raad –", "en de Commissie", (), "de Raad – en de Commissie"),
        ("einde.", "Begin", (), "einde. Begin"),
    ],
)
def test_hyphen_at_a_line_end(left, right, elsewhere, joined):
    assert join(left, right, *elsewhere) == joined


def test_rare_hyphen_in_a_long_text_is_a_real_one():
    elsewhere = ["a line of a text that never divides its words"] * 60
    assert join("a ship for mine-", "hunting", *elsewhere) == "a ship for mine-hunting"


def test_text_that_divides_words_by_rule_loses_its_hyphens():
    divided = ["de veilig-", "heid en de samen-", "werking met de lid-", "staten voor het be-"]
    text = [*divided, "leid van de Unie", "een sector"]
    joiner = HyphenJoiner([Line(line, 0, None) for line in text], RULES)
    assert joiner.join("de bank-", "sector") == "de banksector"


@pytest.mark.parametrize("article", ["il-", "tal-", "bħall-", "fis-", "mix-", "l-"])
def test_maltese_articles_keep_their_hyphen(article):
    rules = load_council_words().hyphen_rules_by_language["mt"]
    divided = [
        Line(text, 0, None) for text in ("a korruz-", "zjoni b serven-", "ti c gvern-", "i d")
    ]
    assert HyphenJoiner(divided, rules).join(article, "kunsill") == f"{article}kunsill"
    assert HyphenJoiner(divided, rules).join("korruz-", "zjoni") == "korruzzjoni"
