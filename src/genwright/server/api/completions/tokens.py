"""Texts to tokens and back, as vLLM's server has it beside OpenAI's API."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from genwright.access import Identity
from genwright.engines import Engine
from genwright.server.api.shared.requests import ClosedModel, ModelName, TokenId, UnsupportedField
from genwright.server.api.shared.targets import BareModel, resolve_target
from genwright.server.service import Service

CHARACTERS = 400_000


class TokenizeBody(ClosedModel):
    """A text whose tokens are asked for."""

    prompt: Annotated[str, StringConstraints(max_length=CHARACTERS)]
    model: ModelName | None = None
    """By default the chat model of the settings."""
    add_special_tokens: bool | None = None
    """Whether to begin with what the model begins every prompt with; yes unless told otherwise."""


class DetokenizeBody(ClosedModel):
    """Tokens whose text is asked for."""

    tokens: Annotated[list[TokenId], Field(max_length=CHARACTERS)]
    model: ModelName | None = None


class TokenizeReply(BaseModel):
    """The reply."""

    tokens: list[int]
    count: int
    max_model_len: int


def tokenize_text(service: Service, identity: Identity, body: TokenizeBody) -> TokenizeReply:
    """The tokens of a text. It blocks.

    Raises:
        NotFound: There is no such model.
    """
    engine = _open_engine(service, identity, body.model)
    tokens = engine.tokenize(body.prompt)
    if body.add_special_tokens is False:
        tokens = tokens[len(engine.tokenize("")) :]
    return TokenizeReply(tokens=tokens, count=len(tokens), max_model_len=engine.context)


def detokenize_tokens(service: Service, identity: Identity, body: DetokenizeBody) -> str:
    """The text of tokens. It blocks.

    Raises:
        NotFound: There is no such model.
    """
    return _open_engine(service, identity, body.model).detokenize(body.tokens)


def _open_engine(service: Service, identity: Identity, model: str | None) -> Engine:
    target = resolve_target(service, identity, model or service.settings.answer.model)
    if not isinstance(target, BareModel):
        raise UnsupportedField("model", "an assistant has no tokens of its own; name a model.")
    return service.runtime.models.get_engine(target.name)
