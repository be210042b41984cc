"""Texts of spans without what should not be kept."""

from collections.abc import Callable, Mapping

Redact = Callable[[str], str]


def redact_attributes(attributes: Mapping[str, object], redact: Redact | None) -> dict[str, object]:
    """Attributes with every text redacted."""
    if redact is None:
        return dict(attributes)
    return {
        key: redact(value) if isinstance(value, str) else value for key, value in attributes.items()
    }
