from dataclasses import dataclass, field

from pipeline.training.data_checks import (
    find_dead_cues,
    find_group_conflicts,
    find_loose_cues,
    find_markup,
    find_near_duplicates,
    find_other_scripts,
    language_statistics,
)


@dataclass
class Row:
    text: str
    group_id: str = "g1"
    language: str = "en"
    labels: tuple[str, ...] = ()
    origin: str = field(default="file line 1")


LONG = "The ministers agreed that every harbour of the Union should have a plan of its own"


def test_markup_is_found():
    problems = find_markup([Row("A <b>bold</b> plan"), Row("A plain plan"), Row("see **this**")])
    assert len(problems) == 2


def test_near_copy_in_another_group_is_found():
    rows = [Row(LONG), Row(LONG + " by next year", "g2", origin="file line 2")]
    assert find_near_duplicates(rows) == ["file line 2: nearly the same as file line 1."]


def test_same_text_in_another_language_or_group_member_is_no_copy():
    assert find_near_duplicates([Row(LONG), Row(LONG, "g2", "nl"), Row(LONG, "g1")]) == []


def test_short_copies_are_found_too():
    assert len(find_near_duplicates([Row("Next steps"), Row("Next steps", "g2")])) == 1


def test_group_must_agree_on_labels_and_have_each_language_once():
    rows = [
        Row("a", labels=("x",)),
        Row("b", language="nl", origin="file line 2"),
        Row("c", "g2"),
        Row("d", "g2"),
    ]
    assert find_group_conflicts(rows) == [
        "file line 2: labels differ from file line 1 of the same group.",
        "group g2: no sentence in nl.",
        "group g2: 2 sentences in en.",
    ]


def test_statistics_count_words_and_empty_label_sets():
    (row,) = language_statistics([Row("one two two"), Row("three", labels=("x",))])
    assert (row.n_sentences, row.n_without_label, row.n_words, row.n_distinct_words) == (2, 1, 4, 3)


def test_repeated_turns_of_phrase_show_in_the_share_of_distinct_runs():
    (varied,) = language_statistics([Row("a b c d e"), Row("f g h i j")])
    (repeated,) = language_statistics([Row("a b c d e"), Row("a b c d f")])
    assert varied.distinct_run_fraction == 1
    assert repeated.distinct_run_fraction == 0.75


def test_text_in_another_script_is_found():
    rows = [Row("Το Συμβούλιο", language="el"), Row("The Council", language="el"), Row("Съвет")]
    assert len(find_other_scripts(rows)) == 2


def test_cue_that_is_often_wrong_is_found():
    rows = [Row(f"report {number}") for number in range(20)] + [Row("review", labels=("x",))]
    problems = find_loose_cues(
        rows, lambda text, _: [("x", word) for word in text.split() if word.isalpha()]
    )
    assert len(problems) == 1
    assert "cue 'report' is in 20 of 20 sentences" in problems[0]


def test_cue_that_its_own_mask_blanks_is_found():
    lines = {"en": {"x": {"cues": ("plan*", "port"), "masks": ("plan*",)}}}
    assert find_dead_cues(lines) == ["lexicon en: x: 'plan*' is a cue and a mask."]
