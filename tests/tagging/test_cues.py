import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tagging.cues import CueMatcher, LabelCues, fold, parse_cue, parse_phrase


def found(cue: str, text: str, masks: tuple[str, ...] = ()) -> bool:
    entry = LabelCues((parse_cue(cue),), tuple(map(parse_phrase, masks)))
    return bool(CueMatcher({"label": entry}).find(text))


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("terror", "De strijd tegen terror duurt voort."),
        ("terror*", "Terrorismebestrijding blijft nodig."),
        ("*terror*", "Antiterrorismebeleid"),
        ("*agenda", "De terrorismebestrijdingsagenda"),
        ("violent extremis*", "all violent extremists"),
        ("violent extremis*", "violent-extremism"),
        ("Da'esh", "links with Da’esh"),
        ("l'ONU", "avec l’ONU"),
        ("e-evidence", "e‑evidence rules"),
        ("attack* ~ civilians", "attacks on many innocent civilians"),
        ("(attack*|bomb*) ~ (civilians|shops)", "a bomb in the shops"),
        ("(safe haven*|refuge) for", "a safe haven for"),
        ("(safe haven*|refuge) for", "refuge for"),
        ("a (plan ~ peace|truce)", "a plan for a lasting peace"),
        ("financ* & terroris*", "terrorists need finance"),
        ("SIS", "the SIS database"),
        ("NAVO*", "NAVO-top"),
        ("coordinat* & !extremist*", "coordination of member states"),
        ("τρομοκρατία", "ΤΡΟΜΟΚΡΑΤΙΑ"),
        ("résolution 2254", "la Résolution 2254"),
    ],
)
def test_cue_is_found(cue, text):
    assert found(cue, text)


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("terror", "terrorisme"),
        ("terror*", "antiterreur"),
        ("violent extremis*", "extremism is violent"),
        ("attack* ~ civilians", "attacks on very many more innocent civilians"),
        ("SIS", "sis"),
        ("sis", "basis"),
        ("financ* & terroris*", "they need finance"),
        ("coordinat* & !extremist*", "coordination among extremists"),
        ("pêche", "peche"),
    ],
)
def test_cue_is_not_found(cue, text):
    assert not found(cue, text)


def test_masked_words_do_not_count():
    masks = ("terroris* financ*",)
    assert not found("terroris*", "countering terrorist financing", masks)
    assert found("terroris*", "terrorist financing by terrorists", masks)


def test_mask_holds_for_its_own_label_only():
    entries = {
        "general": LabelCues((parse_cue("terroris*"),), (parse_phrase("terroris* financ*"),)),
        "financing": LabelCues((parse_cue("terroris* financ*"),)),
    }
    hits = CueMatcher(entries).find("terrorist financing")
    assert [hit.label for hit in hits] == ["financing"]


def test_veto_sees_words_that_are_masked():
    assert not found("sanction* & !sport*", "sanctions in sports", ("sport*",))


def test_spans_are_those_of_the_matching_words():
    entry = LabelCues((parse_cue("attack* ~ civilians"),))
    text = "Any attack on the civilians there."
    (hit,) = CueMatcher({"label": entry}).find(text)
    assert [text[start:end] for start, end in hit.spans] == ["attack", "civilians"]


def test_a_cue_counts_once_however_often_it_stands_there():
    entry = LabelCues((parse_cue("port*"),))
    assert len(CueMatcher({"label": entry}).find("ports and ports")) == 1


def test_wording_does_not_matter_for_equality_of_cues():
    assert parse_cue("Safe-Haven*") == parse_cue("safe haven*")


@pytest.mark.parametrize(
    ("cue", "message"),
    [
        ("", "lacks a word"),
        ("one ~", "lacks a word after its ~"),
        ("~ one", "without a word before it"),
        ("(one|two", "bracket"),
        ("one)", "no word pattern|bracket"),
        ("!one", "only vetoes"),
        ("one & ", "lacks a word"),
        ("**", "no word pattern"),
        ("(a||b)", "lacks a word"),
    ],
)
def test_bad_syntax_is_refused_with_a_reason(cue, message):
    with pytest.raises(ValueError, match=message):
        parse_cue(cue)


@given(st.text(max_size=200))
def test_no_text_breaks_the_matcher(text):
    entry = LabelCues((parse_cue("*a* ~ (b*|c d)"), parse_cue("a & !b")), (parse_phrase("a b"),))
    for hit in CueMatcher({"label": entry}).find(text):
        assert all(0 <= start < end <= len(text) for start, end in hit.spans)


@pytest.mark.parametrize(
    ("word", "folded"), [("ΆΜΥΝΑ", "αμυνα"), ("Straße", "strasse"), ("É", "é")]
)
def test_fold(word, folded):
    assert fold(word) == folded


def test_cedilla_of_older_romanian_texts_is_a_comma_below():
    assert found("sancțiuni*", "Consiliul a adoptat sanc\u0163iunile.")
