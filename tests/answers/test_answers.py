"""One stream from question to reader: what it gives, and what closing it early leaves."""

import threading

from genwright.answers.answerer import Answerer, drain
from genwright.answers.assistants import open_assistant
from genwright.answers.base import Question
from genwright.answers.chat import Chat
from genwright.answers.conversations import read_turns
from genwright.answers.rarity import RarityTable
from genwright.grounding.citations import Answer, Sentence

ASKED = "When is the oil of the Velda pump changed?"
REPLY = "Change the oil of the Velda pump every 400 hours. Use grade 46 oil only."


def test_sentences_come_before_the_answer_that_holds_them(library):
    *sentences, answer = Answerer(library([REPLY])).stream(Question(ASKED))
    assert isinstance(answer, Answer) and all(isinstance(each, Sentence) for each in sentences)
    assert tuple(sentences) == answer.sentences != ()
    assert answer.trace_id and answer.timings["total"] > 0


def test_every_strategy_ends_with_an_answer(library):
    for name in ("rag", "extractive", "short"):
        answerer = Answerer(
            library([REPLY]), extractive=name == "extractive", short=name == "short"
        )
        assert answerer.strategy == name
        *_, last = answerer.stream(Question(ASKED))
        assert isinstance(last, Answer)


def test_a_question_is_answered_in_the_thread_that_asks(library):
    answerer = Answerer(library([REPLY]))
    drain(answerer.stream(Question(ASKED)))  # what is made once is made
    before = set(threading.enumerate())
    for _ in answerer.stream(Question(ASKED)):
        assert set(threading.enumerate()) <= before


def test_closing_a_chat_early_cancels_it_and_keeps_what_was_written(library):
    runtime = library([REPLY])
    chat = Chat(Answerer(runtime))
    stream = chat.stream(ASKED)
    first = next(stream)
    stream.close()
    [asked, said] = read_turns(runtime, chat.id)
    assert asked.content == ASKED
    assert said.content.startswith(first.text)


def test_what_is_no_utf8_is_replaced_where_a_question_is_made():
    assert Question("pump \udcff").text == "pump ?"


class CountedDatabase:
    """Counts the transactions that read."""

    def __init__(self, database) -> None:
        self._database, self.reads = database, 0

    def read(self, principal):
        self.reads += 1
        return self._database.read(principal)


def test_the_store_is_asked_of_each_word_once(library):
    runtime = library()
    database = CountedDatabase(runtime.database)
    table = RarityTable(database, runtime.principal)
    table.load([REPLY])
    assert table.look_up("Change the oil every 400 hours.") and database.reads == 1
    table.look_up("Photosynthesis")
    assert database.reads == 2


def test_an_assistant_is_opened_by_its_name_with_a_limit_of_its_own(library):
    opened = open_assistant(library([REPLY]), max_tokens=7)
    assert opened.runtime.settings.answer.max_tokens == 7
    assert opened.served.label == "assistant@1"
    assert opened.ask(ASKED).answer
