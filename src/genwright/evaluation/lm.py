"""How well a model predicts a text: perplexity a token, and bits a byte.

Windows with overlap, so that every token is predicted from at least ``stride`` tokens before it but
in the first window (Press et al. 2021, arXiv:2012.15832). Bits per byte compares models with
different tokenizers (Gao et al. 2020, arXiv:2101.00027, section 3.1).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genwright.engines import Engine
from genwright.errors import UsageError
from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_ratio
from genwright.types import Json, Progress, ignore_progress


@dataclass(frozen=True)
class LMReport:
    """Predictions of a text."""

    perplexity: ConfidenceInterval
    bits_per_byte: ConfidenceInterval
    tokens: int
    bytes: int

    def json(self) -> Json:
        """Every field."""
        return {
            "perplexity": self.perplexity.json(),
            "bits_per_byte": self.bits_per_byte.json(),
            "tokens": self.tokens,
            "bytes": self.bytes,
        }


def evaluate_lm(
    engine: Engine,
    text: str,
    *,
    window: int = 0,
    stride: int = 0,
    limit: int = 0,
    progress: Progress = ignore_progress,
) -> LMReport:
    """Predict every token of a text but the first.

    Args:
        engine: Scores tokens.
        text: Any text.
        window: Tokens that are looked at together; 0 for half of the model's context, at most 1024.
        stride: New tokens a window; 0 for half of it.
        limit: Most tokens; 0 for all.
        progress: Told of tokens that are scored.

    Raises:
        UsageError: The text has fewer than two tokens, or the window does not fit.
    """
    ids = engine.tokenize(text)
    ids = ids[:limit] if limit else ids
    if len(ids) < 2:
        raise UsageError(f"Expected a text of at least two tokens, got {len(ids)}.")
    window = window or min(1024, engine.context // 2)
    if not 2 <= window <= engine.context:
        raise UsageError(f"The window must be 2 to {engine.context} tokens, got {window}.")
    stride = stride or max(1, window // 2)
    losses: list[float] = []
    counts: list[int] = []
    sizes: list[int] = []
    done = 1
    while done < len(ids):
        begin = max(0, min(done - 1, done + stride - window))
        end = min(len(ids), begin + window)
        scores = engine.score_tokens(ids[begin:end], 0)[done - begin - 1 :]
        losses.append(-sum(each.logprob for each in scores))
        counts.append(len(scores))
        sizes.append(len(engine.detokenize(ids[done:end]).encode()))
        done = end
        progress(done, len(ids), f"{done} of {len(ids)} tokens")
    return LMReport(
        perplexity=_map(
            bootstrap_ratio(losses, _to_floats(counts)), lambda x: math.exp(min(x, 700))
        ),
        bits_per_byte=_map(bootstrap_ratio(losses, _to_floats(sizes)), lambda x: x / math.log(2)),
        tokens=sum(counts),
        bytes=sum(sizes),
    )


def _to_floats(values: Sequence[int]) -> list[float]:
    return [float(value) for value in values]


def _map(each: ConfidenceInterval, change: Callable[[float], float]) -> ConfidenceInterval:
    return ConfidenceInterval(change(each.value), change(each.low), change(each.high))
