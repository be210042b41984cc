"""A GGUF file of the user's own becomes a model of the catalog."""

import os
import shutil
from pathlib import Path

from genwright.catalog import contents, kinds, manifest
from genwright.catalog.entries import Kind
from genwright.catalog.gguf_header import read_header
from genwright.catalog.manifest import Manifest


def take_file(path: Path, stage: Path, name: str, kind: Kind | None) -> Manifest:
    """Put a file into a folder, hard-linked where the disk is the same, and check it there.

    Args:
        path: The file.
        stage: The folder.
        name: Of the model.
        kind: What it is for; by default what its head says.

    Raises:
        UntrustedWeights: It is not a valid GGUF file, or a part of a model.
    """
    target = stage / (path.name if path.suffix == ".gguf" else f"{name}.gguf")
    try:
        os.link(path.resolve(), target)
    except OSError:  # another disk, or one without hard links
        shutil.copyfile(path, target)
    contents.check(target)
    header = read_header(target)
    guessed = kinds.guess_kind(header)
    taken = manifest.digest_file(target)
    return Manifest(
        name=name,
        kind=kind or guessed,
        format="gguf",
        license=str(header.metadata.get("general.license", "not stated")),
        context=kinds.read_context_length(header),
        description=str(header.metadata.get("general.name", "")),
        source=f"file {path.resolve()}",
        pinned_by="import",
        fetched=(taken,),
        files=(taken,),
        added_at=manifest.format_now(),
    )


def suggest_name(path: Path) -> str:
    """A model's name from a file's: small letters, digits, dots and dashes.

    Example:
        >>> suggest_name(Path("My Model (Q4_K_M).gguf"))
        'my-model--q4_k_m'
    """
    name = path.stem.lower()
    kept = [x if x.isascii() and (x.isalnum() or x in "._-") else "-" for x in name]
    return "".join(kept).strip("._-")[:100]
