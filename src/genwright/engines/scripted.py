"""An engine without a model: the same reply to the same request, for tests and demonstrations.

A token is a word with the space before it. Nothing here understands language.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from threading import Event, Lock
from typing import Self

import numpy as np

from genwright.engines.base import (
    ChatRequest,
    Delta,
    Sampling,
    TokenScore,
    ToolCall,
    Usage,
    engines,
)
from genwright.engines.instances import smallest_instance
from genwright.errors import UsageError
from genwright.types import Vectors

DIM = 256
_TOKEN = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")
_WORD = re.compile(r"\w+")


@engines.register("scripted")
class ScriptedEngine:
    """Replies from a script, in the wished order of streaming, stops and limits.

    Args:
        replies: A list, used in turn and then from the start again; or regular expressions, the
            first of which found in the last message gives the reply. Without any, or where none
            is found, the reply is the sentence of the conversation that shares most words with
            the end of the last message, which looks like a quoted answer.
        name: What traces and messages call it.
        context: Longest prompt and reply together, in words.
    """

    def __init__(
        self,
        replies: Sequence[str] | Mapping[str, str] = (),
        *,
        name: str = "scripted",
        context: int = 4096,
    ) -> None:
        self.name, self.context = name, context
        self._replies, self._turn, self._lock = replies, 0, Lock()

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """Say the reply, the smallest JSON that fits the schema, or call the first tool."""
        prompt = "\n".join(message.content for message in request.messages)
        wanted = request.tool_choice == "required" and request.tools
        if not wanted:
            text = (
                json.dumps(smallest_instance(request.json_schema))
                if request.json_schema is not None
                else self._reply(prompt, request.messages[-1].content if request.messages else "")
            )
            return self._say(prompt, text, request.sampling, request.logprobs, cancel)
        tool = request.tools[0]
        call = ToolCall("call_0", tool.name, json.dumps(smallest_instance(tool.parameters)))
        usage = Usage(prompt_tokens=len(tokens(prompt)), completion_tokens=1)
        return iter([Delta(tool_calls=(call,), finish_reason="tool_calls", usage=usage)])

    def complete(
        self, prompt: str, sampling: Sampling, cancel: Event | None = None
    ) -> Iterator[Delta]:
        """Say the reply to the prompt."""
        return self._say(prompt, self._reply(prompt, prompt), sampling, None, cancel)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Counts of hashed words, unit length, shape (n, 256); a text without words gets e_0."""
        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text):
                row[_hash(word) % DIM] += 1
            if not row.any():
                row[0] = 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """The share of the query's words that a text has."""
        asked = set(words(query))
        return [len(asked & set(words(text))) / max(1, len(asked)) for text in texts]

    def score(self, prompt: str, continuation: str) -> list[TokenScore]:
        """By the lengths of words: ``p(token) = 256^-n * (1/2)^n`` for n bytes of UTF-8.

        Every string of bytes is a token and the lengths share out a probability of 1, so this is
        a distribution; it does not depend on the prompt.
        """
        if not prompt:
            raise UsageError("Scoring needs a prompt before the continuation; it was empty.")
        return [TokenScore(token, _logprob(token)) for token in tokens(continuation)]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words of each text."""
        return [len(tokens(text)) for text in texts]

    def prefill_speed(self) -> float | None:
        """None: nothing is read."""
        return None

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _reply(self, prompt: str, last: str) -> str:
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
        read = len(tokens(prompt))
        if read >= self.context:
            raise UsageError(
                f"The prompt has {read} tokens; {self.name!r} has a context of {self.context}. "
                "Shorten the prompt."
            )
        limit = min(sampling.max_tokens, self.context - read)
        cut = tokens(_before_stop(text, sampling.stop))
        said, finish = 0, "length" if len(cut) > limit else "stop"
        for token in cut[:limit]:
            if cancel is not None and cancel.is_set():
                finish = "cancelled"
                break
            said += 1
            delta = Delta(token)
            if logprobs is not None:
                delta = replace(delta, logprobs=(TokenScore(token, _logprob(token)),))
            yield delta
        yield Delta(
            finish_reason=finish,
            usage=Usage(prompt_tokens=read, completion_tokens=said),
        )


def tokens(text: str) -> list[str]:
    """Words with the space before them; joined, they are the text again."""
    return _TOKEN.findall(text)


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return _WORD.findall(text.lower())


def _before_stop(text: str, stop: Sequence[str]) -> str:
    places = [place for mark in stop if mark and (place := text.find(mark)) >= 0]
    return text[: min(places, default=len(text))]


def _quote(prompt: str, last: str) -> str:
    """The sentence before the last message's final line that shares most words with that line."""
    asked = [line for line in last.splitlines() if line.strip()][-1:] or [""]
    body = prompt[: prompt.rfind(asked[0])] if asked[0] else prompt
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", body) if part.strip()]
    wanted = set(words(asked[0]))
    return max(
        sentences, key=lambda sentence: len(wanted & set(words(sentence))), default=asked[0].strip()
    )


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")


def _logprob(token: str) -> float:
    return -len(token.encode()) * math.log(512)
