"""Models of any OpenAI-compatible server: vLLM, Ollama, llama.cpp, hosted ones."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import httpx
import numpy as np

from genwright.engines import wire
from genwright.engines.base import (
    ChatMessage,
    ChatRequest,
    Delta,
    Sampling,
    TokenScore,
    engines,
)
from genwright.engines.keyring import find_key
from genwright.engines.remote import BadStatus, RemoteServer
from genwright.errors import EngineFailed, Refused, UsageError
from genwright.settings import OpenAISettings
from genwright.types import Closing, Json, Vectors

BYTES_A_TOKEN = 3
"""For servers that do not count tokens: English has about 4 bytes a token, so this errs high."""
NOT_OFFERED = (404, 405, 501)
WRONG_REQUEST = (400, 413, 422)


@engines.register("openai")
class OpenAIEngine(Closing):
    """A model behind ``base_url``.

    Embeddings, reranking (``POST /rerank``) and token counts (``POST /tokenize``) work where the
    server offers them; token counts are otherwise estimated from the bytes. Scoring needs the
    log-probability of given tokens, which this API does not have: it is refused.

    Args:
        model: What the server calls the model.
        server: Address, name of the key, context length.
        name: What traces and messages call it.
        keyring: File of keys; by default the user's.
    """

    def __init__(
        self,
        model: str,
        server: OpenAISettings,
        *,
        name: str = "",
        keyring: Path | None = None,
    ) -> None:
        self.name, self.model, self.context = name or model, model, server.context
        self._url = server.base_url
        key = find_key(server.key, keyring) if server.key else ""
        self._server = RemoteServer(server.base_url, key)
        self._counts, self.batch_size, self.process = True, 1, None

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """Answer a conversation. Adapters are the server's own matter and refused."""
        if request.adapters:
            raise Refused(
                f"{self.name!r} takes no adapters with a request; serve the model with its adapter "
                "under a name of its own, or open it with the 'llamacpp' engine."
            )
        return self._stream(
            "/chat/completions", wire.encode_chat_request(request), request.sampling, cancel
        )

    def complete(
        self,
        prompt: str | Sequence[int],
        sampling: Sampling,
        cancel: Event | None = None,
        *,
        logprobs: int | None = None,
        cache_key: str = "",
    ) -> Iterator[Delta]:
        """Continue a text, where the server still offers that."""
        body = wire.encode_sampling(sampling)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        body["prompt"] = prompt if isinstance(prompt, str) else list(prompt)
        if logprobs is not None:
            body["logprobs"] = logprobs
        return self._stream("/completions", body, sampling, cancel)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length vectors, shape (n, dim)."""
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        with self._translate_errors():
            body = {"model": self.model, "input": list(texts), "encoding_format": "float"}
            rows = sorted(self._server.post("/embeddings", body)["data"], key=lambda r: r["index"])
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Scores of a server that has ``/rerank`` (vLLM, llama.cpp and others)."""
        if not texts:
            return []
        body = {"model": self.model, "query": query, "documents": list(texts)}
        with self._translate_errors():
            rows = self._server.post("/rerank", body)["results"]
            return [
                float(row["relevance_score"]) for row in sorted(rows, key=lambda row: row["index"])
            ]

    def render_prompt(self, messages: Sequence[ChatMessage]) -> str:
        """Not part of this API: refused."""
        raise self._make_refusal("tell the prompt of a conversation")

    def score(self, prompt: str, continuation: str) -> list[TokenScore]:
        """Not part of this API: refused."""
        raise self._make_refusal("score a given text")

    def score_tokens(self, tokens: Sequence[int], top: int = 5) -> list[TokenScore]:
        """Not part of this API: refused."""
        raise self._make_refusal("score given tokens")

    def tokenize(self, text: str) -> list[int]:
        """By the server's ``/tokenize``, where it has one (vLLM, llama.cpp)."""
        return self._tokenize(text, special=True)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """By the server's ``/detokenize``, where it has one."""
        body = {"model": self.model, "tokens": list(tokens)}
        with self._translate_errors():
            reply = self._server.post(self._join_url("/detokenize"), body)
            return str(reply.get("prompt", reply.get("content", "")))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As the server's ``/tokenize`` counts; else a third of the UTF-8 bytes, rounded up."""
        return [self._count(text) for text in texts]

    def measure_prefill_speed(self) -> float | None:
        """Not known: a server is shared, and time on the network is not reading."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _stream(
        self, path: str, body: Json, sampling: Sampling, cancel: Event | None
    ) -> Iterator[Delta]:
        body |= {"model": self.model} | _encode_extras(sampling)
        with self._translate_errors(), self._server.stream(path, body, cancel) as chunks:
            yield from wire.read_chunks(_read_until_cancel(chunks, cancel))

    def _make_refusal(self, what: str) -> Refused:
        return Refused(
            f"{self.name!r} cannot {what}: OpenAI's API does not have it. "
            "Use a GGUF model with the 'llamacpp' engine."
        )

    def _join_url(self, path: str) -> str:
        """Where a server has what is no part of OpenAI's API."""
        return self._url.rstrip("/").removesuffix("/v1") + path

    def _tokenize(self, text: str, special: bool) -> list[int]:
        body = {"model": self.model, "prompt": text, "content": text, "add_special": special}
        with self._translate_errors():
            url = self._join_url("/tokenize")
            return list(self._server.post(url, body | {"add_special_tokens": special})["tokens"])

    def _count(self, text: str) -> int:
        if self._counts:
            try:
                return len(self._tokenize(text, special=False))
            except (Refused, UsageError):
                self._counts = False
        return math.ceil(len(text.encode()) / BYTES_A_TOKEN)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn errors of the connection and of replies into genwright's."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout) as error:
            raise EngineFailed(
                f"{self.name!r} cannot be reached at {self._url}: {error}. Check that the server "
                "runs and base_url in the settings."
            ) from error
        except BadStatus as error:
            raise self._translate_status(error.status, error.said) from error
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, TypeError, ValueError) as error:
            raise EngineFailed(
                f"{self.name!r} at {self._url} disconnected or returned an invalid response "
                f"({type(error).__name__}: {error}). Try again."
            ) from error

    def _translate_status(self, status: int, said: str) -> Exception:
        if status in NOT_OFFERED:
            return Refused(f"{self.name!r} at {self._url} does not offer that ({status}): {said}")
        if status in WRONG_REQUEST:
            return UsageError(f"{self.name!r} does not take this: {said}")
        return EngineFailed(f"{self.name!r} at {self._url} failed ({status}): {said}. Try again.")


def _encode_extras(sampling: Sampling) -> Json:
    """Fields only some servers know, sent only where they change something."""
    extra: Json = {}
    if sampling.top_k:
        extra["top_k"] = sampling.top_k
    if sampling.min_p:
        extra["min_p"] = sampling.min_p
    if sampling.repetition_penalty != 1:
        # vLLM and most others know the first, llama.cpp the second.
        extra |= dict.fromkeys(
            ("repetition_penalty", "repeat_penalty"), sampling.repetition_penalty
        )
    return extra


def _read_until_cancel(chunks: Iterable[Json], cancel: Event | None) -> Iterator[Json]:
    for chunk in chunks:
        if cancel is not None and cancel.is_set():
            return
        if chunk.get("error"):
            raise ValueError(wire.read_error_text(chunk))
        yield chunk
