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


FIRST = [unit(LONG), unit(SHORT), unit(MIDDLE)]
MERGED = [unit(LONG), unit(SHORT + " " + MIDDLE)]


def test_what_most_versions_merge_is_one_content():
    assert align_versions([MERGED, FIRST]) == [((0,), (0,)), ((1,), (1, 2))]
    assert align_versions([MERGED, FIRST, MERGED]) == [
        ((0,), (0,), (0,)),
        ((1,), (1, 2), (1,)),
    ]


def test_what_a_single_version_merges_is_left_out_there_alone():
    assert align_versions([FIRST, FIRST, MERGED]) == [
        ((0,), (0,), (0,)),
        ((1,), (1,), ()),
        ((2,), (2,), ()),
    ]


def test_what_a_version_lacks_is_a_content_without_it_in_its_place():
    short = [unit(SHORT, "1"), unit(SHORT, "3")]
    whole = [unit(SHORT, "1"), unit(LONG * 3, "2"), unit(SHORT, "3")]
    assert align_versions([short, whole]) == [((0,), (0,)), ((), (1,)), ((1,), (2,))]


def test_an_annex_that_two_versions_have_is_told_once():
    body = [unit(f"{LONG} In {year}, {MIDDLE}") for year in range(2001, 2013)]
    annex = [unit(f"{SHORT} {MIDDLE} {year}") for year in range(2020, 2026)]
    contents = align_versions([body, body + annex, body + annex])
    assert len(contents) == 18
    assert contents[-1] == ((), (17,), (17,))


def test_a_version_that_lacks_its_second_half_is_aligned_in_the_first():
    texts = [f"{LONG[: 20 + 7 * n % 60]} {n} {MIDDLE[: n % 30]}" for n in range(60)]
    whole = [unit(text) for text in texts]
    half = [unit(f"{text} ja") for text in texts[:30]]
    right = sum(bead == Bead((n,), (n,)) for n, bead in enumerate(align(whole, half)[:30]))
    assert right >= 27


def test_an_annex_of_one_version_does_not_upset_the_rest():
    lengths = [70, 130, 55, 160, 90, 40, 120, 85, 60, 150]
    body = [unit(f"{(LONG * 3)[:length]}") for length in lengths]
    longer = [unit(f"{(LONG * 3)[: length + length // 12]}") for length in lengths]
    annex = [unit((MIDDLE * 3)[:length]) for length in (45, 80, 60, 100)]
    beads = align(body + annex, longer)
    assert beads == [*one_to_one(10), *(Bead((place,), ()) for place in range(10, 14))]


def test_a_number_that_stands_astray_does_not_cut_the_alignment():
    left = [unit(f"{LONG} {n}", "7" if n == 2 else "") for n in range(30)]
    right = [unit(f"{LONG} {n}", "7" if n == 27 else "") for n in range(30)]
    assert sum(bead.left == bead.right for bead in align(left, right)) >= 28


units = st.builds(
    unit,
    st.text("ab ", min_size=1, max_size=60),
    st.sampled_from(["", "1", "2", "3."]),
    st.sampled_from(["sentence", "heading"]),
)


@given(st.lists(st.lists(units, max_size=8), min_size=1, max_size=4))
def test_every_unit_is_in_one_bead_and_at_most_one_content_in_order(versions):
    for version in versions:
        beads = align(versions[0], version)
        assert [place for bead in beads for place in bead.left] == list(range(len(versions[0])))
        assert [place for bead in beads for place in bead.right] == list(range(len(version)))
    contents = align_versions(versions)
    assert all(any(content) for content in contents)
    for column, version in enumerate(versions):
        places = [place for content in contents for place in content[column]]
        assert places == sorted(set(places))
        assert set(places) <= set(range(len(version)))
