"""The words of a query, stemmed by the languages that are searched."""

import pytest

from genwright.retrieval.terms import MAX_TERMS, extract_terms, list_stemmed, list_variants


@pytest.mark.parametrize("languages", [(), ("en",), ("",), ("en", "zh")])
def test_where_nothing_has_a_stemmer_words_stay_as_they_are(languages):
    assert extract_terms("Which Pumps are running?", languages) == ['"Pumps"', '"running"']


def test_a_words_stem_in_each_language_counts_once():
    assert extract_terms("Pumpen", ["de"]) == ['"pump"']
    # The index takes "Wechsel" and "wechsel" for one, and "Häuser" and "haus" for two.
    assert extract_terms("Wechsel Häuser", ["de", "en"]) == ['"Wechsel"', '"Häuser"', '"haus"']


def test_the_questions_own_language_comes_first():
    terms = extract_terms("Wann werden die Häuser gebaut?", ["en", "de"])
    assert terms.index('"haus"') < terms.index('"Häuser"')
    terms = extract_terms("When are the houses built?", ["de", "en"])
    assert terms.index('"houses"') < terms.index('"hous"') if '"hous"' in terms else True
    assert terms[:2] == ['"houses"', '"built"']


def test_function_words_are_those_of_the_questions_language():
    assert extract_terms("Wer ist die Mutter von Ada?", ["de"]) == ['"mutt"', '"ada"']
    # Where nothing is German, "die" is a word like another.
    assert extract_terms("die casting", ["en"]) == ['"die"', '"casting"']


def test_many_languages_do_not_make_a_query_longer_than_it_may_be():
    query = " ".join(f"wortes{number}ungen" for number in range(60))
    assert len(extract_terms(query, ["de", "fi", "fr", "en"])) == MAX_TERMS


def test_the_variants_of_a_word_are_what_the_index_holds():
    assert list_variants("Häuser", ["de", "en"]) == ["haus", "Häuser"]
    assert list_variants("Eiffel's", []) == ["Eiffel s"]
    assert list_variants("???", ["de"]) == []


def test_languages_without_a_stemmer_are_one():
    assert list_stemmed(["en", "zh", "", "de"]) == ["", "de"]
    assert list_stemmed([]) == [""]
