"""Where settings come from: defaults, ``genwright.toml``, the environment, flags; merged once."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from genwright.errors import SettingsError
from genwright.settings.section import explain_errors
from genwright.settings.sections import Settings

PREFIX = "GENWRIGHT_"
"""Of environment variables."""


def load_settings(file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Merge defaults, a ``genwright.toml``, the environment and flags into one value.

    Args:
        file: The toml file; None, or one that is not there, for none.
        overrides: What flags say, nested like the file, such as ``{"retrieval": {"top_k": 3}}``.

    Raises:
        SettingsError: A key is unknown or a value out of range; the message names where it stands.
    """
    values: dict[str, Any] = {}
    if file is not None and file.exists():
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{file} is not valid TOML: {error}. Fix it and try again."
            ) from error
        except OSError as error:
            raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    try:
        # Flags win over the environment, and that over the file.
        return Settings(**merge_tables(_apply_environment(values), overrides or {}))
    except ValidationError as error:
        where = f"{file}, the environment (GENWRIGHT_*) or the flags" if file else "the environment"
        raise SettingsError(f"Settings from {where}: {explain_errors(error)}") from error


def _apply_environment(values: dict[str, Any]) -> dict[str, Any]:
    """Lay what ``GENWRIGHT_*`` variables say over values; what reads them loads where one is set.

    Raises:
        SettingsError: A variable cannot be read.
        ValidationError: It, or a value, is wrong.
    """
    ours = [name.upper() for name in os.environ if name.upper().startswith(PREFIX)]
    if set(ours) <= {f"{PREFIX}WORKSPACE"}:
        return values
    from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
    from pydantic_settings import SettingsError as UnreadableVariable

    class EnvironmentSettings(Settings, BaseSettings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (env_settings, init_settings)

    try:
        return EnvironmentSettings(**values).model_dump(exclude_unset=True)
    except UnreadableVariable as error:
        raise SettingsError(
            f"Environment: {error}. A table is JSON; set one value by its own variable instead, "
            "such as GENWRIGHT_RETRIEVAL__TOP_K=8."
        ) from error


def merge_tables(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values laid over others, table by table.

    Example:
        >>> merge_tables({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}, "b": 4})
        {'a': {'x': 1, 'y': 3}, 'b': 4}
    """
    both = dict(base)
    for key, value in over.items():
        below = both.get(key)
        tables = isinstance(value, Mapping) and isinstance(below, Mapping)
        both[key] = merge_tables(below, value) if tables else value  # type: ignore[arg-type]
    return both
