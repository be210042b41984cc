"""What all tables of settings are: frozen, closed, and faithful to what was stored."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

STORED = {"stored": True}
"""Context of a validation of what genwright itself has stored, perhaps under earlier names."""


class Section(BaseModel):
    """A table of ``genwright.toml``: frozen, refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Earlier names of keys, and the present ones."""
    renamed_values: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """By key: earlier names of what it may be, and the present ones."""

    @model_validator(mode="before")
    @classmethod
    def _take_present_names(cls, values: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        """What was stored under an earlier name is read; a person is told the present one."""
        if not isinstance(values, Mapping):
            return values
        if info.context is STORED:
            named = {cls.renamed.get(key, key): value for key, value in values.items()}
            return {key: cls._rename_value(key, value) for key, value in named.items()}
        if old := cls.renamed.keys() & values.keys():
            names = {key: cls.renamed[key] for key in sorted(old)}
            raise PydanticCustomError("renamed", "earlier names", {"names": names})
        for key in cls.renamed_values.keys() & values.keys():
            if (present := cls._rename_value(key, values[key])) != values[key]:
                about = {"old": values[key], "new": present}
                raise PydanticCustomError("renamed_value", "earlier name of a value", about)
        return values

    @classmethod
    def _rename_value(cls, key: str, value: Any) -> Any:  # noqa: ANN401
        known = cls.renamed_values.get(key, {})
        return known.get(value, value) if isinstance(value, str) else value

    @classmethod
    def has_key(cls, key: str) -> bool:
        """Whether a key is called so, or was."""
        return key in cls.model_fields or key in cls.renamed


def explain_errors(error: ValidationError) -> str:
    """One line: each wrong setting with what was given and what was expected."""
    return "; ".join(text for item in error.errors() for text in _explain(item))


def explain_first_error(error: ValidationError) -> str:
    """One line: the first wrong setting with what was given and what was expected."""
    return next(_explain(error.errors()[0]))


def _explain(item: ErrorDetails) -> Iterator[str]:
    place = [str(part) for part in item["loc"]]
    if item["type"] == "renamed":
        for old, new in item["ctx"]["names"].items():
            yield f"{'.'.join([*place, old])} is called {'.'.join([*place, new])} now"
    elif item["type"] == "renamed_value":
        yield "{old!r} is called {new!r} now".format(**item["ctx"])
    else:
        yield f"{'.'.join(place)} = {item.get('input')!r}: {item['msg']}"
