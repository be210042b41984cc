"""Follow-up questions are understood, and conversations belong to who had them."""

import pytest
from sqlalchemy import select
from tests.fixtures.library import check_places

from genwright.answers.answerer import Answerer
from genwright.answers.chat import Chat
from genwright.answers.conversations import list_conversations, read_turns
from genwright.answers.understanding.follow_up import is_follow_up, make_standalone
from genwright.engines import ChatMessage
from genwright.errors import NotFound
from genwright.monitoring import read_trace
from genwright.runtime import Runtime
from genwright.storage import Message as MessageRow
from genwright.types import OWNER, Principal

OIL = "Change the oil of the Velda pump every 400 hours."
BUILT = "The boiler of hall 3 was built by Tomas Brenner in 1931."
FIRST = "Who built the boiler of hall 3?"


def restate(runtime: Runtime, question: str, before: list[ChatMessage]) -> str:
    return make_standalone(runtime, Answerer(runtime).model, question, before)


@pytest.mark.parametrize(
    "question",
    [
        "When was it built?",
        "And when was it built?",
        "And in 1950?",
        "Why?",
        "By whom?",
        "How tall?",
        "What about the boiler?",
        "And what grade of oil?",
        "What does that mean?",
        "Which one is larger?",
        "How long did he live there?",
        "Are these bolts spare?",
    ],
)
def test_a_question_that_points_back(question):
    assert is_follow_up(question)


@pytest.mark.parametrize(
    "question",
    [
        "When was the tower built?",
        "What is photosynthesis?",
        "Who is Mira?",
        "What is the pump that stands in hall 3?",
        "Is there a limit on the size of a file?",
        "How much is one litre of oil?",
        "Wann wird das Öl gewechselt?",
        "It is about the pump. " * 2500,
    ],
)
def test_a_question_that_stands_alone(question):
    assert not is_follow_up(question)


def chat(runtime, conversation=None, **how) -> Chat:
    return Chat(Answerer(runtime, **how), conversation)


BEFORE = (ChatMessage("user", FIRST), ChatMessage("assistant", BUILT))


@pytest.mark.parametrize(
    ("rewritten", "alone"),
    [
        ("When was the boiler of hall 3 built?", "When was the boiler of hall 3 built?"),
        # Words that nobody said, or the question as it was, or another question:
        ("When was the boiler of Wimbledon built?", f"{FIRST} When was it built?"),
        ("When was it built?", f"{FIRST} When was it built?"),
        ("Who is Tomas Brenner?", f"{FIRST} When was it built?"),
        ("", f"{FIRST} When was it built?"),
    ],
)
def test_a_rewritten_question_counts_if_it_is_made_of_what_was_said(library, rewritten, alone):
    replies = {"Last question": rewritten or " "}
    assert restate(library(replies), "When was it built?", BEFORE) == alone


def test_without_a_model_the_last_standing_question_goes_along(library):
    runtime = library(extractive=True)
    before = [
        *BEFORE,
        ChatMessage("user", "And when was it built?"),
        ChatMessage("assistant", BUILT),
    ]
    assert restate(runtime, "By whom?", before) == f"{FIRST} By whom?"
    assert restate(runtime, "When is the oil of the pump changed?", before).startswith(
        "When is the oil"
    )
    assert restate(runtime, "By whom?", []) == "By whom?"


def test_a_follow_up_question_is_answered_from_what_was_talked_about(library):
    runtime = library({"Last question": "When was the boiler of hall 3 built?", ".": BUILT})
    talk = chat(runtime)
    talk.ask(FIRST)
    answer = talk.ask("When was it built?")
    assert "1931" in answer.answer
    check_places(runtime, answer)
    root = read_trace(runtime.database, OWNER, answer.trace_id)
    assert [step.name for step in root.steps] == ["rewrite scripted", "ask scripted"]
    assert root.attributes["gen_ai.conversation.id"] == str(talk.id)
    assert root.steps[1].attributes["genwright.question"] == "When was the boiler of hall 3 built?"


def test_turns_are_kept_as_they_were_typed_with_their_trace(library):
    runtime = library([BUILT])
    talk = chat(runtime)
    answer = talk.ask(FIRST)
    talk.ask("When was it built?")
    turns = read_turns(runtime, talk.id)
    assert turns == talk.turns
    assert [turn.role for turn in turns] == ["user", "assistant"] * 2
    assert turns[0].content == FIRST and turns[2].content == "When was it built?"
    with runtime.database.read(OWNER) as session:
        rows = session.scalars(select(MessageRow).order_by(MessageRow.id)).all()
    assert rows[0].trace_id == rows[1].trace_id == answer.trace_id


def test_a_conversation_goes_on(library):
    runtime = library({"Last question": "When was the boiler of hall 3 built?", ".": BUILT})
    first = chat(runtime)
    first.ask(FIRST)
    again = chat(runtime, first.id)
    assert again.turns == first.turns
    assert "1931" in again.ask("When was it built?").answer
    assert again.id == first.id and len(read_turns(runtime, first.id)) == 4


def test_conversations_are_listed_newest_first(library):
    runtime = library([BUILT])
    assert list_conversations(runtime) == []
    ids = []
    for question in (FIRST, "When is the oil changed? " * 20):
        talk = chat(runtime)
        talk.ask(question)
        ids.append(talk.id)
    rows = list_conversations(runtime)
    assert [row.id for row in rows] == ids[::-1]
    assert rows[1].title == FIRST and len(rows[0].title) <= 80


def test_a_conversation_is_its_owners_alone(library):
    talk = chat(library([BUILT]))
    talk.ask(FIRST)
    ann = library([BUILT], principal=Principal("ann"))
    assert list_conversations(ann) == []
    for read in (lambda: read_turns(ann, talk.id), lambda: chat(ann, talk.id)):
        with pytest.raises(NotFound, match="chat --list"):
            read()


def test_a_conversation_that_is_not_there_is_not_found(library):
    with pytest.raises(NotFound, match="no conversation 99"):
        chat(library(), 99)


def test_history_may_be_switched_off(library):
    runtime = library([BUILT], history=0)
    talk = chat(runtime)
    talk.ask(FIRST)
    trace = talk.ask("When was it built?").trace_id
    root = read_trace(runtime.database, OWNER, trace)
    assert [step.name for step in root.steps] == ["ask scripted"]


def test_a_pasted_page_does_not_break_what_follows(library):
    runtime = library([BUILT])
    talk = chat(runtime, extractive=True)
    talk.ask("boiler oil pump \udcff " * 3000)
    assert chat(runtime, talk.id).ask("When was it built?").trace_id


def test_sentences_of_a_chat_are_told_as_they_come(library):
    *told, answer = chat(library([BUILT])).stream(FIRST)
    assert tuple(told) == answer.sentences


def test_the_embedded_models_understand_a_follow_up(embedded):
    talk = chat(embedded)
    talk.ask(FIRST)
    answer = talk.ask("And in which year was it built?")
    assert "1931" in answer.answer
    check_places(embedded, answer)
