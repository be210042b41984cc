"""Judgements of texts as ``/v1/moderations`` gives them."""

import secrets
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from genwright.privacy import find_identifiers
from genwright.privacy.moderation import CATEGORIES, NAME, NEVER_DETECTED, moderate
from genwright.server.api.chat.schema import TextPart
from genwright.server.api.shared.conversing import TEXT_ONLY
from genwright.server.api.shared.requests import ClosedModel, ModelName
from genwright.settings import PrivacySettings
from genwright.types import Json

TEXTS = 256
"""Most texts of one request."""
ALL_CHARACTERS = 400_000
"""Of all texts of one request together."""

Text = Annotated[str, StringConstraints(max_length=ALL_CHARACTERS)]


def _check_text(given: object) -> object:
    for part in given if isinstance(given, list) else ():
        if isinstance(part, dict) and part.get("type") != "text":
            raise ValueError(f"only texts are judged: {TEXT_ONLY}")
    return given


def _check_bounds(given: Any) -> Any:  # noqa: ANN401 - one of three forms, handed on as it is
    if sum(map(len, _list_texts(given))) > ALL_CHARACTERS:
        raise ValueError(f"all texts together may have {ALL_CHARACTERS} characters")
    return given


def _list_texts(given: str | list[str] | list[TextPart]) -> list[str]:
    if isinstance(given, str):
        return [given]
    return [each if isinstance(each, str) else each.text for each in given]


class ModerationBody(ClosedModel):
    """What is to be judged."""

    input: Annotated[
        Text
        | Annotated[list[Text], Field(min_length=1, max_length=TEXTS)]
        | Annotated[list[TextPart], Field(min_length=1, max_length=TEXTS)],
        BeforeValidator(_check_text),
        AfterValidator(_check_bounds),
    ]
    """A text, a list of texts, or text parts; parts are judged together, as one message."""
    model: ModelName | None = None
    """Any name: there is one set of rules, and the reply says which."""


def moderate_texts(body: ModerationBody, settings: PrivacySettings) -> Json:
    """The reply: one result for each text."""
    texts = _list_texts(body.input)
    if not isinstance(body.input, str) and not isinstance(body.input[0], str):
        texts = ["\n".join(texts)]
    return {
        "id": f"modr-{secrets.token_hex(16)}",
        "model": NAME,
        "results": [_format_result(text, settings) for text in texts],
    }


def _format_result(text: str, settings: PrivacySettings) -> Json:
    judged = moderate(text)
    identifiers = find_identifiers(text, settings.kinds, settings.regions)
    return {
        "flagged": judged.is_flagged,
        "categories": judged.categories,
        "category_scores": judged.scores,
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
        "x_genwright": {
            "method": "rules",
            "language": "en",
            "never_detected": list(NEVER_DETECTED),
            "identifiers": [each.__dict__ for each in identifiers],
        },
    }
