"""The workspace: one folder that holds everything genwright knows and writes.

::

    genwright.toml   settings        genwright.db   the store
    models/          weights         indexes/       derived from the store
    prompts/         the team's own  runs/          trainings at work
    datasets/        rows by digest  versions/      trained weights by digest
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genwright.environment import read_variable
from genwright.errors import NotFound, Refused
from genwright.settings import Settings, load_settings

if TYPE_CHECKING:
    from genwright.storage import Database

SETTINGS_FILE = "genwright.toml"

_FIRST_SETTINGS = """\
# Settings of this genwright workspace; what is not set here has the default that docs/settings.md
# gives. An environment variable such as GENWRIGHT_RETRIEVAL__TOP_K=10 overrides a line of it.

# [retrieval]
# top_k = 8                  # passages a search returns

# [answer]
# model = "smollm2-135m-instruct"

# [servers.ollama]       # any OpenAI-compatible server; ask it by --model ollama/NAME
# base_url = "http://localhost:11434/v1"
"""


@dataclass(frozen=True)
class Workspace:
    """An opened workspace."""

    root: Path
    settings: Settings

    @property
    def database_file(self) -> Path:
        """Where the store is."""
        return self.root / "genwright.db"

    @cached_property
    def database(self) -> "Database":
        """The store."""
        from genwright.storage import Database

        return Database(self.database_file)

    @property
    def models_dir(self) -> Path:
        """Folder of downloaded models; a relative one begins at the workspace."""
        return self.root / (self.settings.models_dir or Path("models")).expanduser()

    @property
    def indexes_dir(self) -> Path:
        """Folder of what is derived from the store and can be rebuilt."""
        return self.root / "indexes"

    @property
    def versions_dir(self) -> Path:
        """Folder of trained weights, by digest; the store says which of them are versions."""
        return self.root / "versions"

    @property
    def datasets_dir(self) -> Path:
        """Folder of data sets that were checked in, by digest."""
        return self.root / "datasets"

    @property
    def runs_dir(self) -> Path:
        """Folder of trainings at work: checkpoints, and what they need to go on."""
        return self.root / "runs"

    @property
    def prompts_dir(self) -> Path:
        """Folder of prompts that override the built-in ones."""
        return self.root / "prompts"

    def with_settings(self, settings: Settings) -> "Workspace":
        """The same folder and store under other settings."""
        other = replace(self, settings=settings)
        other.__dict__["database"] = self.database
        return other

    def close(self) -> None:
        """Give back the database's connections."""
        if "database" in self.__dict__:
            self.database.close()


def create_workspace(folder: Path) -> Path:
    """Make a workspace in a folder; what it already holds is left as it is.

    Returns:
        The folder, absolute.

    Raises:
        Refused: Something there is not a folder, or may not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("models", "indexes", "prompts", "runs"):
            (folder / name).mkdir(exist_ok=True)
        settings = folder / SETTINGS_FILE
        if not settings.exists():
            settings.write_text(_FIRST_SETTINGS, encoding="utf-8")
    except OSError as error:
        raise Refused(
            f"Cannot make a workspace in {folder}: {error.strerror}. Name a folder you may write."
        ) from error
    return folder.resolve()


def locate_workspace(named: Path | None = None, start: Path | None = None) -> Path:
    """Find the workspace to use: the one named, the nearest above, or the user's default.

    Order: the argument (``--workspace``), ``GENWRIGHT_WORKSPACE``, the nearest folder at or above
    ``start`` (the current folder) that has a ``genwright.toml``, and last a folder in the user's
    data folder, which is made when it is not there.

    Raises:
        NotFound: The workspace that was named is none.
    """
    if named is None and (variable := read_variable("GENWRIGHT_WORKSPACE")):
        named = Path(variable)
    if named is not None:
        if not (named / SETTINGS_FILE).is_file():
            raise NotFound(f"{named} is not a workspace: make one with: genwright init {named}")
        return named.resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    from platformdirs import user_data_path

    return create_workspace(user_data_path("genwright"))


def open_workspace(
    named: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Workspace:
    """Open the workspace that ``locate_workspace`` finds, with the settings that apply to it.

    Args:
        named: The folder, where the caller names one.
        overrides: What a command's flags set, nested like ``genwright.toml``.

    Raises:
        NotFound: The workspace that was named is none.
        SettingsError: A setting is unknown or out of range.
    """
    root = locate_workspace(named)
    return Workspace(root, load_settings(root / SETTINGS_FILE, overrides))
