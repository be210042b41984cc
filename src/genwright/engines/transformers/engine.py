"""Whatever transformers can run, in a supervised child process, behind the same protocol.

It serves what llama.cpp cannot: prefix, prompt and P-tuned models, encoders with a head,
encoder-decoders. A model that writes streams its reply; one that classifies replies with the
class, its likeliest others as alternatives; one that answers replies with a span of its context.
"""

import json
import os
import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from threading import Event
from typing import Any

import httpx
import numpy as np

from genwright.engines import tools, wire
from genwright.engines.base import (
    ChatMessage,
    ChatRequest,
    Delta,
    Sampling,
    TokenScore,
    TokenUsage,
    engines,
)
from genwright.engines.child_engine import ChildEngine
from genwright.engines.transformers.loading import Weights
from genwright.engines.transformers.server import TransformersServerConfig
from genwright.errors import EngineFailed, Refused, UsageError
from genwright.hardware import count_cores
from genwright.settings import EngineSettings
from genwright.types import Json, Vectors

HTTP_BAD_REQUEST = 400
TOP = 5
"""Classes or tokens that are reported beside the likeliest, where nobody says how many."""


@engines.register("transformers")
class TransformersEngine(ChildEngine):
    """Trained weights in a child process; they are loaded when this returns.

    Args:
        weights: Where they are, and what they do.
        settings: Threads, context and time limits.
        name: What traces and messages call it.
        slots: Requests that are written together; the settings' by default.

    Raises:
        EngineFailed: They do not load.
    """

    def __init__(
        self,
        weights: Weights,
        settings: EngineSettings | None = None,
        *,
        name: str = "",
        context: int = 0,
        slots: int | None = None,
    ) -> None:
        settings = settings or EngineSettings()
        self.name, self.weights = name or "transformers", weights
        self.context = min(settings.context, context) if context else settings.context
        self._speeds: deque[tuple[int, float]] = deque(maxlen=8)
        config = TransformersServerConfig(
            weights=weights.json(),
            listen="",
            key=secrets.token_urlsafe(32),
            parent=os.getpid(),
            threads=settings.threads or count_cores(),
            context=self.context,
            slots=slots or max(settings.parallel, 8),
        )
        self.batch_size = config.slots
        self._start_child(
            "genwright.engines.transformers.child",
            lambda socket: replace(config, listen=socket).encode_line(),
            config.key,
            settings,
            httpx.Limits(max_keepalive_connections=0),
        )
        try:
            self._knows = self._post("/describe", {})
        except BaseException:
            self.close()
            raise

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """Reply to a conversation; a model without a chat template gets what was said as it is."""
        if request.json_schema or request.json_object or request.must_call:
            raise Refused(
                f"{self.name!r} runs by transformers, which has no grammars here: ask a model that "
                "llama.cpp runs for JSON or a call that must be made, or train this one to it."
            )
        if self.weights.objective == "classification":
            return self._stream_classes(request)
        if self.weights.objective == "question_answering":
            return self._stream_answer(request)
        told = request.offers_tools
        if told:
            request = replace(tools.constrain(request), json_schema=None)
        if self._is_mask_filler():
            return self._stream_filled_text(_find_last_text(request.messages))
        body = {
            "messages": wire.encode_messages(request.messages),
            "sampling": asdict(request.sampling),
            "logprobs": request.logprobs,
        }
        deltas = self._stream(body, cancel)
        return tools.read_call(deltas) if told else deltas

    def complete(
        self,
        prompt: str | Sequence[int],
        sampling: Sampling,
        cancel: Event | None = None,
        *,
        logprobs: int | None = None,
        cache_key: str = "",
    ) -> Iterator[Delta]:
        """Continue a text or tokens."""
        self._require_writer()
        given: Json = {"text": prompt} if isinstance(prompt, str) else {"ids": list(prompt)}
        return self._stream({**given, "sampling": asdict(sampling), "logprobs": logprobs}, cancel)

    def classify(self, texts: Sequence[str]) -> list[list[tuple[str, float]]]:
        """Classes of each text with their log-probabilities, likeliest first.

        Raises:
            Refused: The model has no classes.
        """
        if self.weights.objective != "classification":
            raise Refused(f"{self.name!r} was trained for {self.weights.objective}, not classes.")
        rows = self._post("/classify", {"texts": list(texts)})
        return [[(str(label), float(value)) for label, value in row] for row in rows]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Mean of the last hidden states, of unit length, shape (n, dim)."""
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        return np.array(self._post("/embed", {"texts": list(texts)}), dtype=np.float32)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Not done here."""
        raise Refused(f"{self.name!r} does not rerank: set retrieval.rerank_model to a GGUF model.")

    def score(self, prompt: str, continuation: str) -> list[TokenScore]:
        """Log-probability of each token of a continuation."""
        before = self._tokenize([prompt])[0]
        whole = self._tokenize([prompt + continuation])[0]
        pairs = enumerate(zip(before, whole, strict=False))
        shared = next((i for i, (a, b) in pairs if a != b), min(len(before), len(whole)))
        if not shared:
            raise UsageError("Scoring needs a prompt before the continuation; it was empty.")
        return self.score_tokens(whole)[shared - 1 :]

    def score_tokens(self, tokens: Sequence[int], top: int = TOP) -> list[TokenScore]:
        """Log-probability of each token by id but the first."""
        self._require_writer()
        if len(tokens) < 2:
            raise UsageError(f"Expected at least two tokens to score, got {len(tokens)}.")
        rows = self._post("/score", {"ids": list(tokens), "top": top})
        return [_read_score(row) for row in rows]

    def tokenize(self, text: str) -> list[int]:
        """Ids of the tokens of a text as a prompt."""
        return self._tokenize([text])[0]

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return str(self._post("/detokenize", {"ids": list(tokens)})["text"])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Length of each text in the model's tokens."""
        return [len(each) for each in self._tokenize(list(texts), special=False)]

    def render(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Tokens of a conversation as the model gets it, ready for the reply."""
        body = {"messages": wire.encode_messages(messages)}
        return [int(each) for each in self._post("/render", body)["ids"]]

    def render_prompt(self, messages: Sequence[ChatMessage]) -> str:
        """The text that the model reads before it replies to a conversation."""
        return self.detokenize(self.render(messages))

    def measure_prefill_speed(self) -> float | None:
        """Not measured."""
        return None

    def _stream_classes(self, request: ChatRequest) -> Iterator[Delta]:
        [row] = self.classify([_find_last_text(request.messages)])
        shown = row[: (request.logprobs if request.logprobs is not None else TOP)]
        label, value = row[0]
        top = tuple(TokenScore(each, score) for each, score in shown)
        yield Delta(label, logprobs=(TokenScore(label, value, top),))
        yield Delta(finish_reason="stop", usage=TokenUsage(completion_tokens=1))

    def _stream_answer(self, request: ChatRequest) -> Iterator[Delta]:
        question, context = split_question(_find_last_text(request.messages))
        found = self._post("/answer", {"question": question, "context": context})
        score = TokenScore(found["text"], found["logprob"])
        yield Delta(found["text"], logprobs=(score,))
        yield Delta(finish_reason="stop", usage=TokenUsage(completion_tokens=1))

    def _stream_filled_text(self, text: str) -> Iterator[Delta]:
        yield Delta(self._post("/fill", {"text": text})["text"])
        yield Delta(finish_reason="stop", usage=TokenUsage())

    def _is_mask_filler(self) -> bool:
        """Whether it is an encoder that fills masks."""
        from genwright.engines.transformers.loading import MASKED

        return self.weights.objective == "pretraining" and self._knows["family"] in MASKED

    def _require_writer(self) -> None:
        if (
            self.weights.objective in ("classification", "question_answering", "reward")
            or self._is_mask_filler()
        ):
            raise Refused(f"{self.name!r} was trained for {self.weights.objective}: chat with it.")

    def _tokenize(self, texts: list[str], special: bool = True) -> list[list[int]]:
        return self._post("/tokenize", {"texts": texts, "special": special}) if texts else []

    def _stream(self, body: Json, cancel: Event | None) -> Iterator[Delta]:
        began = time.monotonic()
        with (
            self._translate_errors(),
            self._client.stream("POST", "/generate", json=body) as response,
        ):
            for line in response.iter_lines():
                if cancel is not None and cancel.is_set():
                    yield Delta(finish_reason="cancelled", usage=TokenUsage())
                    return
                if delta := self._read(json.loads(line), began):
                    yield delta
            self._child.reset_failures()

    def _read(self, piece: Json, began: float) -> Delta | None:
        if "error" in piece:
            if piece.get("usage"):
                raise UsageError(f"{self.name!r} does not take this: {piece['error']}. Shorten it.")
            raise EngineFailed(f"The engine of {self.name!r} failed: {piece['error']}. Try again.")
        if "finish" in piece:
            usage = TokenUsage(
                prompt_tokens=piece["prompt"],
                completion_tokens=piece["written"],
                completion_seconds=time.monotonic() - began,
            )
            return Delta(finish_reason=piece["finish"], usage=usage)
        scores = (_read_score(piece["score"]),) if "score" in piece else ()
        return Delta(piece["text"], logprobs=scores) if piece["text"] or scores else None

    def _post(self, path: str, body: Json) -> Any:
        with self._translate_errors():
            response = self._client.post(path, json=body)
            if response.status_code == HTTP_BAD_REQUEST:
                raise UsageError(f"{self.name!r} does not take this: {response.json()['error']}.")
            response.raise_for_status()
            self._child.reset_failures()
            return response.json()


def split_question(text: str) -> tuple[str, str]:
    r"""The two parts of a message to a model that answers from a context.

    The context comes first, and the question after ``Question:`` on the last such line; as
    ``tuning.rendering`` writes it.

    Example:
        >>> split_question("It rained.\n\nQuestion: Did it rain?")
        ('Did it rain?', 'It rained.')
    """
    context, mark, question = text.rpartition("Question:")
    if not mark:
        raise UsageError(
            "Expected a message of the context, an empty line, and 'Question: …'; found no "
            "'Question:'."
        )
    return question.strip(), context.strip()


def _read_score(row: Json) -> TokenScore:
    top = tuple(TokenScore(token, value) for token, value in row["top"])
    return TokenScore(row["token"], row["logprob"], top)


def _find_last_text(messages: Sequence[ChatMessage]) -> str:
    said = [message.content for message in messages if message.role == "user"]
    if not said:
        raise UsageError("Expected a message of the user, found none.")
    return said[-1]
