"""The demo: documents in, cited answers out, by the commands a user types.

    python examples/demo.py [FOLDER|FILE …]

Without arguments it reads what every machine with Python has and nobody wrote for a demo: the
topics of the Python language reference that ``help()`` shows, and the descriptions of some of the
packages that it installs. Everything it makes is in ``demo-workspace/``.
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

# The Markdown descriptions among those of installed packages that read as manuals.
PACKAGES = ("httpx", "jinja2", "markdown-it-py", "rich", "sqlalchemy", "tokenizers", "typer")

QUESTIONS = (
    ("What is in here?", "What documents are here?"),
    ("How something is done", "How do I make a progress bar with Rich?"),
    ("A comparison", "What is the difference between str() and repr()?"),
    ("A list", "Which values are considered false?"),
    ("A summary", "Summarize the document about the try statement."),
    ("Asked in another language", "Was ist Typer?"),
    ("Nothing in the documents answers this one", "Who won the football world cup in 1954?"),
)
CHAT = ("How are default parameter values evaluated?", "Is that done again for each call?")


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
    for title, question in QUESTIONS:
        _say(title)
        _run("ask", question)
    _say("An explanation, and a follow-up that is understood by it")
    _run("chat", typed="\n".join(CHAT))
    _say("What happened for the last answer")
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
        if name.lower() in PACKAGES and isinstance(text, str):
            yield name, text


def _say(title: str) -> None:
    print(f"\n# {title}", flush=True)


def _run(*arguments: object, typed: str = "") -> None:
    """Show a command, and what is typed into it, and run it in the workspace."""
    words = [str(argument) for argument in arguments]
    print(f"$ genwright {shlex.join(words)}", flush=True)
    if typed:
        print("".join(f"you> {line}\n" for line in typed.splitlines()), flush=True)
    command = [str(GENWRIGHT), *words]
    if words[0] != "init":
        command += ["--workspace", str(WORKSPACE)]
    ended = subprocess.run(command, check=False, text=True, input=typed or None)
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
