"""Responses: what is asked of whom, and the turn that comes of it."""

import json
import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from threading import Event

from genwright.access import Identity
from genwright.engines import ChatRequest, Delta, Engine, Message, Sampling, Tool, Usage
from genwright.engines.base import NamedTool
from genwright.errors import UsageError
from genwright.grounding.citations import Sentence
from genwright.library.collections import get_collection
from genwright.prompts import load_prompt
from genwright.registry import Served
from genwright.registry.assistants import Version
from genwright.registry.config import changed, configured, prompt_text
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.server.api.chat.request import NO_ARGUMENTS, attributes_of
from genwright.server.api.responses import store as keeping
from genwright.server.api.responses.items import input_items, messages_of
from genwright.server.api.responses.schema import (
    ChosenFunction,
    ResponseBody,
    SchemaFormat,
)
from genwright.server.api.responses.turn import Turn
from genwright.server.api.shared.assistant_calls import Answered, Question, by_assistant
from genwright.server.api.shared.citations import BETWEEN, about
from genwright.server.api.shared.model_calls import Begun, Call, Made, added, by_model
from genwright.server.api.shared.requests import Unfit
from genwright.server.api.shared.stored import number_of
from genwright.server.api.shared.targets import Plain, target_of
from genwright.server.errors import of_error
from genwright.server.service import Service
from genwright.types import Json


@dataclass(frozen=True)
class Asked:
    """What a response is to be made of."""

    body: ResponseBody
    what: Call | Question
    ignored: tuple[str, ...] = ()

    @property
    def query(self) -> str | None:
        """What is searched for; None where no search was asked for."""
        if isinstance(self.what, Question) and self.body.searches:
            return self.what.text
        return None


@dataclass(frozen=True)
class Writing:
    """A response that is being made."""

    turn: Turn
    owner: str
    cancel: Event


AtWork = dict[str, Writing]
"""The responses that are being made, by id."""


def cancel(runtime: Runtime, at_work: AtWork, id_: str) -> Json:
    """End a response that is being made, and give what there is of it.

    Raises:
        NotFound: The principal has none of that id.
        UsageError: It has ended.
    """
    writing = at_work.get(id_)
    if writing is None or writing.owner != runtime.principal.name:
        status = keeping.read(runtime, id_)[0]["status"]
        raise UsageError(f"The response {id_!r} has ended ({status}): there is nothing to cancel.")
    writing.cancel.set()
    return {**writing.turn.json(), "status": "cancelled"}


Step = tuple[Turn, str]
"""A response as far as it has come, and the events that tell of its last step."""


def asked_of(service: Service, identity: Identity, body: ResponseBody) -> Asked:
    """What a request asks, and of whom. It blocks.

    Raises:
        NotFound: There is no such model, vector store or previous response.
        Unfit: It asks for what cannot be done.
        Refused: It holds identifiers that no model may read.
    """
    runtime, private = service.runtime_for(identity), service.privacy.prompt
    target = target_of(service, identity, body.model)
    before = keeping.chain(runtime, body.previous_response_id) if body.previous_response_id else []
    messages = messages_of([*before, *input_items(body, "resp_")], private)
    if isinstance(target, Plain) and not body.searches:
        return Asked(body, _call(body, messages, identity, private(body.instructions or "")))
    if not isinstance(target, Plain) and "@" not in body.model:
        first = next((each.content for each in messages if each.role == "user"), "")
        target = service.routed(identity, target, first)
    return _question(service, runtime, body, target, messages)


def _call(
    body: ResponseBody, messages: tuple[Message, ...], identity: Identity, instructions: str
) -> Call:
    if instructions:
        messages = (Message("system", instructions), *messages)
    form = body.text.format if body.text else None
    choice = body.tool_choice or "auto"
    request = ChatRequest(
        messages=messages,
        sampling=Sampling(
            max_tokens=body.max_output_tokens,
            temperature=1.0 if body.temperature is None else body.temperature,
            top_p=1.0 if body.top_p is None else body.top_p,
            seed=secrets.randbelow(2**31),
        ),
        json_schema=form.schema_ if isinstance(form, SchemaFormat) else None,
        json_object=form is not None and form.type == "json_object",
        tools=tuple(
            Tool(tool.name, tool.description or "", tool.parameters or NO_ARGUMENTS)
            for tool in body.functions
        ),
        tool_choice=NamedTool(choice.name)
        if isinstance(choice, ChosenFunction)
        else choice
        if isinstance(choice, str)
        else "auto",
        parallel_tool_calls=body.parallel_tool_calls is not False,
        logprobs=body.logprobs,
        cache_key=identity.principal.name,
    )

    def start(engine: Engine, cancel: Event) -> Iterator[Made]:
        for delta in engine.chat(request, cancel):
            yield 0, delta

    return Call(body.model, "chat", start, attributes_of(request.sampling), messages)


def _question(
    service: Service,
    runtime: Runtime,
    body: ResponseBody,
    target: Plain | Served,
    messages: tuple[Message, ...],
) -> Asked:
    """A question to an assistant, or to a model that is to answer from collections."""
    if body.functions:
        raise Unfit("tools", "functions cannot be called in an answer from documents.")
    if body.text is not None and body.text.format is not None and body.text.format.type != "text":
        raise Unfit("text", "an answer from documents is text.")
    if body.logprobs is not None:
        raise Unfit("top_logprobs", "an answer from documents has no log-probabilities.")
    turns = [each for each in messages if each.role in ("user", "assistant") and each.content]
    if not turns or turns[-1].role != "user" or not turns[-1].content.strip():
        raise Unfit("input", "expected a question, by 'user', at the end.")
    ignored = [name for name in ("temperature", "top_p") if getattr(body, name) is not None]
    if any(message.role == "system" for message in messages):
        ignored.append("input: system")
    if isinstance(target, Plain):
        served = _for_model(service, target.name, body)
    else:
        served = target
        ignored += ["instructions"] if body.instructions else []
    question = Question(served, turns[-1].content, tuple(turns[:-1]), body.max_output_tokens)
    if body.searches:
        names = [get_collection(runtime, number_of(each)).name for each in _stores(body)]
        question = replace(question, scope=Scope(tuple(dict.fromkeys(names))))
    return Asked(body, question, tuple(ignored))


def _stores(body: ResponseBody) -> list[str]:
    return body.searches[0].vector_store_ids


def _for_model(service: Service, model: str, body: ResponseBody) -> Served:
    """The workspace's own way to answer, by another model and with more instructions."""
    settings, folder = service.settings, service.workspace.prompts_dir
    prompt = prompt_text(load_prompt("answer", folder))
    if body.instructions:
        words = service.privacy.prompt(body.instructions)
        prompt = prompt.model_copy(update={"system": f"{prompt.system}\n\n{_literal(words)}"})
    answer = {"model": model, "extractive": False}
    most = body.searches[0].max_num_results
    retrieval = {} if most is None else {"k": most}
    config = changed(configured(settings, folder), {"answer": answer, "retrieval": retrieval})
    config = config.model_copy(update={"prompt": prompt})
    return Served(model, Version(0, config, config.digest(), "", "", ""))


def _literal(text: str) -> str:
    """A text that a template prints as it is."""
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}"


async def whole(service: Service, identity: Identity, asked: Asked, at_work: AtWork) -> Json:
    """A response, at once."""
    steps = _steps(service, identity, asked, at_work)
    async with aclosing(steps):
        turns = [turn async for turn, _ in steps]
    return turns[-1].json()


async def events(
    service: Service, identity: Identity, asked: Asked, at_work: AtWork
) -> AsyncGenerator[str, None]:
    """A response, as events."""
    steps = _steps(service, identity, asked, at_work)
    turn: Turn | None = None
    async with aclosing(steps):
        try:
            async for step in steps:
                turn = step[0]
                yield step[1]
        except Exception as error:
            if turn is None:
                raise
            yield turn.failed(of_error(error)[1]["error"])


async def _steps(
    service: Service, identity: Identity, asked: Asked, at_work: AtWork
) -> AsyncGenerator[Step, None]:
    """A turn with the events of each of its steps; it is kept before its last event."""
    steps = _by_model if isinstance(asked.what, Call) else _by_assistant
    turn: Turn | None = None
    try:
        async with aclosing(steps(service, identity, asked, at_work)) as made:
            async for turn, told in made:
                yield turn, told
        assert turn is not None
        if asked.body.store is not False:
            body, items = turn.json(), input_items(asked.body, turn.id)
            await service.call(lambda: keeping.keep(service.runtime_for(identity), body, items))
        yield turn, turn.last()
    finally:
        if turn is not None:
            at_work.pop(turn.id, None)


def _begun(identity: Identity, asked: Asked, at_work: AtWork, piece: Begun) -> Turn:
    turn = Turn(asked.body, piece.trace_id)
    at_work[turn.id] = Writing(turn, identity.principal.name, piece.cancel)
    return turn


async def _by_model(
    service: Service, identity: Identity, asked: Asked, at_work: AtWork
) -> AsyncGenerator[Step, None]:
    assert isinstance(asked.what, Call)
    turn, usage, finish, opening = None, Usage(), "cancelled", ""
    async with aclosing(by_model(service, identity, asked.what)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Begun):
                turn = _begun(identity, asked, at_work, piece)
                opening = turn.begun()
                continue
            assert turn is not None
            delta = piece[1]
            if delta.usage is not None:
                usage, finish = added(usage, delta.usage), delta.finish_reason or "stop"
            told = opening + _told(turn, delta)
            opening = ""
            yield turn, told
    assert turn is not None
    empty = "" if turn.items else turn.said("")
    yield turn, opening + empty + turn.ended(finish, usage)


def _told(turn: Turn, delta: Delta) -> str:
    told = turn.said(delta.text, delta.logprobs) if delta.text else ""
    return told + "".join(turn.called(each) for each in delta.tool_call_deltas)


async def _by_assistant(
    service: Service, identity: Identity, asked: Asked, at_work: AtWork
) -> AsyncGenerator[Step, None]:
    assert isinstance(asked.what, Question)
    turn, told, opening = None, 0, ""
    async with aclosing(by_assistant(service, identity, asked.what)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Begun):
                turn = _begun(identity, asked, at_work, piece)
                opening = turn.begun() + turn.searching(asked.query)
                continue
            assert turn is not None
            opening += turn.searched(piece if isinstance(piece, Answered) else None)
            if isinstance(piece, Sentence):
                yield turn, opening + turn.said(BETWEEN * bool(told) + piece.text)
                told, opening = told + 1, ""
            else:
                yield turn, opening + _answered(turn, piece, asked, bool(told))
                return
    assert turn is not None
    yield turn, opening + turn.ended("cancelled", Usage())


def _answered(turn: Turn, last: Answered, asked: Asked, told: bool) -> str:
    """The end of an answer: what was not yet said, and what it rests on."""
    assert isinstance(asked.what, Question)
    answer = last.answer
    events = "" if told else turn.said(answer.answer)
    events += turn.cited(last)
    turn.about = about(answer, asked.what.served.label, last.files, asked.ignored)
    return events + turn.ended("stop", answer.usage)
