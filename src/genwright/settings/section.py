"""What all tables of settings are: frozen, closed, and faithful to what was stored."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator

STORED = {"stored": True}
"""Context of a validation of what genwright itself has stored, perhaps under earlier names."""


class Section(BaseModel):
    """A table of ``genwright.toml``: frozen, refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Earlier names of keys, and the present ones."""

    @model_validator(mode="before")
    @classmethod
    def _take_present_names(cls, values: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        """What was stored under an earlier name is read; a person is told the present one."""
        if not isinstance(values, Mapping) or not (old := cls.renamed.keys() & values.keys()):
            return values
        if info.context is STORED:
            return {cls.renamed.get(key, key): value for key, value in values.items()}
        name = min(old)
        raise ValueError(f"{name!r} is called {cls.renamed[name]!r} now")
