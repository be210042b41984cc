"""An engine without a model: the same reply to the same request, for tests and demonstrations.

A token is a word with the space before it. Nothing here understands language.
"""

import json
import math
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from threading import Condition, Event, Lock

import numpy as np

from genwright.engines.base import (
    ChatMessage,
    ChatRequest,
    Delta,
    RequiredTool,
    Sampling,
    TokenScore,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDelta,
    engines,
)
from genwright.engines.instances import build_smallest_instance
from genwright.errors import UsageError
from genwright.types import Closing, Vectors

DIM = 256
LOOK_SECONDS = 0.1
"""How often one that waits for a slot looks whether it is still wanted."""
_TOKEN = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")
_WORD = re.compile(r"\w+")


@engines.register("scripted")
class ScriptedEngine(Closing):
    """Replies from a script, in the wished order of streaming, stops and limits, at a wished speed.

    Args:
        replies: A list, used in turn and then from the start again; or regular expressions, the
            first of which found in the last message gives the reply. Without any, or where none
            is found, the reply is the sentence of the conversation that shares most words with
            the end of the last message, which looks like a quoted answer.
        name: What traces and messages call it.
        context: Longest prompt and reply together, in words.
        tokens_per_second: Speed of writing, of each slot; 0 for as fast as it goes.
        prefill_per_second: Speed of reading, in words; 0 for at once.
        slots: Requests at work at once, others wait in their order; 0 for all.
        least: Words of a reply at least: it is said again until it has so many.
    """

    def __init__(
        self,
        replies: Sequence[str] | Mapping[str, str] = (),
        *,
        name: str = "scripted",
        context: int = 4096,
        tokens_per_second: float = 0.0,
        prefill_per_second: float = 0.0,
        slots: int = 0,
        least: int = 0,
    ) -> None:
        self.name, self.context = name, context
        self._replies, self._turn, self._lock = replies, 0, Lock()
        self._speed, self._prefill, self._least = tokens_per_second, prefill_per_second, least
        self._slots = RequestQueue(slots)
        self.batch_size, self.process = 1, None

    def render_prompt(self, messages: Sequence[ChatMessage]) -> str:
        """What was said, line by line."""
        return "\n".join(message.content for message in messages)

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """Say the reply, the smallest JSON that fits the schema, or call the first tool."""
        prompt = self.render_prompt(request.messages)
        tool = _choose_tool(request)
        if tool is not None:
            text = json.dumps(build_smallest_instance(tool.parameters))
            return _stream_as_call(
                self._say(prompt, text, request.sampling, None, cancel), tool.name
            )
        if request.json_schema is not None:
            text = json.dumps(build_smallest_instance(request.json_schema))
        elif request.json_object:
            text = "{}"
        else:
            text = self._reply(prompt, request.messages[-1].content if request.messages else "")
        return self._say(prompt, text, request.sampling, request.logprobs, cancel)

    def complete(
        self,
        prompt: str | Sequence[int],
        sampling: Sampling,
        cancel: Event | None = None,
        *,
        logprobs: int | None = None,
        cache_key: str = "",
    ) -> Iterator[Delta]:
        """Say the reply to the prompt."""
        text = prompt if isinstance(prompt, str) else self.detokenize(prompt)
        return self._say(text, self._reply(text, text), sampling, logprobs, cancel)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Counts of hashed words, unit length, shape (n, 256); a text without words gets e_0."""
        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in split_words(text):
                row[_hash(word) % DIM] += 1
            if not row.any():
                row[0] = 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """The share of the query's words that a text has."""
        asked = set(split_words(query))
        return [len(asked & set(split_words(text))) / max(1, len(asked)) for text in texts]

    def score(self, prompt: str, continuation: str) -> list[TokenScore]:
        """By the lengths of words: ``p(token) = 256^-n * (1/2)^n`` for n bytes of UTF-8.

        Every string of bytes is a token and the lengths share out a probability of 1, so this is
        a distribution; it does not depend on the prompt.
        """
        if not prompt:
            raise UsageError("Scoring needs a prompt before the continuation; it was empty.")
        return [_score_token(token) for token in split_tokens(continuation)]

    def score_tokens(self, tokens: Sequence[int], top: int = 5) -> list[TokenScore]:
        """The same of tokens by id, which are characters here."""
        if len(tokens) < 2:
            raise UsageError(f"Expected at least two tokens to score, got {len(tokens)}.")
        return [_score_token(self.detokenize([token]), top) for token in tokens[1:]]

    def tokenize(self, text: str) -> list[int]:
        """Code points: words have no numbers."""
        return [ord(character) for character in text]

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Characters of code points."""
        return "".join(
            chr(token) if 0 <= token < 0x110000 and not 0xD800 <= token < 0xE000 else "\ufffd"
            for token in tokens
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words of each text."""
        return [len(split_tokens(text)) for text in texts]

    def measure_prefill_speed(self) -> float | None:
        """As it was made; None where it reads at once."""
        return self._prefill or None

    def close(self) -> None:
        """Nothing is held."""

    def _reply(self, prompt: str, last: str) -> str:
        text = self._find_reply(prompt, last)
        said = len(split_tokens(text))
        if said and said < self._least:
            text = " ".join([text] * (self._least // said + 1))
        return text

    def _find_reply(self, prompt: str, last: str) -> str:
        if isinstance(self._replies, Mapping):
            found = (text for rule, text in self._replies.items() if re.search(rule, last))
            return next(found, "") or _quote(prompt, last)
        if not self._replies:
            return _quote(prompt, last)
        with self._lock:
            self._turn += 1
            return self._replies[(self._turn - 1) % len(self._replies)]

    def _say(
        self,
        prompt: str,
        text: str,
        sampling: Sampling,
        logprobs: int | None,
        cancel: Event | None,
    ) -> Iterator[Delta]:
        read = len(split_tokens(prompt))
        if read >= self.context:
            raise UsageError(
                f"The prompt has {read} tokens; {self.name!r} has a context of {self.context}. "
                "Shorten the prompt."
            )
        most = self.context if sampling.max_tokens is None else sampling.max_tokens
        limit = min(most, self.context - read)
        cut = split_tokens(_cut_at_stop(text, sampling.stop))
        cancel, began = cancel or Event(), time.monotonic()
        said, finish = 0, "length" if len(cut) > limit else "stop"
        with self._slots.hold_slot(cancel) as mine:
            cancelled = not mine or self._wait(read / self._prefill if self._prefill else 0, cancel)
            first = time.monotonic()
            for token in () if cancelled else cut[:limit]:
                # By the clock from the first one, so that short waits do not add up to long ones.
                due = first + (said + 1) / self._speed if self._speed else 0
                if cancel.is_set() or self._wait(due - time.monotonic(), cancel):
                    cancelled = True
                    break
                said += 1
                scores = (_score_token(token, logprobs),) if logprobs is not None else ()
                yield Delta(token, logprobs=scores)
            yield Delta(
                finish_reason="cancelled" if cancelled else finish,
                usage=TokenUsage(
                    prompt_tokens=read,
                    completion_tokens=said,
                    prompt_seconds=first - began if self._prefill else 0.0,
                    completion_seconds=time.monotonic() - first if self._speed else 0.0,
                ),
            )

    @staticmethod
    def _wait(seconds: float, cancel: Event) -> bool:
        """Wait; whether it was cancelled meanwhile."""
        return seconds > 0 and cancel.wait(seconds)


class RequestQueue:
    """So many at once, others in the order they came; whoever is cancelled leaves.

    Args:
        slots: How many; 0 for any number.
    """

    def __init__(self, slots: int) -> None:
        self._slots, self._changed = slots, Condition()
        self._waiting: deque[object] = deque()
        self._running = 0

    @contextmanager
    def hold_slot(self, cancel: Event) -> Iterator[bool]:
        """Hold a slot; False, and none is held, for one that was cancelled while it waited."""
        mine = not self._slots or self._enter(cancel)
        try:
            yield mine
        finally:
            if mine and self._slots:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _enter(self, cancel: Event) -> bool:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            while self._running >= self._slots or self._waiting[0] is not ticket:
                if cancel.is_set():
                    self._waiting.remove(ticket)
                    self._changed.notify_all()
                    return False
                self._changed.wait(LOOK_SECONDS)
            self._waiting.popleft()
            self._running += 1
            return True


def _choose_tool(request: ChatRequest) -> Tool | None:
    """The tool that is called: only where one must be."""
    named = request.tool_choice.name if isinstance(request.tool_choice, RequiredTool) else ""
    if not request.must_call:
        return None
    return next((tool for tool in request.tools if tool.name == named), request.tools[0])


def _stream_as_call(deltas: Iterator[Delta], name: str) -> Iterator[Delta]:
    """A reply as the arguments of a call, in pieces and whole at the end."""
    said, first = "", name
    for delta in deltas:
        if delta.text:
            said += delta.text
            piece = ToolDelta(0, "call_0" if first else "", first, delta.text)
            yield replace(delta, text="", tool_call_deltas=(piece,))
            first = ""
        if delta.finish_reason:
            whole = delta.finish_reason == "stop"
            finish = "tool_calls" if whole else delta.finish_reason
            call = ToolCall("call_0", name, said)
            yield replace(delta, tool_calls=(call,), finish_reason=finish)


def _score_token(token: str, top: int | None = None) -> TokenScore:
    score = TokenScore(token, _compute_logprob(token), bytes=tuple(token.encode()))
    return replace(score, top=(score,)) if top else score


def split_tokens(text: str) -> list[str]:
    """Words with the space before them; joined, they are the text again."""
    return _TOKEN.findall(text)


def split_words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return _WORD.findall(text.lower())


def _cut_at_stop(text: str, stop: Sequence[str]) -> str:
    places = [place for mark in stop if mark and (place := text.find(mark)) >= 0]
    return text[: min(places, default=len(text))]


def _quote(prompt: str, last: str) -> str:
    """The sentence before the last message's final line that shares most words with that line."""
    asked = [line for line in last.splitlines() if line.strip()][-1:] or [""]
    body = prompt[: prompt.rfind(asked[0])] if asked[0] else prompt
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", body) if part.strip()]
    wanted = set(split_words(asked[0]))
    return max(
        sentences,
        key=lambda sentence: len(wanted & set(split_words(sentence))),
        default=asked[0].strip(),
    )


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")


def _compute_logprob(token: str) -> float:
    return -len(token.encode()) * math.log(512)
