import numpy as np

from pipeline import near_duplicates
from pipeline.near_duplicates import near_duplicate_pairs, number_copies

LONG = "The Council calls on all Member States to step up their efforts in 2031."


def test_copies_are_found_whatever_case_number_and_punctuation():
    texts = [LONG, "A sentence of its own.", LONG.upper().replace("2031", "7"), "No copy either."]
    assert near_duplicate_pairs(texts, ["en"] * 4) == [(0, 2)]


def test_sentence_with_a_few_other_words_is_nearly_a_copy():
    assert near_duplicate_pairs([LONG, f"In this light, {LONG}"], ["en", "en"]) == [(0, 1)]


def test_a_shared_turn_of_phrase_is_no_copy():
    other = (
        "The Council calls on all partners, wherever they may be, to respect the law of the sea."
    )
    assert near_duplicate_pairs([LONG, other], ["en", "en"]) == []


def test_the_same_words_in_two_languages_are_no_copy():
    assert near_duplicate_pairs(["Conclusions", "Conclusions"], ["en", "fr"]) == []


def test_copies_of_copies_have_one_number():
    numbers = number_copies(
        [LONG, "Something else.", f"Thus {LONG}", f"And thus {LONG}"], ["en"] * 4
    )
    assert numbers[0] == numbers[2] == numbers[3] != numbers[1]


def test_of_a_run_that_stands_everywhere_each_copy_is_compared_with_the_next(monkeypatch):
    monkeypatch.setattr(near_duplicates, "MAX_SENTENCES_OF_RUN", 1)
    texts = [LONG, f"Thus {LONG}", f"And thus {LONG}"]
    assert near_duplicate_pairs(texts, ["en"] * 3) == [(0, 1), (1, 2)]


def test_no_sentences_have_no_copies():
    assert number_copies([], []).tolist() == []
    assert np.array(near_duplicate_pairs([], [])).size == 0
