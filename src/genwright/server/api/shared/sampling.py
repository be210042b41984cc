"""How replies are sampled: the fields that chat and text completions share."""

import secrets
from typing import Annotated

from pydantic import Field

from genwright.engines import Sampling
from genwright.server.api.shared.requests import (
    ClosedModel,
    LogitBias,
    Penalty,
    Seed,
    Share,
    Stops,
    Temperature,
    parse_biases,
    parse_stops,
)


class SamplingFields(ClosedModel):
    """Sampling parameters of a request, with OpenAI's names."""

    temperature: Temperature | None = None
    top_p: Share | None = None
    seed: Seed | None = None
    stop: Stops = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: LogitBias | None = None
    # Of other servers (vLLM, llama.cpp), under the names they gave them.
    top_k: Annotated[int, Field(ge=0, le=100_000)] | None = None
    min_p: Share | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=10)] | None = None

    def to_sampling(self, max_tokens: int | None) -> Sampling:
        """How the next token is chosen; what is not given is as OpenAI has it."""
        return Sampling(
            max_tokens=max_tokens,
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            top_k=self.top_k or 0,
            min_p=self.min_p or 0.0,
            repetition_penalty=self.repetition_penalty or 1.0,
            presence_penalty=self.presence_penalty or 0.0,
            frequency_penalty=self.frequency_penalty or 0.0,
            logit_bias=parse_biases(self.logit_bias),
            # Without a seed each request is another sample.
            seed=secrets.randbelow(2**31) if self.seed is None else self.seed,
            stop=parse_stops(self.stop),
        )
