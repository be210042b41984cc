"""A turn of a conversation being answered: in its queue, sentence by sentence, then kept."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from threading import Event

from pydantic import BaseModel, Field

from genwright.access import Identity
from genwright.answers.assistants import open_assistant
from genwright.answers.chat import Chat
from genwright.answers.conversations import (
    TITLE_CHARACTERS,
    begin_conversation,
    find_conversation,
    make_not_found,
    read_conversation,
    remove_conversation,
    rewind,
)
from genwright.errors import UsageError
from genwright.grounding.citations import Answer, Sentence
from genwright.registry import ServedAssistant
from genwright.runtime import Runtime
from genwright.server.api.shared.assistant_calls import AssistantQuestion, summarize_outcome
from genwright.server.api.shared.model_calls import watch_request
from genwright.server.service import Service
from genwright.storage import Conversation

LONGEST_QUESTION = 20_000


class QuestionForm(BaseModel):
    """What the composer sends."""

    text: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    assistant: str = Field(default="", max_length=200)
    replaces: int | None = Field(default=None, ge=1, le=2**53)
    """Message from which on everything is asked anew."""


@dataclass(frozen=True)
class ConversationQuestion:
    """The next question of a conversation.

    Args:
        served: Who answers.
        text: The question.
        conversation: Which one it belongs to; None begins one.
        replaces: Message from which on everything is taken out first; None for nothing.
    """

    served: ServedAssistant
    text: str
    conversation: int | None = None
    replaces: int | None = None


def parse_question_form(
    service: Service, identity: Identity, form: QuestionForm, conversation: int | None
) -> ConversationQuestion:
    """A question as a form gives it. It blocks.

    Raises:
        NotFound: The asker has no such conversation, or there is no such assistant.
        UsageError: There is no question.
        Refused: It holds identifiers that no model may read.
    """
    text, assistant = form.text.strip(), form.assistant
    if not text:
        raise UsageError("Expected a question, got nothing.")
    first = ""
    if conversation is not None:
        about, turns = read_conversation(service.runtime_for(identity), conversation)
        if about.owner != identity.principal.name:
            raise make_not_found(conversation)
        assistant = assistant or about.assistant
        first = next((turn.text for turn in turns if turn.role == "user"), "")
    served = service.assistants.resolve(identity.principal, assistant)
    if "@" not in assistant:
        served = service.route_conversation(identity, served, first or text)
    return ConversationQuestion(
        served, service.privacy.screen_prompt(text), conversation, form.replaces
    )


def retitle(runtime: Runtime, conversation: int, title: str) -> None:
    """Give a conversation of the principal's own another title.

    Raises:
        NotFound: The principal has no such conversation.
        UsageError: The title is empty.
    """
    plain = " ".join(title.split())[:TITLE_CHARACTERS]
    if not plain:
        raise UsageError("Expected a title, got nothing.")
    with runtime.database.write(runtime.principal) as session:
        find_conversation(
            session, conversation, Conversation.owner == runtime.principal.name
        ).title = plain


@dataclass(frozen=True)
class TurnStart:
    """The first piece: it is this conversation's turn."""

    conversation: int


Piece = TurnStart | Sentence | Answer


async def stream_turn(
    service: Service, identity: Identity, asked: ConversationQuestion
) -> AsyncGenerator[Piece, None]:
    """The conversation, sentences as they are checked, the answer once it is kept.

    Closing this cancels it; what was written by then is kept.

    Raises:
        NotFound: The asker has no such conversation.
        TooMany: The queue is full, or a quota used up.
        EngineFailed: The model died or does not load.
    """
    model = AssistantQuestion(asked.served, asked.text).model
    with watch_request(service, identity, model) as watch:
        pieces = service.generate(
            model,
            identity,
            lambda cancel: _run_turn(service.runtime_for(identity), asked, cancel),
            watch.seen.record_queue_time,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Answer):
                    watch.usage, watch.finish = piece.usage, "stop"
                    service.metrics.count_answer(asked.served.name, *summarize_outcome(piece))
                elif isinstance(piece, Sentence):
                    watch.count_sentence(piece.text)
                yield piece


def _run_turn(runtime: Runtime, asked: ConversationQuestion, cancel: Event) -> Iterator[Piece]:
    begun = asked.conversation is None
    opened = open_assistant(runtime, asked.served)
    conversation = _prepare_conversation(runtime, asked)
    try:
        chat = Chat(opened.answerer, conversation)
        yield TurnStart(conversation)
        yield from chat.stream(asked.text, scope=opened.scope, cancel=cancel)
    except Exception:
        if begun and not read_conversation(runtime, conversation)[1]:
            remove_conversation(runtime, conversation)  # nothing was said in it
        raise


def _prepare_conversation(runtime: Runtime, asked: ConversationQuestion) -> int:
    """The conversation as it is when the question comes."""
    if asked.conversation is not None:
        if asked.replaces is not None:
            rewind(runtime, asked.conversation, asked.replaces)
        return asked.conversation
    owner = runtime.principal.name
    with runtime.database.write(runtime.principal) as session:
        return begin_conversation(session, owner, asked.text, asked.served.name)
