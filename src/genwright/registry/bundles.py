"""A version as one file, to take to another workspace: its files, its facts and its card."""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from genwright.errors import NotFound, Refused, UntrustedWeights, UsageError
from genwright.registry.cards import render_card
from genwright.registry.facts import VersionFacts
from genwright.registry.versions import ModelVersions, TrainedVersion
from genwright.settings import STORED
from genwright.types import Json, Principal

FORMAT = 1
MANIFEST, CARD, FILES = "version.json", "README.md", "files"


def export_version(trained: TrainedVersion, target: Path) -> None:
    """Write a version as a tar file, there wholly or not at all.

    Raises:
        Refused: The file cannot be written.
    """
    manifest = {
        "format": FORMAT,
        "name": trained.name,
        "label": trained.label,
        "digest": trained.digest,
        "facts": trained.facts.model_dump(mode="json"),
        "files": list(trained.files),
        "card": trained.card,
    }
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(part, "w") as archive:
            _add_text(archive, MANIFEST, json.dumps(manifest, indent=1))
            _add_text(archive, CARD, render_card(trained))
            for file in trained.files:
                name = str(file["name"])
                archive.add(trained.folder / name, f"{FILES}/{name}", recursive=False)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Refused(f"Cannot write {target}: {error.strerror or error}.") from error


def import_version(
    versions: ModelVersions, principal: Principal, path: Path, name: str = ""
) -> TrainedVersion:
    """Take in a version that was exported; every digest is compared first.

    Args:
        versions: The registry.
        principal: Who imports.
        path: The file.
        name: What to call it here; by default as it was.

    Raises:
        NotFound: There is no such file.
        UsageError: It is no export.
        UntrustedWeights: A file in it is not what its manifest says.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    versions.folder.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=versions.folder.parent, prefix=".import-"))
    try:
        manifest = _unpack(path, stage / FILES)
        facts = VersionFacts.model_validate(manifest["facts"], context=STORED)
        made = versions.publish(principal, name or str(manifest["name"]), stage / FILES, facts)
        if manifest.get("card"):
            versions.write_card(principal, made.label, str(manifest["card"]))
        return made
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _unpack(path: Path, folder: Path) -> Json:
    """Write the files of an export, each checked, and return its manifest."""
    try:
        with tarfile.open(path, "r:") as archive:
            member = archive.extractfile(MANIFEST)
            manifest: Json = json.loads(member.read()) if member else {}
            if manifest.get("format") != FORMAT:
                raise UsageError(f"{path.name} is not an export of a model version.")
            for file in manifest["files"]:
                _extract_file(archive, str(file["name"]), str(file["sha256"]), folder)
    except (tarfile.TarError, KeyError, ValueError, TypeError) as error:
        raise UsageError(f"{path.name} is not an export of a model version: {error}.") from error
    return manifest


def _extract_file(archive: tarfile.TarFile, name: str, sha256: str, folder: Path) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise UntrustedWeights(f"The export names a file outside of it: {name!r}.")
    source = archive.extractfile(f"{FILES}/{name}")
    if source is None:
        raise UntrustedWeights(f"The export lacks {name!r}.")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    total = hashlib.sha256()
    with target.open("wb") as file:
        while block := source.read(1 << 20):
            total.update(block)
            file.write(block)
    if total.hexdigest() != sha256:
        raise UntrustedWeights(f"{name!r} in the export is not what its manifest says.")


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))
