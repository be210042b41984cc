"""The language of a text: known ones, restricted ones, and none where there is nothing to tell."""

import pytest

from genwright.languages.detection import (
    LEAST_LETTERS,
    UNKNOWN,
    detect_document_language,
    detect_language,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The harbour office closes at six in the evening.", "en"),
        ("Das Hafenamt schließt um sechs Uhr abends.", "de"),
        ("Le bureau du port ferme à six heures du soir.", "fr"),
        ("La oficina del puerto cierra a las seis de la tarde.", "es"),
        ("Контора порта закрывается в шесть часов вечера.", "ru"),
        ("港口办公室晚上六点关门。", "zh"),
        ("港の事務所は夕方六時に閉まります。", "ja"),
        ("항구 사무소는 저녁 여섯 시에 문을 닫습니다.", "ko"),
        ("يغلق مكتب الميناء في السادسة مساء.", "ar"),
    ],
)
def test_a_sentence_is_in_its_language(text, code):
    assert detect_language(text) == code


@pytest.mark.parametrize("text", ["", "   ", "42", "?!", "🙂🙂🙂", "a" * (LEAST_LETTERS - 1)])
def test_without_letters_enough_the_language_is_unknown(text):
    assert detect_language(text) == UNKNOWN


def test_only_languages_that_are_possible_are_said():
    text = "Das Hafenamt schließt um sechs Uhr abends."
    assert detect_language(text, frozenset({"nl", "fr"})) in {"nl", "fr"}
    assert detect_language(text, frozenset({"de", "fr"})) == "de"


def test_of_no_language_that_is_known_none_is_said():
    assert detect_language("The harbour office closes.", frozenset({"tlh"})) == UNKNOWN


def test_a_documents_language_is_that_of_most_of_it():
    page = "The following was published by the society of engineers. " * 20
    text = "Die Pumpen werden jedes Jahr gewartet, und das Öl wird gewechselt. " * 400
    assert detect_document_language(page + text) == "de"
    assert detect_document_language(text[:67]) == "de"


def test_a_document_that_does_not_tell_has_no_language():
    assert detect_document_language("") == detect_document_language("P-7, P-8: 46") == UNKNOWN
