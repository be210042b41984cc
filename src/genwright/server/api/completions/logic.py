"""Text completions: prompts by text or tokens, echoed and scored where that is asked."""

import math
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from threading import Event

from genwright.access import Identity
from genwright.engines import ChatMessage, Delta, Engine, Sampling, TokenScore, TokenUsage
from genwright.server.api.chat.logic import compute_fingerprint, map_finish_reason
from genwright.server.api.chat.request import describe_sampling
from genwright.server.api.completions.schema import CompletionBody
from genwright.server.api.shared.model_calls import (
    Made,
    ModelCall,
    RequestStart,
    add_usage,
    drop_prompt_usage,
)
from genwright.server.api.shared.requests import UnsupportedField
from genwright.server.api.shared.sse import DONE, LEAST, ChunkWriter, dumps, format_usage
from genwright.server.api.shared.targets import BareModel, resolve_target
from genwright.server.service import Service
from genwright.types import Json

DEFAULT_TOKENS = 16
"""As OpenAI has it."""
UNSCORED = math.nan
"""Log-probability of a prompt's first token: nothing is before it that could predict it."""


def make_completion_call(service: Service, identity: Identity, body: CompletionBody) -> ModelCall:
    """What a model is asked. It blocks.

    Raises:
        NotFound: There is no such model.
        Unfit: An assistant is named, or tokens that would have to be looked into.
        Refused: A prompt holds identifiers that no model may read.
    """
    if not isinstance(resolve_target(service, identity, body.model), BareModel):
        raise UnsupportedField(
            "model", "assistants answer in /v1/chat/completions; name a model here."
        )
    prompts = [_redact_prompt(each, service) for each in body.prompts]
    sampling = body.to_sampling(DEFAULT_TOKENS if body.max_tokens is None else body.max_tokens)

    def start(engine: Engine, cancel: Event) -> Iterator[Made]:
        for place, prompt in enumerate(prompts):
            yield from _generate_replies(engine, body, prompt, place, sampling, identity, cancel)

    said = [ChatMessage("user", each if isinstance(each, str) else str(each)) for each in prompts]
    return ModelCall(body.model, "text_completion", start, describe_sampling(sampling), said)


Prompt = str | list[int]


def _redact_prompt(prompt: Prompt, service: Service) -> Prompt:
    if isinstance(prompt, str):
        return service.privacy.screen_prompt(prompt)
    if service.settings.privacy.prompts != "keep":
        raise UnsupportedField(
            "prompt", "token ids are not looked into for identifiers here; send text."
        )
    return prompt


def _generate_replies(
    engine: Engine,
    body: CompletionBody,
    prompt: Prompt,
    place: int,
    sampling: Sampling,
    identity: Identity,
    cancel: Event,
) -> Iterator[Made]:
    """The replies to one prompt."""
    each = body.n or 1
    echo = _echo_prompt(engine, prompt, body.logprobs) if body.echo else None
    for number in range(each):
        index = place * each + number
        if cancel.is_set():
            return
        if echo is not None:
            yield index, echo
        if body.max_tokens == 0:
            read = 0 if number else _count_tokens(engine, prompt)
            yield index, Delta(finish_reason="length", usage=TokenUsage(prompt_tokens=read))
            continue
        seeded = replace(sampling, seed=sampling.seed + number)
        deltas = engine.complete(
            prompt, seeded, cancel, logprobs=body.logprobs, cache_key=identity.principal.name
        )
        for delta in deltas:
            yield index, drop_prompt_usage(delta) if number else delta


def _count_tokens(engine: Engine, prompt: Prompt) -> int:
    return len(engine.tokenize(prompt) if isinstance(prompt, str) else prompt)


def _echo_prompt(engine: Engine, prompt: Prompt, logprobs: int | None) -> Delta:
    """The prompt as a piece of the reply."""
    text = prompt if isinstance(prompt, str) else engine.detokenize(prompt)
    if logprobs is None:
        return Delta(text)
    tokens = engine.tokenize(prompt) if isinstance(prompt, str) else prompt
    if not tokens:
        return Delta(text)
    first = TokenScore(engine.detokenize(tokens[:1]), UNSCORED)
    rest = engine.score_tokens(tokens, logprobs) if len(tokens) > 1 else []
    return Delta(text, logprobs=(first, *rest))


def format_completion_scores(scores: Sequence[TokenScore], offset: int) -> Json:
    """Log-probabilities of a text completion.

    Args:
        scores: Of its tokens.
        offset: Where the first of them begins in prompt and reply together.
    """
    offsets = []
    for score in scores:
        offsets.append(offset)
        offset += len(score.token)
    return {
        "tokens": [score.token for score in scores],
        "token_logprobs": [_to_number(score) for score in scores],
        "top_logprobs": [_list_top_tokens(score) for score in scores],
        "text_offset": offsets,
    }


def _to_number(score: TokenScore) -> float | None:
    return None if math.isnan(score.logprob) else max(score.logprob, LEAST)


def _list_top_tokens(score: TokenScore) -> dict[str, float] | None:
    """The likeliest tokens, and the one that is there."""
    if math.isnan(score.logprob):
        return None
    found: dict[str, float] = {}
    for each in (*score.top, score):
        found[each.token] = max(found.get(each.token, LEAST), each.logprob)
    return found


@dataclass
class _CompletionChoice:
    texts: list[str] = field(default_factory=list)
    scores: list[TokenScore] = field(default_factory=list)
    finish: str = "stop"

    def add(self, delta: Delta) -> None:
        self.texts.append(delta.text)
        self.scores += delta.logprobs
        if delta.finish_reason:
            self.finish = map_finish_reason(delta.finish_reason)

    def json(self, index: int, body: CompletionBody) -> Json:
        logprobs = (
            format_completion_scores(self.scores, _find_offset(body, index))
            if body.logprobs is not None
            else None
        )
        return {
            "index": index,
            "text": "".join(self.texts),
            "logprobs": logprobs,
            "finish_reason": self.finish,
        }


def _find_offset(body: CompletionBody, index: int) -> int:
    """Where a reply begins: after its prompt, unless that is a part of it."""
    prompt = body.prompts[index // (body.n or 1)]
    return 0 if body.echo or not isinstance(prompt, str) else len(prompt)


def _make_head(trace: str, body: CompletionBody) -> Json:
    return {
        "id": f"cmpl-{trace}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": body.model,
        "system_fingerprint": compute_fingerprint(body.model),
    }


async def collect_completion(
    body: CompletionBody, pieces: AsyncGenerator[RequestStart | Made, None]
) -> Json:
    """The replies, at once."""
    trace, usage = "", TokenUsage()
    choices: defaultdict[int, _CompletionChoice] = defaultdict(_CompletionChoice)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                trace = piece.trace_id
                continue
            choices[piece[0]].add(piece[1])
            usage = add_usage(usage, piece[1].usage or TokenUsage())
    return {
        **_make_head(trace, body),
        "choices": [each.json(number, body) for number, each in sorted(choices.items())],
        "usage": format_usage(usage),
    }


async def stream_completion(
    body: CompletionBody, pieces: AsyncGenerator[RequestStart | Made, None]
) -> AsyncGenerator[str, None]:
    """The replies, as events."""
    writer, usage = None, TokenUsage()
    offsets: dict[int, int] = {}
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                wanted = body.stream_options is not None and body.stream_options.include_usage
                writer = ChunkWriter(_make_head(piece.trace_id, body), bool(wanted))
                continue
            assert writer is not None
            index, delta = piece
            scores = "null"
            if delta.logprobs:
                offset = offsets.get(index, _find_offset(body, index))
                scores = dumps(format_completion_scores(delta.logprobs, offset))
                offsets[index] = offset + sum(len(each.token) for each in delta.logprobs)
            ended = f'"{map_finish_reason(delta.finish_reason)}"' if delta.finish_reason else "null"
            usage = add_usage(usage, delta.usage) if delta.usage else usage
            yield writer.write_choice(
                f'{{"index":{index},"text":{dumps(delta.text)},"logprobs":{scores},'
                f'"finish_reason":{ended}}}'
            )
    assert writer is not None
    yield (writer.write_usage(usage) if writer.usage_wanted else "") + DONE
