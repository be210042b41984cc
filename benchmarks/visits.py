"""Files of genwright that a question visits, from the command line to the printed answer.

    python benchmarks/visits.py [--model scripted] [QUESTION]

A file is visited when one of its functions runs while ``genwright ask`` is at work over a small
workspace; what only reads settings or opens the store is counted apart.
"""

import argparse
import contextlib
import io
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import genwright

ROOT = str(Path(genwright.__file__).parent)
GROUND = (
    "settings", "storage", "workspace", "errors", "types", "plugins", "hardware", "privacy",
    "options", "environment", "monitoring", "catalog", "registry", "prompts",
)  # fmt: skip
TEXT = "# The Velda pump\n\nChange the oil of the Velda pump every 400 hours. Use grade 46 oil.\n"


def visit(arguments: list[str]) -> set[str]:
    """Run a command, and return the files whose functions ran."""
    from genwright.cli.main import run

    found: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(ROOT) and frame.f_code.co_name != "<module>":
            found.add(name[len(ROOT) + 1 :])

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = run(arguments)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert status == 0, arguments
    return found


def main() -> None:
    """Print the files, and how many they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question", nargs="?", default="When is the oil of the pump changed?")
    parser.add_argument("--model", default="scripted")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    (folder / "pump.md").write_text(TEXT)
    sets = ["--set", "embedding.model=hashing", "--set", f"answer.model={given.model}"]
    sets += ["--set", "answer.min_answerable=0"]
    where = ["-w", str(folder / "workspace"), *sets]
    visit(["init", str(folder / "workspace")])
    visit(["add", str(folder / "pump.md"), *where])
    found = visit(["ask", given.question, *where])
    ground = {name for name in found if name.split("/")[0].removesuffix(".py") in GROUND}
    for name in sorted(found - ground):
        print(f"  {name}")
    print(f"{len(found - ground)} files on the way, {len(ground)} of the ground below")


if __name__ == "__main__":
    main()
