"""A greeting is answered by a remark that says what can be asked, in the asker's language."""

import string

import pytest
from tests.fixtures.library import DOCUMENTS

from genwright.answers.answerer import Answerer, drain
from genwright.answers.base import AnswerSetup, Question
from genwright.answers.strategies.smalltalk import LINES, SmalltalkStrategy
from genwright.prompts import load_prompt
from genwright.types import Principal


def answer(runtime, text):
    strategy = SmalltalkStrategy(AnswerSetup(runtime, "extractive", load_prompt("answer")))
    return drain(strategy.stream(Question(text)))


@pytest.mark.parametrize("text", ["hello", "thank you very much", "vielen Dank", "谢谢"])
def test_a_greeting_is_answered_by_one_remark_without_citations(library, text):
    found = Answerer(library(), extractive=True).ask(text)
    (line,) = found.sentences
    assert not found.refused
    assert line.remark
    assert line.citations == ()
    assert found.hits == ()
    assert found.answer == line.text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("thank you very much for your help", "en"),
        ("Vielen Dank für Ihre freundliche Hilfe", "de"),
        ("hello", "en"),
        ("Merci beaucoup !", "fr"),
        ("¡Gracias!", "es"),
        ("grazie mille", "it"),
        ("obrigada", "pt"),
        ("dank je wel", "nl"),
        ("Cześć", "pl"),
        ("Teşekkürler", "tr"),
        ("Спасибо большое за помощь", "ru"),
        ("非常感谢您的帮助", "zh"),
        ("ありがとうございます、助かりました", "ja"),
        ("👋", "en"),
        ("", "en"),
    ],
)
def test_the_line_is_in_the_language_of_the_one_who_asks(library, text, language):
    line = LINES[language].format(documents=len(DOCUMENTS))
    assert answer(library(), text).answer == line


def test_an_empty_workspace_has_no_documents(empty):
    assert "(0 at the moment)" in answer(empty(), "hello").answer


def test_documents_that_may_not_be_read_are_not_counted(library):
    stranger = Principal("stranger")
    assert "(0 at the moment)" in answer(library(principal=stranger), "hello").answer


@pytest.mark.parametrize("language", LINES)
def test_every_line_says_how_many_documents_there_are(language):
    fields = [name for _, name, _, _ in string.Formatter().parse(LINES[language]) if name]
    assert fields == ["documents"]
