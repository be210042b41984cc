"""Writing single values into ``genwright.toml``: comments stay, what is wrong is not written."""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genwright.errors import Refused, SettingsError
from genwright.settings import Settings, load_settings


def write_settings(file: Path, values: Mapping[str, Any]) -> Settings:
    """Set values of a settings file, all of them or none.

    Args:
        file: The ``genwright.toml``.
        values: By dotted name, such as ``{"retention.traces_days": 30}``; None takes a value out.

    Returns:
        The settings as they are from now on.

    Raises:
        SettingsError: A name is unknown or a value out of range; nothing is written then.
        Refused: The file cannot be written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(file.read_text(encoding="utf-8") if file.exists() else "")
        for name, value in values.items():
            _set(document, name.split("."), value)
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}. Fix it and try again.") from error
    file = file.resolve()  # a link stays one
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("x", encoding="utf-8") as opened:
            if file.exists():
                os.fchmod(opened.fileno(), stat.S_IMODE(file.stat().st_mode))
            opened.write(tomlkit.dumps(document))
            opened.flush()
            os.fsync(opened.fileno())
        settings = load_settings(part)
        part.replace(file)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return settings


def _set(table: Any, path: list[str], value: object) -> None:  # noqa: ANN401 - a table of tomlkit
    import tomlkit

    for name in path[:-1]:
        if name not in table:
            table[name] = tomlkit.table()
        table = table[name]
    if value is None:
        table.pop(path[-1], None)
    else:
        table[path[-1]] = list(value) if isinstance(value, tuple) else value
