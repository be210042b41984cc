"""The demo: documents in, cited answers out, by the commands a user types.

    python examples/demo.py [FOLDER|FILE …]

Without arguments it reads what every machine with Python has and nobody wrote for a demo: the
topics of the Python language reference that ``help()`` shows, and the descriptions of the installed
packages. Everything it makes is in ``demo-workspace/``.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from pydoc_data.topics import topics

ROOT = Path(__file__).parent.parent
WORKSPACE = ROOT / "demo-workspace"
GENWRIGHT = Path(sys.executable).parent / "genwright"

QUESTIONS = (
    "When is the finally clause of a try statement executed?",
    "Which values are considered false in a boolean context?",
    "What does the nonlocal statement do?",
    "How are default parameter values evaluated?",
)
REFUSED = "Who won the football world cup in 1954?"


def main() -> None:
    """Make a workspace, add documents, ask."""
    given = [Path(each) for each in sys.argv[1:]]
    sources = given or [_python_documents(WORKSPACE / "sources")]
    _run("init", WORKSPACE)
    _run("add", *sources)
    _run("status")
    if given:
        _next("Ask your own documents:")
        return
    for question in QUESTIONS:
        _run("ask", question)
    print("\n# Nothing in the documents answers this one, so it is refused:")
    _run("ask", REFUSED)
    print("\n# The same without any model, and what happened for the last answer:")
    _run("ask", "--extractive", QUESTIONS[0])
    _run("trace", "last")
    _next("Your turn:")


def _python_documents(folder: Path) -> Path:
    """Write the topics and descriptions as files, once."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in topics.items():
        (folder / f"python-{name}.txt").write_text(text, encoding="utf-8")
    for name, text in _descriptions():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def _descriptions() -> Iterator[tuple[str, str]]:
    for each in distributions():
        name = re.sub(r"[^\w.-]", "-", each.metadata["Name"] or "unnamed")
        text = each.metadata.get_payload()
        # genwright's own shows this demo's questions with their answers, so it would cite itself.
        if name != "genwright" and isinstance(text, str) and len(text) > 500:
            yield name, text


def _run(*arguments: object) -> None:
    """Show a command and run it in the workspace."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ genwright {shlex.join(words)}", flush=True)
    command = [str(GENWRIGHT), *words]
    if words[0] != "init":
        command += ["--workspace", str(WORKSPACE)]
    ended = subprocess.run(command, check=False)
    if ended.returncode not in (0, 4):  # 4: some files were refused, the others are in
        sys.exit(ended.returncode)


def _next(title: str) -> None:
    here = WORKSPACE.relative_to(Path.cwd()) if WORKSPACE.is_relative_to(Path.cwd()) else WORKSPACE
    print(f"\n{title}")
    print(f'  {GENWRIGHT} ask -w {here} "…"')
    print(f"  {GENWRIGHT} chat -w {here}")
    print(f"  {GENWRIGHT} serve -w {here}    # the same in the browser, at http://127.0.0.1:8080")
    print("  make demo DOCS=your/folder")


if __name__ == "__main__":
    main()
