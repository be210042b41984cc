"""Data sets as values: rows of one form, each with where it came from, and a digest of all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from genwright.types import Json

Form = Literal[
    "messages",
    "prompt_completion",
    "preference",
    "thumbs",
    "text",
    "classification",
    "qa",
    "summarization",
]
FORMS: tuple[str, ...] = get_args(Form)
FIELDS: dict[str, tuple[str, ...]] = {
    "messages": ("messages",),
    "prompt_completion": ("prompt", "completion"),
    "preference": ("prompt", "chosen", "rejected"),
    "thumbs": ("prompt", "completion", "label"),
    "text": ("text",),
    "classification": ("text", "label"),
    "qa": ("question", "context", "answers", "starts"),
    "summarization": ("document", "summaries"),
}
"""What a row of each form has."""
RENAMED_FORMS = {"summarisation": "summarization"}
"""Earlier names of forms, and the present ones; data sets that are stored may have the earlier."""
DIGESTED_AS = {present: earlier for earlier, present in RENAMED_FORMS.items()}
"""Names that digests are made with, so that what was stored keeps its digest."""
LINEAGE = "lineage"


@dataclass(frozen=True)
class Dataset:
    """Rows of one form.

    Example:
        >>> len(Dataset("tiny", "text", ({"text": "Hello."},)))
        1
    """

    name: str
    form: Form
    rows: tuple[Json, ...]
    source: str = field(default="", compare=False)
    """Where it was read from."""

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def lines(self) -> tuple[bytes, ...]:
        """Each row without its lineage, in one way of writing."""
        return tuple(map(canonicalize_row, self.rows))

    @cached_property
    def sha256(self) -> str:
        """Digest of the rows in their order, without their lineage: of what is learnt."""
        total = hashlib.sha256(f"{DIGESTED_AS.get(self.form, self.form)}\n".encode())
        for line in self.lines:
            total.update(line)
        return total.hexdigest()

    def with_rows(self, rows: Sequence[Json], name: str = "") -> "Dataset":
        """Other rows of the same form."""
        return Dataset(name or self.name, self.form, tuple(rows), self.source)


@dataclass(frozen=True)
class Splits:
    """A data set in the three parts that a training takes."""

    train: Dataset
    validation: Dataset
    test: Dataset

    def all(self) -> dict[str, Dataset]:
        """Each part by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def canonicalize_row(row: Json) -> bytes:
    """A row without its lineage, in one way of writing: equal exactly when the rows are."""
    bare = {key: value for key, value in row.items() if key != LINEAGE}
    return json.dumps(bare, ensure_ascii=False, sort_keys=True).encode(errors="surrogatepass")


def extract_text(row: Json) -> str:
    r"""Everything that a row says, a line each; of a class only what is classified.

    Example:
        >>> extract_text({"prompt": "Hi", "completion": "Hello."})
        'Hi\nHello.'
    """
    found: list[str] = []
    for key, value in row.items():
        if key in (LINEAGE, "label"):
            continue
        if isinstance(value, str):
            found.append(value)
        elif key in ("messages", "prompt"):
            found += [
                str(call["function"].get("arguments") or "")
                for each in value
                for call in each.get("tool_calls") or ()
            ]
            found += [str(each.get("content") or "") for each in value]
        elif isinstance(value, list):
            found += [each for each in value if isinstance(each, str)]
    return "\n".join(found)
