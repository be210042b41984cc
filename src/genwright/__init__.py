"""genwright: documents in, checked answers out, on machines a team owns.

What a program needs is here, under one name each, and is imported when it is first used;
``docs/python.md`` shows it at work. Other modules may change from release to release.

Example:
    >>> import pathlib, tempfile
    >>> import genwright
    >>> root = genwright.create_workspace(pathlib.Path(tempfile.mkdtemp()))
    >>> workspace = genwright.open_workspace(root, {"embedding": {"model": "hashing"}})
    >>> with genwright.Runtime(workspace) as runtime:
    ...     genwright.ask(runtime, "What is a pump?", extractive=True).answer
    'There is nothing in the documents about this.'
    >>> workspace.close()
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genwright.arena.matches import Match
    from genwright.errors import GenwrightError
    from genwright.grounding.citations import Answer, Citation, Sentence
    from genwright.improve.loop import ImprovementResult
    from genwright.library.ingest import IngestReport
    from genwright.public import (
        add,
        ask,
        evaluate,
        improve_assistant,
        search,
        start_match,
        tune,
        vote,
    )
    from genwright.retrieval.base import Hit, Scope
    from genwright.runtime import Runtime
    from genwright.tuning.steps.results import TuneResult
    from genwright.workspace import Workspace, create_workspace, open_workspace

__version__ = "0.1.0"

_HOMES = {
    "arena.matches": "Match",
    "errors": "GenwrightError",
    "grounding.citations": "Answer Citation Sentence",
    "improve.loop": "ImprovementResult",
    "library.ingest": "IngestReport",
    "public": "add ask evaluate improve_assistant search start_match tune vote",
    "retrieval.base": "Hit Scope",
    "runtime": "Runtime",
    "tuning.steps.results": "TuneResult",
    "workspace": "Workspace create_workspace open_workspace",
}

__all__ = [
    "Answer",
    "Citation",
    "GenwrightError",
    "Hit",
    "ImprovementResult",
    "IngestReport",
    "Match",
    "Runtime",
    "Scope",
    "Sentence",
    "TuneResult",
    "Workspace",
    "add",
    "ask",
    "create_workspace",
    "evaluate",
    "improve_assistant",
    "open_workspace",
    "search",
    "start_match",
    "tune",
    "vote",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: ``import genwright`` takes no time."""
    home = next((module for module, names in _HOMES.items() if name in names.split()), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    """The public names, with what every module has."""
    return sorted({*globals(), *__all__})
