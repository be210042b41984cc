"""One loaded base that several adapters share, and that takes a new one without stopping.

llama.cpp is given its adapters when it starts. So a new one starts a second process with all of
them; when that one answers, requests go to it from then on, and the first one ends with the last
request that it is at work on.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from genwright.engines.base import ChatMessage, ChatRequest, Delta, Sampling, TokenScore
from genwright.engines.llamacpp.engine import LlamaCppEngine
from genwright.engines.process import ChildProcess
from genwright.errors import EngineFailed
from genwright.types import Closing, Vectors

MOST = 8
"""Adapters that one process holds; beyond them the one that was used longest ago is left out."""


@dataclass
class _BaseProcess:
    """A process with its adapters, and the requests it is at work on."""

    engine: LlamaCppEngine
    adapters: tuple[Path, ...]
    users: int = 0
    retired: bool = False


class SharedBase:
    """A base with the adapters that were asked for so far. Safe to use from threads.

    Args:
        start: Starts the process of the base with adapters.
    """

    def __init__(self, start: Callable[[Sequence[Path]], LlamaCppEngine]) -> None:
        self._start = start
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._loaded: _BaseProcess | None = None
        self._closed = False

    def view(self, name: str, adapter: Path | None = None) -> "SharedEngine":
        """The base as an engine, under one adapter or none; it is loaded when this returns.

        Raises:
            EngineFailed: It does not load.
        """
        self._ensure_adapter(adapter)
        return SharedEngine(self, name, adapter)

    @contextmanager
    def borrow_engine(self, adapter: Path | None, name: str) -> Iterator[LlamaCppEngine]:
        """The process for one request, with the adapter acting; it stays until the end."""
        loaded = self._take(adapter)
        try:
            if adapter is None:
                yield loaded.engine.copy_without_adapter(name)
            else:
                yield loaded.engine.copy_with_adapter(loaded.adapters.index(adapter), name)
        finally:
            self._give_back(loaded)

    def close(self) -> None:
        """End the process; calling it again does nothing."""
        with self._lock:
            self._closed = True
            loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.engine.close()

    def _take(self, adapter: Path | None) -> _BaseProcess:
        while True:
            self._ensure_adapter(adapter)
            with self._lock:
                loaded = self._loaded
                if loaded is not None and (adapter is None or adapter in loaded.adapters):
                    loaded.users += 1
                    return loaded

    def _give_back(self, loaded: _BaseProcess) -> None:
        with self._lock:
            loaded.users -= 1
            over = loaded.retired and not loaded.users
        if over:
            loaded.engine.close()

    def _ensure_adapter(self, adapter: Path | None) -> None:
        """Have a process that holds the adapter; the one before goes on until it is drained."""
        if self._has_adapter(adapter):
            return
        with self._starting:  # one starts at a time; requests meanwhile go to the one before
            if self._has_adapter(adapter):
                return
            before = self._loaded
            known = before.adapters if before else ()
            wanted = (*known, adapter) if adapter is not None else known
            wanted = tuple(path for path in wanted[-MOST:] if path is not None)
            engine = self._start(wanted)
            with self._lock:
                self._loaded = _BaseProcess(engine, wanted)
                if before is not None:
                    before.retired = True
                idle = before is not None and not before.users
            if idle and before is not None:
                before.engine.close()

    def _has_adapter(self, adapter: Path | None) -> bool:
        with self._lock:
            if self._closed:
                raise EngineFailed("The engine is closed: open it again.")
            loaded = self._loaded
            return loaded is not None and (adapter is None or adapter in loaded.adapters)

    @property
    def current(self) -> LlamaCppEngine:
        """The process that new requests go to."""
        self._ensure_adapter(None)
        with self._lock:
            assert self._loaded is not None  # it has just been made sure of
            return self._loaded.engine


class SharedEngine(Closing):
    """A shared base under one adapter, or none, as an engine.

    Args:
        base: The base.
        name: What traces and messages call it.
        adapter: The GGUF file that acts on every request; None for none.
    """

    def __init__(self, base: SharedBase, name: str, adapter: Path | None = None) -> None:
        self._base, self.name, self._adapter = base, name, adapter

    @property
    def context(self) -> int:
        """Longest prompt and reply together, in tokens."""
        return self._base.current.context

    @property
    def batch_size(self) -> int:
        """See ``Engine.batch_size``."""
        return self._base.current.batch_size

    @property
    def process(self) -> ChildProcess:
        """The child that new requests go to."""
        return self._base.current.process

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """See ``Engine.chat``."""
        with self._borrow_engine() as engine:
            yield from engine.chat(request, cancel)

    def complete(
        self,
        prompt: str | Sequence[int],
        sampling: Sampling,
        cancel: Event | None = None,
        *,
        logprobs: int | None = None,
        cache_key: str = "",
    ) -> Iterator[Delta]:
        """See ``Engine.complete``."""
        with self._borrow_engine() as engine:
            yield from engine.complete(
                prompt, sampling, cancel, logprobs=logprobs, cache_key=cache_key
            )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``Engine.embed``."""
        with self._borrow_engine() as engine:
            return engine.embed(texts)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """See ``Engine.rerank``."""
        with self._borrow_engine() as engine:
            return engine.rerank(query, texts)

    def score(self, prompt: str, continuation: str) -> list[TokenScore]:
        """See ``Engine.score``."""
        with self._borrow_engine() as engine:
            return engine.score(prompt, continuation)

    def score_tokens(self, tokens: Sequence[int], top: int = 5) -> list[TokenScore]:
        """See ``Engine.score_tokens``."""
        with self._borrow_engine() as engine:
            return engine.score_tokens(tokens, top)

    def tokenize(self, text: str) -> list[int]:
        """See ``Engine.tokenize``."""
        with self._borrow_engine() as engine:
            return engine.tokenize(text)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """See ``Engine.detokenize``."""
        with self._borrow_engine() as engine:
            return engine.detokenize(tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See ``Engine.count_tokens``."""
        with self._borrow_engine() as engine:
            return engine.count_tokens(texts)

    def render_prompt(self, messages: Sequence[ChatMessage]) -> str:
        """The text that the model reads before it replies to a conversation."""
        with self._borrow_engine() as engine:
            return engine.render_prompt(messages)

    def measure_prefill_speed(self) -> float | None:
        """See ``Engine.prefill_speed``."""
        with self._borrow_engine() as engine:
            return engine.measure_prefill_speed()

    def close(self) -> None:
        """Nothing: whoever made the base closes it."""

    @contextmanager
    def _borrow_engine(self) -> Iterator[LlamaCppEngine]:
        with self._base.borrow_engine(self._adapter, self.name) as engine:
            yield engine
