"""What an assistant is made of: everything that decides its answers beside the documents."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from genwright.errors import UsageError
from genwright.options import flatten
from genwright.prompts import Examples, Prompt, Shot, load_prompt
from genwright.settings import (
    STORED,
    AnswerSettings,
    RetrievalSettings,
    Section,
    Settings,
    explain_first_error,
    merge_tables,
)


class PromptText(Section):
    """A prompt by its words, so that editing the file it came from changes no version."""

    name: str
    description: str = ""
    system: str = Field(max_length=100_000)
    user: str = Field(max_length=100_000)
    shots: tuple[tuple[str, str], ...] = ()
    """What a user says and what the reply should be, as examples the model sees."""
    pool: tuple[tuple[str, str, str], ...] = ()
    """More examples, user, reply and label each, to pick from for each question."""
    k: int = Field(default=3, ge=0, le=100)
    """How many are picked."""
    picker: str = "nearest"
    """How: nearest, mmr, balanced, random or fixed."""

    def build_prompt(self) -> Prompt:
        """The prompt that renders it."""
        pool = tuple(Shot(user, assistant, label) for user, assistant, label in self.pool)
        examples = Examples(pool, self.k, self.picker) if pool else None
        return Prompt(
            self.name, self.description, self.system, self.user, self.shots, examples=examples
        )


class AssistantConfig(Section):
    """One version of an assistant."""

    description: str = Field(default="", max_length=1000)
    """What it is for, as people choose by it."""
    collections: tuple[str, ...] = ("default",)
    """Names of the collections it answers from; empty for all that the asker may read."""
    prompt: PromptText
    retrieval: RetrievalSettings = RetrievalSettings()
    answer: AnswerSettings = AnswerSettings()
    """``answer.model`` is the chat model."""
    intents: tuple[int, ...] = ()
    """Requests whose kind people told, by id: ``genwright improve --method intents`` finds them."""

    def compute_digest(self) -> str:
        """SHA-256 of the configuration: equal exactly when nothing differs."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def merge_settings(self, base: Settings) -> Settings:
        """The workspace's settings with this version's in their place."""
        return base.model_copy(update={"retrieval": self.retrieval, "answer": self.answer})


def build_config(
    settings: Settings, prompts: Path | None = None, prompt: str = "answer"
) -> AssistantConfig:
    """The configuration that a workspace's settings give.

    Args:
        settings: How to search and to answer, and the collection that is used by default.
        prompts: Folder of the team's own prompts.
        prompt: Name of the prompt.

    Raises:
        UnknownName: There is no such prompt.
    """
    return AssistantConfig(
        collections=(settings.collection,),
        prompt=read_prompt_text(load_prompt(prompt, prompts)),
        retrieval=settings.retrieval,
        answer=settings.answer,
    )


def read_prompt_text(prompt: Prompt) -> PromptText:
    """The words of a prompt file."""
    return PromptText(
        name=prompt.name,
        description=prompt.description,
        system=prompt.system,
        user=prompt.user,
        shots=prompt.shots,
        **_dump_pool(prompt),
    )


def _dump_pool(prompt: Prompt) -> dict[str, Any]:
    if prompt.examples is None:
        return {}
    pool = tuple((shot.user, shot.assistant, shot.label) for shot in prompt.examples.pool)
    return {"pool": pool, "k": prompt.examples.k, "picker": prompt.examples.picker}


def apply_changes(
    config: AssistantConfig, changes: Mapping[str, Any], *, stored: bool = False
) -> AssistantConfig:
    """A configuration with changes laid over it, nested like it.

    Args:
        config: What is changed.
        changes: Values by name, nested like the configuration.
        stored: Whether the changes were stored, perhaps under earlier names.

    Raises:
        UsageError: A key is unknown or a value out of range.

    Example:
        >>> apply_changes(build_config(Settings()), {"retrieval": {"top_k": "3"}}).retrieval.top_k
        3
    """
    try:
        return AssistantConfig.model_validate(
            merge_tables(config.model_dump(), changes), context=STORED if stored else None
        )
    except ValidationError as error:
        raise UsageError(
            f"{explain_first_error(error)}. See docs/assistants.md for what an assistant is made "
            "of."
        ) from error


def find_differences(
    old: AssistantConfig, new: AssistantConfig
) -> dict[str, tuple[object, object]]:
    """What differs, by dotted name: the old value and the new one.

    Example:
        >>> config = build_config(Settings())
        >>> find_differences(config, apply_changes(config, {"retrieval": {"top_k": 3}}))
        {'retrieval.top_k': (8, 3)}
    """
    before, after = dict(flatten(old.model_dump())), dict(flatten(new.model_dump()))
    return {
        name: (before.get(name), after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }
