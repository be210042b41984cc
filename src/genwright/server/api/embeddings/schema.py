"""The request of ``/v1/embeddings``.

https://platform.openai.com/docs/api-reference/embeddings/create
"""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from genwright.server.api.shared.requests import (
    ClosedModel,
    Label,
    ModelName,
    TokenId,
    find_input_form,
)

TEXTS = 2048
"""Most texts of one request, as OpenAI has it."""
TEXT = 100_000
"""Characters of one text; the model reads the beginning that fits its context."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT)]
Tokens = Annotated[list[TokenId], Field(min_length=1, max_length=8192)]


class EmbeddingBody(ClosedModel):
    """What embeddings are asked with."""

    model: ModelName
    input: Annotated[
        Annotated[Text, Tag("text")]
        | Annotated[list[Text], Field(min_length=1, max_length=TEXTS), Tag("texts")]
        | Annotated[Tokens, Tag("tokens")]
        | Annotated[list[Tokens], Field(min_length=1, max_length=TEXTS), Tag("token_lists")],
        Discriminator(find_input_form),
    ]
    """Text, a list of texts, token ids, or a list of those."""
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1, le=65_536)] | None = None
    """Keep so many of the first dimensions and give them unit length again."""
    user: Label | None = None

    @property
    def inputs(self) -> list[str] | list[list[int]]:
        """The inputs in their one form: texts, or lists of token ids."""
        if isinstance(self.input, str):
            return [self.input]
        if isinstance(self.input[0], int):
            return [self.input]
        return self.input
