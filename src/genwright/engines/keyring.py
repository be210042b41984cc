"""Keys of hosted servers: from the environment, or from a file only its owner can read."""

import stat
import tomllib
from pathlib import Path

from genwright.environment import read_key
from genwright.errors import SettingsError


def get_keyring_path() -> Path:
    """Where the keyring file is by default: ``keys.toml`` in the user's folder of settings."""
    from platformdirs import user_config_path

    return user_config_path("genwright") / "keys.toml"


def find_key(name: str, file: Path | None = None) -> str:
    """The key of that name: the environment variable or, where there is none, the file's entry.

    Args:
        name: Of the variable or the entry (``name = "key"`` in TOML).
        file: The keyring; by default ``get_keyring_path()``.

    Raises:
        SettingsError: Neither has it, or others than the owner may read the file.
    """
    if key := read_key(name):
        return key
    file = file or get_keyring_path()
    if file.exists():
        _refuse_open(file)
        if entry := _read_entries(file).get(name):
            return str(entry)
    raise SettingsError(
        f"No key {name!r}: set the environment variable {name}, or write "
        f'{name} = "..." into {file} (mode 0600).'
    )


def _refuse_open(file: Path) -> None:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"{file} has mode {mode:04o}, so others may read its keys; expected 0600. "
            f"Run: chmod 600 {file}"
        )


def _read_entries(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}. Fix it.") from error
