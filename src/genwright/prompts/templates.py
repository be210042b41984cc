"""Prompt files: YAML front matter with the system text, then the user's message, in Jinja.

::

    ---
    description: What it is for.
    system: |
      You are ...
    shots:
      - name: greeting
        user: ...
        assistant: ...

Examples:
      from: tickets.jsonl
      k: 3
      picker: nearest
      user: "{{ text }}"
      assistant: "{{ label }}"
    ---
    {{ question }}

Shots stand before every question; of the examples, ``k`` are picked for each (see ``shots``).
They run in Jinja's immutable sandbox, so that a prompt from elsewhere can print values and no more.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from genwright.errors import SettingsError, UnknownName
from genwright.prompts.shots import PICKERS, Shot

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
)


@dataclass(frozen=True)
class Examples:
    """Examples to pick from for each question."""

    pool: tuple[Shot, ...]
    k: int = 3
    picker: str = "nearest"


@dataclass(frozen=True)
class Prompt:
    """A prompt file as read."""

    name: str
    description: str
    system: str
    user: str
    shots: tuple[tuple[str, str], ...] = ()
    """Examples of what a user says and what the reply should be, as they are sent."""
    names: tuple[str, ...] = ()
    """Of the shots, where they have any."""
    examples: Examples | None = None
    """What more are picked from; None for no more."""

    @cached_property
    def version(self) -> str:
        """Name and content hash, ``answer@1f2e3d4c5b6a``: equal exactly when the words are."""
        words = (self.system, self.user, *(text for shot in self.shots for text in shot))
        if self.examples is not None:
            words += (str(self.examples.k), self.examples.picker)
            words += tuple(
                text for shot in self.examples.pool for text in (shot.user, shot.assistant)
            )
        content = "\0".join(words).encode()
        return f"{self.name}@{hashlib.sha256(content).hexdigest()[:12]}"

    def render(self, **values: object) -> tuple[str, str]:
        """System text and user's message with the values in their places.

        Raises:
            SettingsError: The file names a value that it is not given, or has a mistake.
        """
        try:
            system, user = _compile_template(self.system), _compile_template(self.user)
            return system.render(values).strip(), user.render(values).strip()
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise SettingsError(
                f"Prompt {self.name!r}: {error}. It may use: {', '.join(sorted(values))}."
            ) from error


def _compile_template(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def list_prompt_names() -> list[str]:
    """Names of the built-in prompts, sorted."""
    folder = files("genwright.prompts") / "builtin"
    return sorted(file.name.removesuffix(".md") for file in folder.iterdir())


def load_prompt(name: str, overrides: Path | None = None) -> Prompt:
    """Read a prompt: the team's own file where there is one, else the built-in.

    Args:
        name: File name without ``.md``.
        overrides: Folder of the team's own prompts (``prompts/`` of the workspace).

    Raises:
        UnknownName: There is none of that name.
        SettingsError: The file is not in the form.
    """
    own = overrides / f"{name}.md" if overrides and Path(name).name == name else None
    if own and own.is_file():
        return _parse(name, own.read_bytes(), str(own), own.parent)
    if name not in list_prompt_names():
        raise UnknownName(f"There is no prompt {name!r}. Known: {', '.join(list_prompt_names())}.")
    file = files("genwright.prompts") / "builtin" / f"{name}.md"
    return _parse(name, file.read_bytes(), str(file))


def _parse(name: str, data: bytes, where: str, folder: Path | None = None) -> Prompt:
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        _, front, user = text.split("---\n", 2)
        values = yaml.safe_load(front)
        shots = tuple(
            (shot["user"] + "", shot["assistant"] + "") for shot in values.get("shots", ())
        )
        names = tuple(str(shot.get("name", "")) for shot in values.get("shots", ()))
        examples = _load_examples(values.get("examples"), folder)
        description = str(values["description"])
        return Prompt(name, description, values["system"] + "", user, shots, names, examples)
    except (ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise SettingsError(
            f"{where} should begin with YAML front matter between --- lines that has description "
            f"and system; the user's message follows. It does not: {error}."
        ) from error


def read_prompt(path: Path) -> Prompt:
    """Read a prompt file anywhere.

    Raises:
        UnknownName: There is no such file.
        SettingsError: It is not in the form.
    """
    if not path.is_file():
        raise UnknownName(f"There is no prompt file {path}.")
    return _parse(path.stem, path.read_bytes(), str(path), path.parent)


MOST = 2000
"""Examples that a prompt picks from, at most: an assistant's version keeps them by their words."""


def _load_examples(block: object, folder: Path | None) -> Examples | None:
    """The examples of a block of the front matter, rendered; None where there is no block."""
    if not block:
        return None
    if not isinstance(block, dict) or "from" not in block or folder is None:
        raise ValueError("examples needs from, a file of JSON lines beside the prompt")
    picker = str(block.get("picker", "nearest"))
    if picker not in PICKERS:
        raise ValueError(f"picker is {picker!r}, expected one of {', '.join(PICKERS)}")
    path = folder / str(block["from"])
    if not path.is_file():
        raise ValueError(f"examples are to come from {path}, which is not there")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    user = _compile_template(str(block.get("user", "{{ user }}")))
    assistant = _compile_template(str(block.get("assistant", "{{ assistant }}")))
    try:
        pool = tuple(
            Shot(user.render(row), assistant.render(row), str(row.get("label", "")))
            for row in rows[:MOST]
        )
    except TemplateError as error:
        raise ValueError(f"a row of {path.name} does not fit: {error}") from error
    return Examples(pool, int(block.get("k", 3)), picker)
