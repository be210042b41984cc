"""Whether a pulled model's files are still what they were."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genwright.catalog import manifest
from genwright.catalog.entries import MANIFEST
from genwright.errors import UntrustedWeights


@dataclass(frozen=True)
class FileProblem:
    """One thing that is wrong with a pulled model."""

    model: str
    file: str
    problem: str
    remedy: str


MADE_HERE = re.compile(r"reader-[0-9a-f]{12}\.(?:onnx|json)")
"""What is built beside a model out of a file that is shipped, and can be deleted at any time."""


def verify(folder: Path) -> Iterator[FileProblem]:
    """Hash every file of a model and hold it against the manifest."""
    name = folder.name
    remedy = f"genwright models remove {name}, then pull or import it again"
    try:
        held = manifest.read(folder)
    except UntrustedWeights:
        yield FileProblem(name, MANIFEST, "is damaged", remedy)
        return
    if held is None:
        yield FileProblem(name, MANIFEST, "is missing", remedy)
        return
    expected = {file.name: file for file in held.files}
    for file in manifest.walk(folder):
        if MADE_HERE.fullmatch(file):
            continue
        if (known := expected.pop(file, None)) is None:
            yield FileProblem(name, file, "was not put there by genwright", "delete it")
        elif not (folder / file).is_file() or manifest.digest_file(folder / file, file) != known:
            yield FileProblem(name, file, "has changed since it came", remedy)
    for file in expected:
        yield FileProblem(name, file, "is missing", remedy)
