"""What a pulled model remembers: which files it has, their digests, and where they came from."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from genwright.catalog.entries import MANIFEST, CatalogEntry, Format, Kind
from genwright.errors import UntrustedWeights
from genwright.settings import STORED, Section


class FileDigest(Section):
    """One file as it was when it was found good."""

    name: str
    size: int
    sha256: str


class Manifest(Section):
    """``model.json`` in a pulled model's folder."""

    renamed: ClassVar[Mapping[str, str]] = {"licence": "license"}

    name: str
    kind: Kind
    format: Format
    license: str
    context: int = 0
    description: str = ""
    source: str
    """Where the files came from, with the commit of a repository."""
    pinned_by: str
    """Since when the digests are fixed: ``catalog``, ``first pull`` or ``import``."""
    fetched: tuple[FileDigest, ...]
    """Files as they were fetched."""
    files: tuple[FileDigest, ...]
    """Files as they are now, after the model was prepared for its runtime."""
    added_at: str
    """ISO 8601, UTC."""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


def build_manifest(
    entry: CatalogEntry, source: str, pinned_by: str, fetched: tuple[FileDigest, ...], folder: Path
) -> Manifest:
    """The manifest of a pulled model whose files are in a folder, finished."""
    return Manifest(
        name=entry.name,
        kind=entry.kind,
        format=entry.format,
        license=entry.license,
        context=entry.context,
        description=entry.description,
        source=source,
        pinned_by=pinned_by,
        fetched=fetched,
        files=tuple(digest_file(folder / name, name) for name in walk(folder)),
        added_at=format_now(),
    )


def format_now() -> str:
    """The time, as manifests have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def digest_file(path: Path, name: str = "") -> FileDigest:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return FileDigest(name=name or path.name, size=file.tell(), sha256=sha256)


def walk(folder: Path) -> Iterator[str]:
    """Names of a model's files, relative to its folder, sorted, without the manifest."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST and (path.is_symlink() or not path.is_dir()):
            yield name


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder; None where there is none.

    Raises:
        UntrustedWeights: It is damaged.
    """
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes(), context=STORED)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        raise UntrustedWeights(
            f"{folder / MANIFEST} is damaged: genwright models remove {folder.name}, then pull it."
        ) from error


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest so that it is there wholly or not at all."""
    partial = folder / f"{MANIFEST}.new"
    partial.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    os.replace(partial, folder / MANIFEST)
