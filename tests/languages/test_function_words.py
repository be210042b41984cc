"""Function words, and the language of a question by them."""

import pytest

from genwright.languages import choose_language, list_function_words

QUESTIONS = {
    "ar": "متى تم بناء البرج في المدينة",
    "de": "wann wurde der turm in der stadt gebaut",
    "en": "when was the tower in the city built",
    "es": "cuándo se construyó la torre de la ciudad",
    "fi": "milloin torni on rakennettu ja kuka sen rakensi",
    "fr": "quand est-ce que la tour de la ville fut construite",
    "it": "quando è stata costruita la torre della città",
    "nl": "wanneer werd de toren van het stadje gebouwd",
    "ru": "когда в городе была построена башня",
}


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_tells_its_language_by_its_function_words(language):
    assert choose_language(QUESTIONS[language].split(), sorted(QUESTIONS)) == language


def test_without_a_function_word_no_language_is_chosen():
    assert choose_language(["p-7", "oil"], ["en", "de"]) == ""
    assert choose_language([], []) == ""


def test_of_equals_the_first_is_taken():
    assert choose_language(["in"], ["en", "de"]) == "en"
    assert choose_language(["in"], ["de", "en"]) == "de"


def test_the_two_norwegians_share_their_words():
    assert list_function_words("nb") == list_function_words("nn") == list_function_words("no")
    assert "hvorfor" in list_function_words("nb")
    assert list_function_words("xx") == frozenset()
