"""What llama.cpp's server takes beside OpenAI's fields, and what its errors mean."""

from collections.abc import Sequence

import httpx

from genwright.engines import wire
from genwright.engines.base import Sampling
from genwright.errors import EngineFailed, Refused, UsageError
from genwright.types import Json

HTTP_BAD_REQUEST, HTTP_NOT_IMPLEMENTED = 400, 501


def encode_sampling(sampling: Sampling) -> Json:
    """The sampling fields that llama.cpp adds to OpenAI's."""
    return {
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repetition_penalty,
        "logit_bias": [[token, bias] for token, bias in sampling.logit_bias],
        "cache_prompt": True,
    }


def count_shared(before: Sequence[int], whole: Sequence[int]) -> int:
    """Tokens that the prompt alone and the prompt with its continuation begin with.

    Example:
        >>> count_shared([1, 2, 3], [1, 2, 4, 5])
        2
    """
    pairs = enumerate(zip(before, whole, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(before), len(whole)))


def check_response(response: httpx.Response, name: str, context: int) -> None:
    """Raise what an error of the server means; an answer that is none passes.

    Args:
        response: What came.
        name: What messages call the model.
        context: Its tokens, for the advice.

    Raises:
        Refused: The model cannot do that.
        UsageError: The request is too long, has an unusable schema, or tokens that are not there.
        EngineFailed: Anything else.
    """
    if not response.is_error:
        return
    said = wire.read_error_text(response.json())
    if response.status_code == HTTP_NOT_IMPLEMENTED:
        raise Refused(f"{name!r} cannot do that: {said}")
    if response.status_code == HTTP_BAD_REQUEST or "too large" in said:
        advice = "Simplify the schema." if _is_schema_error(said) else "Shorten it."
        raise UsageError(
            f"{name!r} (context {context} tokens) does not take this: {said}. {advice}"
        )
    if "_M_range_check" in said:  # what a token beyond the vocabulary comes to
        raise UsageError(f"{name!r} has no such token: {said}. Send ids of its own.")
    raise EngineFailed(f"The engine of {name!r} failed: {said}. Try again.")


def _is_schema_error(said: str) -> bool:
    """Whether llama.cpp says that it could make no grammar."""
    return any(word in said.lower() for word in ("grammar", "schema", "parser"))
