"""The request of ``/v1/completions``.

https://platform.openai.com/docs/api-reference/completions/create
"""

from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from genwright.server.api.shared.requests import (
    MOST_TOKENS,
    Alternatives,
    Choices,
    Label,
    ModelName,
    StreamOptions,
    Text,
    TokenId,
    find_input_form,
    refuse_field,
)
from genwright.server.api.shared.sampling import SamplingFields

PROMPTS = 128
"""Most prompts of one request; they are answered one after the other."""

Tokens = Annotated[list[TokenId], Field(min_length=1, max_length=MOST_TOKENS)]


class CompletionBody(SamplingFields):
    """What a completion is asked with."""

    model: ModelName
    prompt: Annotated[
        Annotated[Text, Tag("text")]
        | Annotated[list[Text], Field(min_length=1, max_length=PROMPTS), Tag("texts")]
        | Annotated[Tokens, Tag("tokens")]
        | Annotated[list[Tokens], Field(min_length=1, max_length=PROMPTS), Tag("token_lists")],
        Discriminator(find_input_form),
    ]
    """Text, a list of texts, token ids, or a list of those."""
    max_tokens: Annotated[int, Field(ge=0, le=MOST_TOKENS)] | None = None
    """By default 16; 0 with ``echo`` scores the prompt and generates nothing."""
    n: Choices | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: Alternatives | None = None
    """Likeliest tokens to report at each place; OpenAI's limit of 5 does not hold here."""
    echo: bool | None = None
    user: Label | None = None
    best_of: Annotated[int, Field(ge=1, le=8)] | None = None
    suffix: Annotated[None, refuse_field("the models continue a text and do not fill gaps")] = None

    @model_validator(mode="after")
    def _check_fields(self) -> "CompletionBody":
        if self.best_of is not None and self.best_of != (self.n or 1):
            raise ValueError("best_of must equal n: candidates are not ranked")
        if self.max_tokens == 0 and not self.echo:
            raise ValueError("max_tokens may be 0 only with echo")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options needs stream to be true")
        if len(self.prompts) * (self.n or 1) > PROMPTS:
            raise ValueError(f"prompts times n may be {PROMPTS}")
        return self

    @property
    def prompts(self) -> list[str] | list[list[int]]:
        """The prompts in their one form: texts, or lists of token ids."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if self.prompt and isinstance(self.prompt[0], int):
            return [self.prompt]
        return self.prompt  # type: ignore[return-value]
