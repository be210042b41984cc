"""docs/settings.md holds every setting as the code has it.

`python tests/docs/test_settings_page.py` writes its tables anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from genwright.cli.main import RENAMED, RENAMED_CHOICES, RENAMED_OPTIONS
from genwright.settings import OpenAISettings, Section, Settings
from genwright.training.config import TrainConfig
from genwright.training.pretrain import PretrainConfig
from genwright.tuning.config import MethodConfig, TuneConfig

TRAINED = (TrainConfig, TuneConfig, MethodConfig, PretrainConfig)
PAGE = Path(__file__).parent.parent.parent / "docs" / "settings.md"
BETWEEN = re.compile(r"(<!-- tables: begin -->\n).*(<!-- tables: end -->)", re.DOTALL)
RENAMES = re.compile(r"(<!-- renamed: begin -->\n).*(<!-- renamed: end -->)", re.DOTALL)


def page(text: str) -> str:
    """The text of the page, with its tables as the code has them now."""
    text = BETWEEN.sub(lambda found: f"{found[1]}{tables()}{found[2]}", text)
    return RENAMES.sub(lambda found: f"{found[1]}{renamed()}{found[2]}", text)


def renamed() -> str:
    """What was called otherwise: settings, parameters of trainings, options, commands."""
    return "\n".join(["| | earlier | now |", "|---|---|---|", *_renames(), ""])


def _renames() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        for old, new in getattr(field.annotation, "renamed", {}).items():
            yield f"| setting | `{name}.{old}` | `{name}.{new}` |"
    pairs = {pair for section in TRAINED for pair in section.renamed.items()}
    yield from (f"| `--param` | `{old}` | `{new}` |" for old, new in sorted(pairs))
    yield "| option | `--set` of a training | `--param`, `-p` |"
    yield from (f"| option | `{old}` | `{new}` |" for old, new in RENAMED_OPTIONS.items())
    yield from (f"| objective, form | `{old}` | `{new}` |" for old, new in RENAMED_CHOICES.items())
    yield from (f"| command | `{old}` | `{new}` |" for old, new in RENAMED.items())


def tables() -> str:
    """One table for each table of genwright.toml."""
    return "\n".join("\n".join(_table(*each)) + "\n" for each in _sections())


def _sections() -> Iterator[tuple[str, str, dict[str, FieldInfo]]]:
    fields = Settings.model_fields
    tables = {name: field for name, field in fields.items() if isinstance(field.default, Section)}
    plain = {name: field for name, field in fields.items() if name not in {*tables, "servers"}}
    yield "At the top", "Before any table.", plain
    for name, field in tables.items():
        yield f"[{name}]", _doc(type(field.default)), type(field.default).model_fields
    yield "[servers.NAME]", _doc(OpenAISettings), OpenAISettings.model_fields


def _doc(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").split("\n")[0]


def _table(title: str, about: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield f"### `{title}`\n" if "[" in title else f"### {title}\n"
    yield f"{about}\n"
    yield "| setting | default | range | meaning |"
    yield "|---|---|---|---|"
    for name, field in fields.items():
        meaning = (field.description or "").replace("``", "`").replace("\n", " ")
        yield f"| `{name}` | {_default(field)} | {_range(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value: Any = field.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value in (None, ""):
        return "none"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _range(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [
        f"{signs[kind]} {getattr(bound, kind):g}"
        if abs(getattr(bound, kind)) < 10**6
        else f"{signs[kind]} {getattr(bound, kind)}"
        for bound in field.metadata
        for kind in signs
        if hasattr(bound, kind)
    ]
    choices = [
        f"`{each}`" for each in getattr(field.annotation, "__args__", ()) if type(each) is str
    ]
    return ", ".join(bounds or choices) or "any"


def test_the_tables_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert BETWEEN.search(text) and RENAMES.search(text), "the marks around the tables are lost"
    assert text == page(text), "run: python tests/docs/test_settings_page.py"


@pytest.mark.parametrize("name", ["top_k", "base_url", "models_dir", "rerank_model"])
def test_the_tables_name_settings_of_every_kind(name):
    assert f"| `{name}` |" in tables()


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
