"""The models of a workspace: those that can be pulled, and those that are there."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from genwright.catalog import entries, listing, manifest, pins
from genwright.catalog import local_import as taking
from genwright.catalog.entries import NAME, CatalogEntry, Kind
from genwright.catalog.listing import CatalogModel
from genwright.catalog.manifest import Manifest
from genwright.catalog.verify import FileProblem, verify
from genwright.errors import NotFound, Refused, UnknownName, UntrustedWeights, UsageError
from genwright.types import Progress, ignore_progress

PARTIAL, LOCKS, ENTRIES, ORIGINALS = ".partial", ".locks", "models.toml", ".originals"


class Catalog:
    """Models by name, in a folder: ``NAME/`` with the files and ``model.json``.

    Args:
        models_dir: The folder. A ``models.toml`` in it adds entries of the team's own.
    """

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir

    @cached_property
    def entries(self) -> dict[str, CatalogEntry]:
        """What can be pulled, by name."""
        return entries.load(self.models_dir / ENTRIES)

    def list_models(self) -> list[CatalogModel]:
        """What can be pulled, in the order of the catalog, then what else is there."""
        there = {held.name: held for held in self._iter_manifests()}
        known = [
            listing.describe_entry(entry, there.pop(name, None))
            for name, entry in self.entries.items()
        ]
        return known + [listing.describe_manifest(held) for held in there.values()]

    def list_embedded(self) -> list[str]:
        """Names of the models a fresh installation works with."""
        return [name for name, entry in self.entries.items() if entry.embedded]

    def find(self, name: str) -> CatalogModel:
        """The model of that name.

        Raises:
            UnknownName: There is none; the message has the nearest name.
        """
        held = self.read_manifest(name)
        if entry := self.entries.get(name):
            return listing.describe_entry(entry, held)
        if held:
            return listing.describe_manifest(held)
        near = get_close_matches(name, [model.name for model in self.list_models()], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownName(f"There is no model {name!r}.{hint} See: genwright models list")

    def read_manifest(self, name: str) -> Manifest | None:
        """What a pulled model remembers; None where it is not there.

        Raises:
            UntrustedWeights: The manifest is damaged.
        """
        return manifest.read(self.models_dir / name) if NAME.fullmatch(name) else None

    def find_path(self, name: str) -> Path:
        """Where a pulled model is: its GGUF file or, for other formats, its folder.

        Raises:
            UnknownName: There is no such model.
            NotFound: It is not pulled.
        """
        held = self.read_manifest(name)
        if held is None:
            self.find(name)
            raise NotFound(f"The model {name!r} is not here. Run: genwright models pull {name}")
        folder = self.models_dir / name
        weights = [file.name for file in held.files if file.name.endswith(".gguf")]
        return folder / weights[0] if weights else folder

    def pull(
        self,
        name: str,
        progress: Progress = ignore_progress,
        finish: Callable[[Path], None] | None = None,
    ) -> Path:
        """Fetch a model, unless it is there. Several processes may do so at once.

        Args:
            name: Of an entry.
            progress: Told of bytes.
            finish: Run on the folder of checked files of an encoder's weights before it is there
                for anyone; it may replace them, as preparing an embedder for its runtime does.
                A GGUF runs as it is.

        Returns:
            What ``path`` returns.

        Raises:
            UnknownName: No entry has that name.
            Refused: It was imported, so there is nowhere to pull it from.
            DownloadFailed: No source delivered.
            UntrustedWeights: What was delivered is not what is pinned, or no sound weights.
        """
        entry = self._require_entry(name)
        with self.hold_lock(name):
            if self.read_manifest(name) is None:
                self._pull(entry, progress, finish)
        return self.find_path(name)

    def fetch_original(self, name: str, progress: Progress = ignore_progress) -> Path:
        """Folder of a model's files as its publisher has them, fetched when first asked for.

        A pulled embedder is prepared for its runtime; training needs what it was made of.

        Raises:
            UnknownName: No entry has that name.
            DownloadFailed: No source delivered.
            UntrustedWeights: What was delivered is not what is pinned, or no sound weights.
        """
        from genwright.catalog import fetch

        entry = self._require_entry(name)
        folder = self.models_dir / ORIGINALS / name
        with self.hold_lock(f"{name}.original"):
            if not folder.is_dir():
                stage = self.models_dir / PARTIAL / f"{name}.original"
                fetch.fetch(entry, pins.read(self.models_dir).get(name, {}), stage, progress)
                folder.parent.mkdir(parents=True, exist_ok=True)
                os.replace(stage, folder)
        return folder

    def verify(self, name: str | None = None) -> list[FileProblem]:
        """Hash the files of one pulled model, or of all, and tell what is not as it was.

        Raises:
            UnknownName: There is no such model.
            NotFound: It is not pulled.
        """
        if name is not None and name not in self._list_folders():
            self.find_path(name)
        names = self._list_folders() if name is None else [name]
        return [finding for each in names for finding in verify(self.models_dir / each)]

    def import_file(self, path: Path, name: str | None = None, kind: Kind | None = None) -> Path:
        """Take in a GGUF file of the user's own; hard-linked where the disk is the same.

        Args:
            path: The file.
            name: What to call it; by default its file name in small letters.
            kind: What it is for; by default what its head says.

        Returns:
            What ``path`` returns.

        Raises:
            NotFound: There is no such file.
            UsageError: The name is taken or not possible.
            UntrustedWeights: It is not a valid GGUF file, or a part of a model.
        """
        name = taking.suggest_name(path) if name is None else name
        if not path.is_file():
            raise NotFound(f"There is no file {path}: name a GGUF file.")
        if not NAME.fullmatch(name):
            raise UsageError(f"{name!r} is not a name for a model: use a-z, 0-9, '.', '_' and '-'.")
        with self.hold_lock(name):
            if name in self.entries or (self.models_dir / name).exists():
                raise UsageError(f"There is a model {name!r} already: choose another name.")
            with self._open_stage(f"{name}.import") as stage:
                self._settle(stage, taking.take_file(path, stage, name, kind))
        return self.find_path(name)

    def remove(self, name: str) -> int:
        """Delete a pulled model; digests that its first pull pinned stay pinned.

        Returns:
            Bytes that are free again, but for what is hard-linked elsewhere.

        Raises:
            UnknownName: There is no such model.
            NotFound: It is not pulled.
        """
        if name not in self._list_folders():
            self.find_path(name)
        folder = self.models_dir / name
        with self.hold_lock(name), self._open_stage(f"{name}.removed") as gone:
            size = sum((folder / each).lstat().st_size for each in manifest.walk(folder))
            os.replace(folder, gone / name)  # at once: nobody may find half a model
        return size

    def _pull(
        self, entry: CatalogEntry, progress: Progress, finish: Callable[[Path], None] | None
    ) -> None:
        from genwright.catalog import fetch

        stage = self.models_dir / PARTIAL / entry.name
        known = pins.read(self.models_dir).get(entry.name, {})
        came = fetch.fetch(entry, known, stage, progress)
        if came.pinned_by != "catalog":
            with self.hold_lock(pins.PINS):
                pins.add(self.models_dir, entry.name, came.files)
        if finish is not None and entry.format != "gguf":
            finish(stage)
        self._settle(
            stage, manifest.build_manifest(entry, came.source, came.pinned_by, came.files, stage)
        )

    def _settle(self, stage: Path, held: Manifest) -> None:
        """Make a finished folder the model, in one step."""
        manifest.write(stage, held)
        folder = self.models_dir / held.name
        try:
            os.replace(stage, folder)
        except OSError as error:
            raise Refused(
                f"{folder} is in the way ({error.strerror}) and no model of genwright's: move it "
                f"elsewhere, or run: genwright models remove {held.name}"
            ) from error

    def _require_entry(self, name: str) -> CatalogEntry:
        if entry := self.entries.get(name):
            return entry
        self.find(name)
        raise Refused(f"{name!r} was imported from a file: there is nowhere to pull it from.")

    def _list_folders(self) -> list[str]:
        if not self.models_dir.is_dir():
            return []
        names = sorted(path.name for path in self.models_dir.iterdir() if path.is_dir())
        return [name for name in names if NAME.fullmatch(name)]

    def _iter_manifests(self) -> Iterator[Manifest]:
        """Manifests of what is there; a damaged one is for ``verify`` to tell."""
        for name in self._list_folders():
            try:
                if held := manifest.read(self.models_dir / name):
                    yield held
            except UntrustedWeights:
                continue

    @contextmanager
    def _open_stage(self, name: str) -> Iterator[Path]:
        """A folder that is gone afterwards, on the same disk as the models."""
        stage = self.models_dir / PARTIAL / name
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    @contextmanager
    def hold_lock(self, name: str) -> Iterator[None]:
        """Let one process at a time work on what a name stands for.

        Raises:
            Refused: The folder of models cannot be written.
        """
        from filelock import FileLock

        locks = self.models_dir / LOCKS
        lock = FileLock(locks / f"{name}.lock")
        try:
            locks.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            raise Refused(
                f"Cannot write in {self.models_dir} ({error.strerror}): set models_dir to a "
                "folder you may write."
            ) from error
        try:
            yield
        finally:
            lock.release()
