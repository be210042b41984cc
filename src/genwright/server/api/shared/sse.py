"""Server-sent events of chat and text completions, written with little work per token.

Each token costs one ``json.dumps`` of its text; all that is the same in every chunk is written
once.
"""

import json
from collections.abc import Sequence

from genwright.engines import TokenScore, TokenUsage
from genwright.types import Json

DONE = "data: [DONE]\n\n"


def format_event(body: object) -> str:
    """A value as one event."""
    return f"data: {dumps(body)}\n\n"


def dumps(value: object) -> str:
    """JSON without spaces, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class ChunkWriter:
    """Writes the events of one streamed reply.

    Args:
        head: What every chunk begins with.
        usage: Whether a last chunk has it; the others then say that they have none.
    """

    def __init__(self, head: Json, usage: bool) -> None:
        self._head = f'data: {dumps(head)[:-1]},"choices":['
        self._end = '],"usage":null' if usage else "]"
        self._tail = self._end + "}\n\n"
        self.usage_wanted = usage

    def write_choice(self, body: str) -> str:
        """A chunk with one choice, given as JSON."""
        return f"{self._head}{body}{self._tail}"

    def write_delta(
        self,
        index: int,
        delta: str,
        logprobs: Sequence[TokenScore] = (),
        finish: str | None = None,
    ) -> str:
        """A chunk of a chat completion; ``delta`` is JSON."""
        scores = (
            dumps({"content": format_scores(logprobs), "refusal": None}) if logprobs else "null"
        )
        ended = f'"{finish}"' if finish else "null"
        body = f'{{"index":{index},"delta":{delta},"logprobs":{scores},"finish_reason":{ended}}}'
        return self.write_choice(body)

    def write_text(self, index: int, text: str, logprobs: Sequence[TokenScore] = ()) -> str:
        """A piece of a chat completion's text."""
        return self.write_delta(
            index, f'{{"content":{json.dumps(text, ensure_ascii=False)}}}', logprobs
        )

    def write_usage(self, usage: TokenUsage) -> str:
        """The last chunk, which has no choice."""
        return f'{self._head}],"usage":{dumps(format_usage(usage))}}}\n\n'

    def write_last(self, index: int, delta: str, finish: str, more: Json) -> str:
        """A chunk that ends a choice, with more fields beside it."""
        body = f'{{"index":{index},"delta":{delta},"logprobs":null,"finish_reason":"{finish}"}}'
        return f"{self._head}{body}{self._end},{dumps(more)[1:-1]}}}\n\n"


def format_usage(usage: TokenUsage) -> Json:
    """What a reply cost, as chat and text completions have it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def format_scores(scores: Sequence[TokenScore]) -> list[Json]:
    """Log-probabilities of a chat completion."""
    return [
        {**_format_score(each), "top_logprobs": [_format_score(other) for other in each.top]}
        for each in scores
    ]


LEAST = -9999.0
"""Log-probability, after OpenAI, of what cannot come: JSON has no infinity."""


def _format_score(score: TokenScore) -> Json:
    known = score.bytes is not None
    return {
        "token": score.token,
        "logprob": max(score.logprob, LEAST),
        "bytes": list(score.bytes or ()) if known else list(score.token.encode("utf-8", "replace")),
    }
