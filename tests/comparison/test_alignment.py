from hypothesis import given
from hypothesis import strategies as st

from pipeline.comparison.alignment import Bead, align, align_versions
from pipeline.records import Sentence


def unit(text, paragraph="", kind="sentence"):
    return Sentence("s", "d", "en", 1, 0, len(text), text, kind, paragraph=paragraph)


LONG = "The Council calls on Member States to step up the exchange of information without delay."
SHORT = "It is concerned."
MIDDLE = "It recalls its conclusions of last year."


def one_to_one(n):
    return [Bead((place,), (place,)) for place in range(n)]


def test_versions_with_as_many_units_are_aligned_in_order():
    left = [unit(LONG), unit(SHORT), unit(MIDDLE)]
    right = [unit(LONG + " Ja."), unit(SHORT[:-4]), unit(MIDDLE * 2)]
    assert align(left, right) == one_to_one(3)


def test_units_that_a_translation_merges_are_one_bead():
    left = [unit(LONG), unit(SHORT), unit(MIDDLE), unit(LONG)]
    right = [unit(LONG), unit(SHORT + MIDDLE), unit(LONG)]
    assert align(left, right) == [Bead((0,), (0,)), Bead((1, 2), (1,)), Bead((3,), (2,))]


def test_a_unit_that_one_version_lacks_stands_alone():
    left = [unit(SHORT), unit(LONG * 2), unit(SHORT), unit(MIDDLE)]
    right = [unit(SHORT), unit(SHORT), unit(MIDDLE)]
    assert align(left, right) == [
        Bead((0,), (0,)),
        Bead((1,), ()),
        Bead((2,), (1,)),
        Bead((3,), (2,)),
    ]


def test_numbered_paragraphs_hold_whatever_the_lengths_say():
    left = [unit(SHORT, "1"), unit(LONG, "2"), unit(SHORT, "3")]
    right = [unit(MIDDLE, "1."), unit(SHORT, "3.")]
    assert align(left, right) == [Bead((0,), (0,)), Bead((1,), ()), Bead((2,), (1,))]


def test_numbers_that_begin_again_in_an_annex_are_no_anchors():
    left = [unit(LONG, "1"), unit(SHORT, "2"), unit(MIDDLE, "1"), unit(LONG, "2")]
    assert align(left, left) == one_to_one(4)


def test_a_heading_is_not_aligned_with_a_sentence():
    left = [unit("Sanctions", kind="heading"), unit(SHORT)]
    right = [unit(SHORT)]
    assert align(left, right) == [Bead((0,), ()), Bead((1,), (0,))]


def test_one_version_may_be_empty():
    assert align([], [unit(SHORT)]) == [Bead((), (0,))]
    assert align([unit(SHORT)], []) == [Bead((0,), ())]
    assert align([], []) == []


def test_contents_of_three_versions_hold_what_any_of_them_merges():
    first = [unit(LONG), unit(SHORT), unit(MIDDLE)]
    merged = [unit(LONG), unit(SHORT + " " + MIDDLE)]
    assert align_versions([first, first, merged]) == [
        ((0,), (0,), (0,)),
        ((1, 2), (1, 2), (1,)),
    ]


def test_what_the_first_version_lacks_is_a_content_of_its_own_in_its_place():
    first = [unit(SHORT, "1"), unit(SHORT, "3")]
    other = [unit(SHORT, "1"), unit(LONG * 3, "2"), unit(SHORT, "3")]
    assert align_versions([first, other]) == [((0,), (0,)), ((), (1,)), ((1,), (2,))]


units = st.builds(
    unit,
    st.text("ab ", min_size=1, max_size=60),
    st.sampled_from(["", "1", "2", "3."]),
    st.sampled_from(["sentence", "heading"]),
)


@given(st.lists(st.lists(units, max_size=8), min_size=1, max_size=4))
def test_every_unit_of_every_version_is_in_one_content_in_order(versions):
    contents = align_versions(versions)
    for column, version in enumerate(versions):
        places = [place for content in contents for place in content[column]]
        assert places == list(range(len(version)))
