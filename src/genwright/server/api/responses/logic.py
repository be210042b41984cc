"""Responses: what is asked of whom, and the turn that comes of it."""

import json
import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from threading import Event

from genwright.access import Identity
from genwright.engines import ChatMessage, ChatRequest, Delta, Engine, Sampling, TokenUsage, Tool
from genwright.engines.base import RequiredTool
from genwright.errors import UsageError
from genwright.grounding.citations import Sentence
from genwright.library.collections import get_collection
from genwright.prompts import load_prompt
from genwright.registry import ServedAssistant
from genwright.registry.assistants import ConfigVersion
from genwright.registry.config import apply_changes, build_config, read_prompt_text
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.server.api.chat.request import NO_ARGUMENTS, describe_sampling
from genwright.server.api.responses import store as keeping
from genwright.server.api.responses.items import parse_input_items, to_messages
from genwright.server.api.responses.schema import (
    FunctionChoice,
    ResponseBody,
    ResponseSchemaFormat,
)
from genwright.server.api.responses.turn import ResponseTurn
from genwright.server.api.shared.assistant_calls import (
    AssistantQuestion,
    FinalAnswer,
    stream_assistant,
)
from genwright.server.api.shared.citations import describe_answer
from genwright.server.api.shared.model_calls import (
    Made,
    ModelCall,
    RequestStart,
    add_usage,
    stream_model,
)
from genwright.server.api.shared.requests import UnsupportedField
from genwright.server.api.shared.stored import parse_store_id
from genwright.server.api.shared.targets import BareModel, resolve_target
from genwright.server.errors import describe_error
from genwright.server.service import Service
from genwright.types import Json


@dataclass(frozen=True)
class ResponseRequest:
    """What a response is to be made of."""

    body: ResponseBody
    what: ModelCall | AssistantQuestion
    ignored: tuple[str, ...] = ()

    @property
    def query(self) -> str | None:
        """What is searched for; None where no search was asked for."""
        if isinstance(self.what, AssistantQuestion) and self.body.searches:
            return self.what.text
        return None


@dataclass(frozen=True)
class ActiveResponse:
    """A response that is being made."""

    turn: ResponseTurn
    owner: str
    cancel: Event


AtWork = dict[str, ActiveResponse]
"""The responses that are being made, by id."""


def cancel_active(runtime: Runtime, at_work: AtWork, id_: str) -> Json:
    """End a response that is being made, and give what there is of it.

    Raises:
        NotFound: The principal has none of that id.
        UsageError: It has ended.
    """
    writing = at_work.get(id_)
    if writing is None or writing.owner != runtime.principal.name:
        status = keeping.read_response(runtime, id_)[0]["status"]
        raise UsageError(f"The response {id_!r} has ended ({status}): there is nothing to cancel.")
    writing.cancel.set()
    return {**writing.turn.json(), "status": "cancelled"}


Step = tuple[ResponseTurn, str]
"""A response as far as it has come, and the events that tell of its last step."""


def parse_response_request(
    service: Service, identity: Identity, body: ResponseBody
) -> ResponseRequest:
    """What a request asks, and of whom. It blocks.

    Raises:
        NotFound: There is no such model, vector store or previous response.
        Unfit: It asks for what cannot be done.
        Refused: It holds identifiers that no model may read.
    """
    runtime, private = service.runtime_for(identity), service.privacy.screen_prompt
    target = resolve_target(service, identity, body.model)
    before = (
        keeping.read_chain(runtime, body.previous_response_id) if body.previous_response_id else []
    )
    messages = to_messages([*before, *parse_input_items(body, "resp_")], private)
    if isinstance(target, BareModel) and not body.searches:
        return ResponseRequest(
            body, _make_call(body, messages, identity, private(body.instructions or ""))
        )
    if not isinstance(target, BareModel) and "@" not in body.model:
        first = next((each.content for each in messages if each.role == "user"), "")
        target = service.route_conversation(identity, target, first)
    return _make_question(service, runtime, body, target, messages)


def _make_call(
    body: ResponseBody, messages: tuple[ChatMessage, ...], identity: Identity, instructions: str
) -> ModelCall:
    if instructions:
        messages = (ChatMessage("system", instructions), *messages)
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
        json_schema=form.schema_ if isinstance(form, ResponseSchemaFormat) else None,
        json_object=form is not None and form.type == "json_object",
        tools=tuple(
            Tool(tool.name, tool.description or "", tool.parameters or NO_ARGUMENTS)
            for tool in body.functions
        ),
        tool_choice=RequiredTool(choice.name)
        if isinstance(choice, FunctionChoice)
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

    return ModelCall(body.model, "chat", start, describe_sampling(request.sampling), messages)


def _make_question(
    service: Service,
    runtime: Runtime,
    body: ResponseBody,
    target: BareModel | ServedAssistant,
    messages: tuple[ChatMessage, ...],
) -> ResponseRequest:
    """A question to an assistant, or to a model that is to answer from collections."""
    if body.functions:
        raise UnsupportedField("tools", "functions cannot be called in an answer from documents.")
    if body.text is not None and body.text.format is not None and body.text.format.type != "text":
        raise UnsupportedField("text", "an answer from documents is text.")
    if body.logprobs is not None:
        raise UnsupportedField("top_logprobs", "an answer from documents has no log-probabilities.")
    turns = [each for each in messages if each.role in ("user", "assistant") and each.content]
    if not turns or turns[-1].role != "user" or not turns[-1].content.strip():
        raise UnsupportedField("input", "expected a question, by 'user', at the end.")
    ignored = [name for name in ("temperature", "top_p") if getattr(body, name) is not None]
    if any(message.role == "system" for message in messages):
        ignored.append("input: system")
    if isinstance(target, BareModel):
        served = _configure_model(service, target.name, body)
    else:
        served = target
        ignored += ["instructions"] if body.instructions else []
    question = AssistantQuestion(
        served, turns[-1].content, tuple(turns[:-1]), body.max_output_tokens
    )
    if body.searches:
        names = [get_collection(runtime, parse_store_id(each)).name for each in _list_stores(body)]
        question = replace(question, scope=Scope(tuple(dict.fromkeys(names))))
    return ResponseRequest(body, question, tuple(ignored))


def _list_stores(body: ResponseBody) -> list[str]:
    return body.searches[0].vector_store_ids


def _configure_model(service: Service, model: str, body: ResponseBody) -> ServedAssistant:
    """The workspace's own way to answer, by another model and with more instructions."""
    settings, folder = service.settings, service.workspace.prompts_dir
    prompt = read_prompt_text(load_prompt("answer", folder))
    if body.instructions:
        words = service.privacy.screen_prompt(body.instructions)
        prompt = prompt.model_copy(
            update={"system": f"{prompt.system}\n\n{_quote_template(words)}"}
        )
    answer = {"model": model, "extractive": False}
    most = body.searches[0].max_num_results
    retrieval = {} if most is None else {"top_k": most}
    config = apply_changes(
        build_config(settings, folder), {"answer": answer, "retrieval": retrieval}
    )
    config = config.model_copy(update={"prompt": prompt})
    return ServedAssistant(model, ConfigVersion(0, config, config.compute_digest(), "", "", ""))


def _quote_template(text: str) -> str:
    """A text that a template prints as it is."""
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}"


async def collect_response(
    service: Service, identity: Identity, asked: ResponseRequest, at_work: AtWork
) -> Json:
    """A response, at once."""
    steps = _stream_steps(service, identity, asked, at_work)
    async with aclosing(steps):
        turns = [turn async for turn, _ in steps]
    return turns[-1].json()


async def stream_response(
    service: Service, identity: Identity, asked: ResponseRequest, at_work: AtWork
) -> AsyncGenerator[str, None]:
    """A response, as events."""
    steps = _stream_steps(service, identity, asked, at_work)
    turn: ResponseTurn | None = None
    async with aclosing(steps):
        try:
            async for step in steps:
                turn = step[0]
                yield step[1]
        except Exception as error:
            if turn is None:
                raise
            yield turn.write_failure(describe_error(error)[1]["error"])


async def _stream_steps(
    service: Service, identity: Identity, asked: ResponseRequest, at_work: AtWork
) -> AsyncGenerator[Step, None]:
    """A turn with the events of each of its steps; it is kept before its last event."""
    steps = _stream_model if isinstance(asked.what, ModelCall) else _stream_assistant
    turn: ResponseTurn | None = None
    try:
        async with aclosing(steps(service, identity, asked, at_work)) as made:
            async for turn, told in made:
                yield turn, told
        assert turn is not None
        if asked.body.store is not False:
            body, items = turn.json(), parse_input_items(asked.body, turn.id)
            await service.call(
                lambda: keeping.store_response(service.runtime_for(identity), body, items)
            )
        yield turn, turn.write_last()
    finally:
        if turn is not None:
            at_work.pop(turn.id, None)


def _start_turn(
    identity: Identity, asked: ResponseRequest, at_work: AtWork, piece: RequestStart
) -> ResponseTurn:
    turn = ResponseTurn(asked.body, piece.trace_id)
    at_work[turn.id] = ActiveResponse(turn, identity.principal.name, piece.cancel)
    return turn


async def _stream_model(
    service: Service, identity: Identity, asked: ResponseRequest, at_work: AtWork
) -> AsyncGenerator[Step, None]:
    assert isinstance(asked.what, ModelCall)
    turn, usage, finish, opening = None, TokenUsage(), "cancelled", ""
    async with aclosing(stream_model(service, identity, asked.what)) as pieces:
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                turn = _start_turn(identity, asked, at_work, piece)
                opening = turn.write_start()
                continue
            assert turn is not None
            delta = piece[1]
            if delta.usage is not None:
                usage, finish = add_usage(usage, delta.usage), delta.finish_reason or "stop"
            told = opening + _write_delta(turn, delta)
            opening = ""
            yield turn, told
    assert turn is not None
    empty = "" if turn.items else turn.write_text("")
    yield turn, opening + empty + turn.write_end(finish, usage)


def _write_delta(turn: ResponseTurn, delta: Delta) -> str:
    told = turn.write_text(delta.text, delta.logprobs) if delta.text else ""
    return told + "".join(turn.write_call(each) for each in delta.tool_call_deltas)


async def _stream_assistant(
    service: Service, identity: Identity, asked: ResponseRequest, at_work: AtWork
) -> AsyncGenerator[Step, None]:
    assert isinstance(asked.what, AssistantQuestion)
    turn, told, opening = None, 0, ""
    async with aclosing(stream_assistant(service, identity, asked.what)) as pieces:
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                turn = _start_turn(identity, asked, at_work, piece)
                opening = turn.write_start() + turn.write_search_start(asked.query)
                continue
            assert turn is not None
            opening += turn.write_search_end(piece if isinstance(piece, FinalAnswer) else None)
            if isinstance(piece, Sentence):
                yield turn, opening + turn.write_text(piece.before * bool(told) + piece.text)
                told, opening = told + 1, ""
            else:
                yield turn, opening + _end_answer(turn, piece, asked, bool(told))
                return
    assert turn is not None
    yield turn, opening + turn.write_end("cancelled", TokenUsage())


def _end_answer(turn: ResponseTurn, last: FinalAnswer, asked: ResponseRequest, told: bool) -> str:
    """The end of an answer: what was not yet said, and what it rests on."""
    assert isinstance(asked.what, AssistantQuestion)
    answer = last.answer
    events = "" if told else turn.write_text(answer.answer)
    events += turn.write_citations(last)
    turn.about = describe_answer(answer, asked.what.served.label, last.files, asked.ignored)
    return events + turn.write_end("stop", answer.usage)
