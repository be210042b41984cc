"""An engine as a model of lm-evaluation-harness, the only module that subclasses its classes."""

from typing import Any

from lm_eval.api.model import LM

from genwright.engines import Engine, Sampling
from genwright.types import Progress

MOST = 256
"""Tokens of a reply, where a task says nothing."""


class EngineModel(LM):
    """Answers the harness's requests by an engine, one after the other.

    Args:
        engine: Scores and completes.
        progress: Told of requests that are answered.
    """

    def __init__(self, engine: Engine, progress: Progress) -> None:
        super().__init__()
        self.engine, self.progress = engine, progress

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        """Summed log-probability of each continuation, and whether it is the likeliest one."""
        found = []
        for number, request in enumerate(requests, 1):
            context, continuation = request.args
            scores = self.engine.score(context or "\n", continuation)
            greedy = all(
                not each.top or each.logprob >= each.top[0].logprob - 1e-6 for each in scores
            )
            found.append((sum(each.logprob for each in scores), greedy))
            self.progress(number, len(requests), f"{number} of {len(requests)} choices scored")
        return found

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        """Summed log-probability of whole texts."""
        return [
            sum(each.logprob for each in self.engine.score_tokens(self.engine.tokenize(r.args[0])))
            for r in requests
        ]

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """Texts up to the first of their ends."""
        found = []
        for number, request in enumerate(requests, 1):
            context, options = request.args
            sampling = Sampling(
                max_tokens=int(options.get("max_gen_toks", MOST)),
                temperature=float(options.get("temperature") or 0.0),
                stop=tuple(options.get("until") or ())[:4],
            )
            deltas = self.engine.complete(context, sampling)
            found.append("".join(delta.text for delta in deltas))
            self.progress(number, len(requests), f"{number} of {len(requests)} replies written")
        return found


def wrap_engine(engine: Engine, progress: Progress) -> EngineModel:
    """An engine as the harness takes it."""
    return EngineModel(engine, progress)
