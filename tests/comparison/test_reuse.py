from pipeline.comparison.reuse import count_shared, find_reuse

REUSED = "The Council reaffirms its unwavering commitment to the fight against terrorism in all its forms."
OWN = "It welcomes the work of the Agency on the protection of cables under the sea."
A, B, C = ("2021", "a"), ("2021", "b"), ("2022", "c")


def test_a_sentence_of_two_documents_is_reused_whatever_its_case():
    found = find_reuse([REUSED, OWN, REUSED.upper()], ["en"] * 3, [A, A, B], min_words=8)
    assert [(sentence.places, sentence.n_documents) for sentence in found] == [((0, 2), 2)]


def test_copies_within_a_document_or_in_another_language_are_no_reuse():
    assert find_reuse([REUSED, REUSED], ["en", "en"], [A, A], min_words=8) == []
    assert find_reuse([REUSED, REUSED], ["en", "fr"], [A, B], min_words=8) == []


def test_short_sentences_are_nobodys_text():
    assert find_reuse(["See the annex.", "See the annex."], ["en", "en"], [A, B], min_words=8) == []


def test_every_pair_of_documents_shares_a_sentence_of_all_three():
    found = find_reuse([REUSED, REUSED, REUSED, OWN], ["en"] * 4, [A, B, C, C], min_words=8)
    shared = count_shared(found, [A, B, C, C])
    assert shared == dict.fromkeys([(A, B), (B, A), (A, C), (C, A), (B, C), (C, B)], 1)
