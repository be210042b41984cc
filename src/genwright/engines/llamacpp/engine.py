"""GGUF models by llama.cpp, each in a supervised child process of its own.

The child runs llama.cpp's own HTTP server on a Unix socket that only this user can reach
(``child.py``); this side speaks to it. So streaming, slots, batching, grammars and the cache
of prompt prefixes are llama.cpp's, and a cancelled request is one whose connection is closed.
"""

import copy
import os
import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import httpx
import numpy as np

from genwright.catalog.gguf_header import GGUFHeader, read_header
from genwright.engines import tools, wire
from genwright.engines.base import ChatMessage, ChatRequest, Delta, Sampling, TokenScore, engines
from genwright.engines.child_engine import ChildEngine
from genwright.engines.llamacpp import memory
from genwright.engines.llamacpp.child import CHAT_BATCH, PROMPT_CACHE_MIB, Kind, LlamaServerConfig
from genwright.engines.llamacpp.protocol import check_response, count_shared, encode_sampling
from genwright.engines.llamacpp.slots import Slots
from genwright.engines.schemas import check_schema
from genwright.errors import EngineFailed, Refused, UsageError
from genwright.hardware import count_cores
from genwright.settings import EngineSettings
from genwright.types import Json, Vectors

NO_REUSE = httpx.Limits(max_connections=None, max_keepalive_connections=0)
"""llama.cpp may close an idle connection just as it is used again; a new socket costs nothing."""
MEASURE_TOKENS = 16
"""A request tells the speed of reading only if at least so many tokens of it were not cached."""
ALTERNATIVES = 5
"""Likeliest tokens reported at each place of a scored text."""


@engines.register("llamacpp")
class LlamaCppEngine(ChildEngine):
    """A GGUF model in a child process; it is loaded when this returns.

    Args:
        path: The GGUF file.
        settings: Threads, context, memory and time limits.
        kind: What it is for. An embedding or reranking model does nothing else.
        name: What traces and messages call it; by default the file's name.
        slots: Requests that run at once, each with a context of its own; the settings' by default.
        adapters: LoRA adapters in GGUF; each request says how strongly they act.

    Raises:
        EngineFailed: It needs more memory than there is, or does not load.
        UntrustedWeights: The file is not a valid GGUF file.
    """

    def __init__(
        self,
        path: Path,
        settings: EngineSettings | None = None,
        *,
        kind: Kind = "chat",
        name: str = "",
        slots: int | None = None,
        adapters: Sequence[Path] = (),
    ) -> None:
        settings = settings or EngineSettings()
        slots = slots or (settings.parallel if kind == "chat" else 1)
        header = read_header(path)
        trained = memory.read_number(header, "context_length", settings.context)
        self.name, self.kind = name or path.stem, kind
        self.context = min(settings.context, trained)
        self.threads = settings.threads or count_cores()
        self.batch_size = 1
        self._knows_tools = "tools" in str(header.metadata.get("tokenizer.chat_template", ""))
        self._speeds: deque[tuple[int, float]] = deque(maxlen=8)  # prompt tokens, seconds
        self._adapters, self._slots = len(adapters), Slots(slots)
        self._acting: dict[int, float] = {}
        _check_memory(path, header, settings, self.context, kind, slots, adapters)
        config = LlamaServerConfig(
            model=str(path.resolve()),
            kind=kind,
            listen="",
            key=secrets.token_urlsafe(32),
            parent=os.getpid(),
            threads=self.threads,
            context=self.context,
            slots=slots,
            gpu_layers=settings.gpu_layers,
            adapters=tuple(str(adapter.resolve()) for adapter in adapters),
        )
        self._start_child(
            "genwright.engines.llamacpp.child",
            lambda socket: replace(config, listen=socket).encode_line(),
            config.key,
            settings,
            NO_REUSE,
        )

    def copy_with_adapter(self, place: int, name: str = "") -> "LlamaCppEngine":
        """The same loaded model with one of its adapters acting on every request.

        It shares the child process; whoever opened the engine closes it.

        Args:
            place: Of the adapter in the list that the engine was given.
            name: What traces and messages call it.
        """
        self._scale_adapters({place: 1.0})
        other = copy.copy(self)
        other._acting, other.name = {place: 1.0}, name or self.name
        return other

    def copy_without_adapter(self, name: str = "") -> "LlamaCppEngine":
        """The same loaded model with no adapter acting."""
        other = copy.copy(self)
        other._acting, other.name = {}, name or self.name
        return other

    def render_prompt(self, messages: Sequence[ChatMessage]) -> str:
        """The text that the model reads before it replies to a conversation."""
        body = {"messages": wire.encode_messages(messages)}
        return str(self._post("/apply-template", body)["prompt"])

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """Answer a conversation by the chat template in the GGUF.

        A JSON schema and tool calls are enforced by a grammar. With tools, a template that knows
        none gets them in words.

        Raises:
            UsageError: A schema is larger than a grammar can be made of.
        """
        self._require_kind("chat")
        told = request.offers_tools and not self._knows_tools
        asked = tools.constrain(request) if told else tools.keep_named_tool(request)
        for schema in (asked.json_schema, *(tool.parameters for tool in asked.tools)):
            check_schema(schema or {})
        body = wire.encode_chat_request(asked) | encode_sampling(asked.sampling)
        body["lora"] = self._scale_adapters(dict(asked.adapters) or self._acting)
        deltas = self._stream("/v1/chat/completions", body, cancel, asked.cache_key)
        return tools.read_reply(deltas) if told else deltas

    def complete(
        self,
        prompt: str | Sequence[int],
        sampling: Sampling,
        cancel: Event | None = None,
        *,
        logprobs: int | None = None,
        cache_key: str = "",
    ) -> Iterator[Delta]:
        """Continue a text or tokens, without a chat template."""
        self._require_kind("chat")
        body = wire.encode_sampling(sampling) | encode_sampling(sampling)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        body["prompt"] = prompt if isinstance(prompt, str) else list(prompt)
        body["lora"] = self._scale_adapters(self._acting)
        if logprobs is not None:
            body["logprobs"] = logprobs
        return self._stream("/v1/completions", body, cancel, cache_key)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length vectors, shape (n, dim), by the model's own pooling."""
        self._require_kind("embed")
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        body = self._post("/v1/embeddings", {"input": list(texts)})
        rows = sorted(body["data"], key=lambda row: row["index"])
        vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """The cross-encoder's score (a logit) of each text."""
        self._require_kind("rerank")
        if not texts:
            return []
        body = self._post("/v1/rerank", {"query": query, "documents": list(texts)})
        rows = sorted(body["results"], key=lambda row: row["index"])
        return [float(row["relevance_score"]) for row in rows]

    def score(self, prompt: str, continuation: str) -> list[TokenScore]:
        """Score a continuation in one request.

        A grammar of token ids forces exactly its tokens; what is reported for each is its
        log-probability before the grammar took part, under the whole vocabulary.
        """
        self._require_kind("chat")
        before = self._tokenize(prompt, special=True)
        whole = self._tokenize(prompt + continuation, special=True)
        shared = count_shared(before, whole)
        if not shared:
            raise UsageError("Scoring needs a prompt before the continuation; it was empty.")
        return self._score_forced(whole[:shared], whole[shared:], ALTERNATIVES)

    def score_tokens(self, tokens: Sequence[int], top: int = ALTERNATIVES) -> list[TokenScore]:
        """Score each token but the first, in the same way."""
        self._require_kind("chat")
        if len(tokens) < 2:
            raise UsageError(f"Expected at least two tokens to score, got {len(tokens)}.")
        return self._score_forced(list(tokens[:1]), list(tokens[1:]), top)

    def tokenize(self, text: str) -> list[int]:
        """Ids of the tokens of a text as a prompt."""
        return self._tokenize(text, special=True)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return str(self._post("/detokenize", {"tokens": list(tokens)})["content"])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Length of each text in the model's tokens."""
        return [len(self._tokenize(text, special=False)) for text in texts]

    def measure_prefill_speed(self) -> float | None:
        """Prompt tokens read per second over the last requests; at first, of a short trial."""
        if not self._speeds and self.kind == "chat":
            trial = "The quick brown fox jumps over the lazy dog. " * 12
            for _ in self.complete(trial, Sampling(max_tokens=1)):
                pass
        seen = list(self._speeds)
        return sum(tokens for tokens, _ in seen) / sum(took for _, took in seen) if seen else None

    def _score_forced(self, before: list[int], forced: list[int], top: int) -> list[TokenScore]:
        """Scores of tokens that a grammar makes follow others."""
        if not forced:
            return []
        if len(before) + len(forced) > self.context:
            raise UsageError(
                f"There are {len(before) + len(forced)} tokens to score; {self.name!r} has a "
                f"context of {self.context}. Shorten the text."
            )
        body = {
            "prompt": before,
            "n_predict": len(forced),
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in forced),
            "n_probs": max(1, top),
            "lora": self._scale_adapters(self._acting),
            "temperature": 0,
            "ignore_eos": False,
            "cache_prompt": not self._adapters,
        }
        scored = self._post("/completion", body)["completion_probabilities"]
        if [token["id"] for token in scored] != forced:
            raise EngineFailed(f"{self.name!r} did not score the tokens it was given. Try again.")
        return [replace(each, top=each.top[:top]) for each in wire.read_scores(scored)]

    def _require_kind(self, kind: Kind) -> None:
        if self.kind != kind:
            raise Refused(
                f"{self.name!r} was opened for {self.kind!r}; this needs an engine opened "
                f"for {kind!r} with a model made for that."
            )

    def _scale_adapters(self, scales: dict[int, float]) -> list[Json]:
        """Every adapter's scale: one left out would keep that of the request before."""
        if wrong := scales.keys() - set(range(self._adapters)):
            raise UsageError(
                f"{self.name!r} has {self._adapters} adapters, counted from 0; asked for {wrong}."
            )
        return [{"id": place, "scale": scales.get(place, 0.0)} for place in range(self._adapters)]

    def _tokenize(self, text: str, special: bool) -> list[int]:
        body = {"content": text, "add_special": special, "parse_special": False}
        return self._post("/tokenize", body)["tokens"]

    def _post(self, path: str, body: Json) -> Json:
        with self._translate_errors():
            response = self._client.post(path, json=body)
            check_response(response, self.name, self.context)
            self._child.reset_failures()
            return response.json()

    def _stream(
        self, path: str, body: Json, cancel: Event | None, cache_key: str
    ) -> Iterator[Delta]:
        end = time.monotonic() + self._seconds
        if self._adapters:  # what one adapter has read must never serve another
            cache_key = f"{body['lora']}\0{cache_key}"
        with (
            self._slots.hold_slot(cache_key) as where,
            self._translate_errors(),
            self._client.stream("POST", path, json=body | where) as response,
        ):
            if response.is_error:
                response.read()
            check_response(response, self.name, self.context)
            lines = self._watch_lines(response.iter_lines(), cancel, end)
            for delta in wire.read_chunks(wire.read_events(lines)):
                if delta.usage:
                    self._record_speed(delta)
                yield delta

    def _watch_lines(self, lines: Iterator[str], cancel: Event | None, end: float) -> Iterator[str]:
        """Lines until somebody cancels; the server's pings let it look each second."""
        for line in lines:
            if cancel is not None and cancel.is_set():
                return
            if time.monotonic() > end:
                raise EngineFailed(
                    f"{self.name!r} did not finish within {self._seconds:g} s. Ask for fewer "
                    "tokens, or raise engine.request_seconds."
                )
            yield line

    def _record_speed(self, last: Delta) -> None:
        self._child.reset_failures()
        usage = last.usage
        if usage is None or not usage.prompt_seconds:
            return
        if (read := usage.prompt_tokens - usage.cached_tokens) >= MEASURE_TOKENS:
            self._speeds.append((read, usage.prompt_seconds))


def _check_memory(
    path: Path,
    header: GGUFHeader,
    settings: EngineSettings,
    context: int,
    kind: Kind,
    slots: int,
    adapters: Sequence[Path],
) -> None:
    batch = CHAT_BATCH if kind == "chat" else context
    size = sum(file.stat().st_size for file in (path, *adapters))
    need = memory.estimate(header, size, context, slots, batch)
    if kind == "chat":
        need = replace(need, cache=need.cache + PROMPT_CACHE_MIB * memory.MIB)
    memory.check(path, need, settings.memory_bytes)
