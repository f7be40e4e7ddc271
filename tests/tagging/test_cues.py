import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tagging.cue_matcher import CueMatcher
from pipeline.tagging.cues import LabelCues, fold, parse_cue, parse_phrase
from pipeline.tagging.words import read_words


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


WORDS = st.sampled_from(["a", "ab", "b", "ba", "c", "cab"])
PATTERNS = st.sampled_from(["a", "b*", "*a", "*b*", "(a|c*)", "(b|a c)"])
CUES = st.builds(
    lambda parts, joins: "".join(p + j for p, j in zip(parts, [*joins, ""], strict=True)),
    st.lists(PATTERNS, min_size=3, max_size=3),
    st.lists(st.sampled_from([" ", " ~ ", " & ", " & !"]), min_size=2, max_size=2),
)


def stands_at(wording, words: list[str], start: int, blanked: set[int]) -> bool:
    """Whether a wording begins at a word: the definition, one word after the other."""
    if start >= len(words) or start in blanked:
        return False
    position, *rest = wording
    if not any(
        re.fullmatch(
            f"{'.*' if p.open_start else ''}{p.text}{'.*' if p.open_end else ''}", words[start]
        )
        for p in position.patterns
    ):
        return False
    return not rest or any(
        stands_at(rest, words, start + 1 + gap, blanked) for gap in range(rest[0].gap + 1)
    )


def stands(phrase, words: list[str], blanked: set[int]) -> bool:
    return any(
        stands_at(wording, words, start, blanked)
        for wording in phrase
        for start in range(len(words))
    )


@given(st.lists(CUES, min_size=1, max_size=3), st.lists(st.lists(WORDS), max_size=4))
def test_batches_are_matched_as_the_syntax_says(lines, sentences):
    cues = [parse_cue(line) for line in lines]
    mask = parse_phrase("ab c*")  # of fixed words, so that only one stretch can be blanked
    found = CueMatcher({"label": LabelCues(tuple(cues), (mask,))}).match(
        read_words(list(map(" ".join, sentences)))
    )
    expected = []
    for row, words in enumerate(sentences):
        blanked = {
            place
            for start in range(len(words))
            if stands_at(mask[0], words, start, set())
            for place in (start, start + 1)
        }
        expected += [
            (row, number)
            for number, cue in enumerate(cues)
            if all(stands(phrase, words, blanked) for phrase in cue.phrases)
            and not any(stands(phrase, words, set()) for phrase in cue.vetoes)
        ]
    assert list(zip(found.rows.tolist(), found.cues.tolist(), strict=True)) == expected


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
