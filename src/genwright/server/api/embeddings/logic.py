"""Embeddings as ``/v1/embeddings`` gives them."""

import base64
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from threading import Event
from typing import Protocol, runtime_checkable

import numpy as np

from genwright.access import Identity
from genwright.embeddings import Embedder
from genwright.engines import TokenUsage
from genwright.server.api.embeddings.schema import EmbeddingBody
from genwright.server.api.shared.model_calls import watch_request
from genwright.server.api.shared.requests import UnsupportedField
from genwright.server.api.shared.sse import dumps
from genwright.server.api.shared.targets import resolve_target
from genwright.server.service import Service
from genwright.types import Json, Vectors


@runtime_checkable
class Detokenizer(Protocol):
    """An embedder that reads its own tokens back."""

    def decode_tokens(self, tokens: Sequence[int]) -> str:
        """The text of token ids."""
        ...


async def embed_inputs(service: Service, identity: Identity, body: EmbeddingBody) -> str:
    """The reply, as JSON text.

    Raises:
        NotFound: There is no such model.
        Unfit: More dimensions are asked for than there are, or tokens cannot be read.
        TooMany: The model's queue is full.
    """
    name = body.model
    await service.call(lambda: resolve_target(service, identity, name, "embed"))
    with watch_request(service, identity, name) as watch:
        pieces: AsyncGenerator[tuple[str, int], None] = service.generate(
            name,
            identity,
            lambda cancel: _run_embedder(service, identity, body, cancel),
            watch.seen.record_queue_time,
        )
        async with aclosing(pieces):
            text, read = await anext(pieces)
        watch.usage, watch.finish = TokenUsage(prompt_tokens=read), "stop"
    return text


def _run_embedder(
    service: Service, identity: Identity, body: EmbeddingBody, cancel: Event
) -> Iterator[tuple[str, int]]:
    runtime = service.runtime_for(identity)
    attributes = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": "genwright",
        "gen_ai.request.model": body.model,
    }
    with runtime.tracing.start_span(f"embeddings {body.model}", attributes) as span:
        embedder = runtime.models.get_embedder(body.model)
        texts = [service.privacy.screen_prompt(text) for text in _read_texts(embedder, body)]
        read = sum(min(len(embedder.locate_tokens(text)), embedder.max_tokens) for text in texts)
        span.set_attribute("gen_ai.usage.input_tokens", read)
        made: list[Vectors] = []
        for start in range(0, len(texts), AT_ONCE):
            if cancel.is_set():
                return
            made.append(embedder.embed(texts[start : start + AT_ONCE]))
        vectors = shorten_vectors(np.concatenate(made), body.dimensions)
        yield dumps(_format_reply(body, vectors, read)), read


AT_ONCE = 32
"""Texts between two looks at whether anybody still waits."""


def _read_texts(embedder: Embedder, body: EmbeddingBody) -> list[str]:
    texts: list[str] = []
    for each in body.inputs:
        if isinstance(each, str):
            texts.append(each)
        elif isinstance(embedder, Detokenizer):
            texts.append(embedder.decode_tokens(each))
        else:
            raise UnsupportedField("input", f"{embedder.name!r} cannot read token ids; send texts.")
    return texts


def shorten_vectors(vectors: Vectors, dimensions: int | None) -> Vectors:
    """The first dimensions, of unit length again (Kusupati et al. 2022, arXiv:2205.13147).

    Raises:
        Unfit: There are not so many.
    """
    if dimensions is None or dimensions == vectors.shape[1]:
        return vectors
    if dimensions > vectors.shape[1]:
        raise UnsupportedField(
            "dimensions", f"the model has {vectors.shape[1]}, asked for {dimensions}."
        )
    kept = vectors[:, :dimensions]
    return kept / np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-12)


def _format_reply(body: EmbeddingBody, vectors: Vectors, read: int) -> Json:
    rows = vectors.astype("<f4")
    as_text = body.encoding_format == "base64"
    return {
        "object": "list",
        "model": body.model,
        "data": [
            {
                "object": "embedding",
                "index": number,
                "embedding": base64.b64encode(row.tobytes()).decode() if as_text else row.tolist(),
            }
            for number, row in enumerate(rows)
        ],
        "usage": {"prompt_tokens": read, "total_tokens": read},
    }
