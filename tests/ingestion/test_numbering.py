import pytest

from pipeline.ingestion.numbering import number_mark, paragraph_marks


def numbers(lines: list[str], weak: tuple[int, ...] = ()) -> list[int]:
    marks = [mark for line, text in enumerate(lines) if (mark := number_mark(line, text))]
    chosen = paragraph_marks(marks, [mark.line in weak for mark in marks])
    return [mark.number for mark in chosen.values()]


@pytest.mark.parametrize(
    ("line", "number", "rest"),
    [
        ("1. The Council", 1, "The Council"),
        ("12.The Council", 12, "The Council"),
        ("(3) The Council", 3, "The Council"),
        ("4) The Council", 4, "The Council"),
        ("7.", 7, ""),
    ],
)
def test_number_at_line_start_is_a_mark(line, number, rest):
    mark = number_mark(0, line)
    assert (mark.number, line[mark.text_start :]) == (number, rest)


@pytest.mark.parametrize(
    "line", ["9 februari 2015", "2020", "2023. De Raad", "6e EU-AU-top", "1.5 %"]
)
def test_other_number_at_line_start_is_none(line):
    assert number_mark(0, line) is None


def test_consecutive_numbers_are_a_chain():
    assert numbers(["1. A", "2. B", "3. C"]) == [1, 2, 3]


def test_number_out_of_sequence_is_dropped():
    assert numbers(["1. A", "2. B", "20. Juni", "3. C"]) == [1, 2, 3]


def test_the_expected_number_within_a_sentence_gives_way_to_the_real_one():
    lines = [*(f"{n}. x" for n in range(1, 9)), "9. Februar 2015", "9. B", "10. C"]
    assert numbers(lines, weak=(8,)) == list(range(1, 11))


def test_lost_number_does_not_end_the_chain():
    assert numbers(["1. A", "2. B", "4. D", "5. E"]) == [1, 2, 4, 5]


def test_numbers_begin_again_in_an_annex():
    assert numbers(["1. A", "2. B", "1. C", "2. D", "3. E"]) == [1, 2, 1, 2, 3]


def test_inner_list_does_not_break_the_chain():
    lines = [f"{n}. x" for n in range(1, 6)] + ["1. i", "2. ii"] + [f"{n}. x" for n in range(6, 20)]
    assert numbers(lines) == list(range(1, 20))


def test_extract_may_begin_late():
    assert numbers(["15. A", "16. B", "17. C"]) == [15, 16, 17]


def test_one_stray_number_is_no_chain():
    assert numbers(["20. Juni"]) == []


def test_styles_are_not_mixed():
    assert numbers(["1. A", "(1) a", "(2) b", "2. B", "3. C"]) == [1, 2, 3]
