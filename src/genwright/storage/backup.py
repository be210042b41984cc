"""Backups: one file with everything that cannot be made anew, taken while others read and write.

The store is copied by SQLite's online backup, which is a consistent view. Beside it go settings,
prompts, data sets and trained versions, and models where they are asked for (they can be pulled
again). The file appears under its name when it is whole.
"""

import hashlib
import io
import json
import os
import secrets
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from genwright.errors import NotFound, Refused, UsageError
from genwright.storage.counts import SCHEMA_VERSION

MANIFEST = "manifest.json"
DATABASE = "genwright.db"
ALWAYS = ("genwright.toml", "prompts", "datasets", "versions")
FORMAT = 1
BLOCK = 1 << 20


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    path: Path
    created_at: str
    schema: str
    files: dict[str, str]
    """SHA-256 by name."""
    bytes: int


def create_backup(root: Path, target: Path, *, models: Path | None = None) -> Backup:
    """Write a backup of a workspace.

    Args:
        root: The workspace.
        target: The file to make; one that is there is replaced when the new one is whole.
        models: Folder of models to put in as well.

    Raises:
        NotFound: There is no store.
        Refused: The file cannot be written.
    """
    if not (root / DATABASE).is_file():
        raise NotFound(f"There is no {DATABASE} in {root}: nothing to back up.")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".genwright-") as folder:
            copy = Path(folder) / DATABASE
            _copy_database(root / DATABASE, copy)
            made = _write(part, {DATABASE: copy} | _list_files(root, models))
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Refused(f"Cannot write {target}: {error.strerror or error}.") from error
    return Backup(target, made["created_at"], made["schema"], made["files"], target.stat().st_size)


def restore(archive: Path, folder: Path) -> Path | None:
    """Make a workspace of a backup.

    Args:
        archive: The file.
        folder: Where to. What is there now is moved aside when the new one is whole.

    Returns:
        Where the former workspace went; None where there was none.

    Raises:
        NotFound: There is no such file.
        UsageError: It is no backup, or damaged.
        Refused: It is of a newer genwright, or the folder cannot be written.
    """
    if not archive.is_file():
        raise NotFound(f"There is no file {archive}.")
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-restored-"))
    try:
        _unpack(archive, new)
        for name in ("models", "indexes", "prompts", "runs"):
            (new / name).mkdir(exist_ok=True)
        new.chmod(0o755)
        return _take_place(new, folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def inspect(archive: Path) -> Backup:
    """Read a backup through and compare every digest.

    Raises:
        UsageError: It is no backup, or damaged.
    """
    with tempfile.TemporaryDirectory() as folder:
        manifest = _unpack(archive, Path(folder))
    size = archive.stat().st_size
    return Backup(archive, manifest["created_at"], manifest["schema"], manifest["files"], size)


def _copy_database(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new, pages=4096, sleep=0.01)
        new.execute("PRAGMA journal_mode = DELETE")


def _list_files(root: Path, models: Path | None) -> dict[str, Path]:
    """Files by the names they have in the backup."""
    found: dict[str, Path] = {}
    for name in ALWAYS:
        for path in (root / name, *sorted((root / name).rglob("*"))):
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(root).as_posix()] = path
    if models is not None:
        for path in sorted(models.rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[f"models/{path.relative_to(models).as_posix()}"] = path
    return found


def _write(part: Path, files: dict[str, Path]) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "schema": SCHEMA_VERSION,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {name: _hash_file(path) for name, path in files.items()},
    }
    data = json.dumps(manifest, indent=1).encode()
    with part.open("wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
            for name, path in files.items():
                archive.add(path, name, recursive=False)
        raw.flush()
        os.fsync(raw.fileno())
    return manifest


def _unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Write the files of a backup into an empty folder, each compared with its digest."""
    try:
        with tarfile.open(archive, "r:gz") as opened:
            manifest = _read_manifest(opened, archive)
            wanted = dict(manifest["files"])
            free = shutil.disk_usage(folder).free
            for entry in opened:
                if entry.name == MANIFEST:
                    continue
                if entry.name not in wanted or not entry.isreg() or not _is_plain(entry.name):
                    raise UsageError(f"{archive} holds {entry.name!r}, which is not in its list.")
                free -= entry.size
                if free < 0:
                    raise Refused(f"{archive} needs more room than there is at {folder.parent}.")
                _extract(opened, entry, folder / entry.name, str(wanted.pop(entry.name)))
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError) as error:
        raise UsageError(f"{archive} is not a backup, or is damaged: {error}.") from error
    if wanted:
        raise UsageError(f"{archive} is damaged: {', '.join(wanted)} is missing.")
    return manifest


def _read_manifest(opened: tarfile.TarFile, archive: Path) -> dict[str, Any]:
    first = opened.next()
    if first is None or first.name != MANIFEST or first.size > BLOCK:
        raise UsageError(f"{archive} is not a backup of genwright.")
    data = opened.extractfile(first)
    assert data is not None  # it is a regular file
    manifest: dict[str, Any] = json.load(data)
    if manifest["format"] != FORMAT or str(manifest["schema"]) > SCHEMA_VERSION:
        raise Refused(f"{archive} is of a newer genwright: upgrade (pip install -U genwright).")
    return manifest


def _extract(opened: tarfile.TarFile, entry: tarfile.TarInfo, target: Path, digest: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    data = opened.extractfile(entry)
    assert data is not None  # it is a regular file
    seen = hashlib.sha256()
    with target.open("xb") as file:
        while block := data.read(BLOCK):
            seen.update(block)
            file.write(block)
        os.fsync(file.fileno())
    if seen.hexdigest() != digest:
        raise UsageError(f"{entry.name} is damaged: its SHA-256 is not the one in the list.")


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _take_place(new: Path, folder: Path) -> Path | None:
    aside = None
    if folder.exists() and any(folder.iterdir()):
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = folder.with_name(f"{folder.name}.before-restore-{stamp}")
        folder.rename(aside)
        models, own = new / "models", aside / "models"
        if own.is_dir() and not any(models.iterdir()):  # large, and the same for both
            shutil.copytree(own, models, copy_function=os.link, dirs_exist_ok=True)
    elif folder.exists():
        folder.rmdir()
    new.rename(folder)
    _sync_folder(folder.parent)
    return aside


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
