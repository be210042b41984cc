"""A workspace with documents and an engine that says what a test wants."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from genwright.engines.scripted import ScriptedEngine
from genwright.grounding.citations import Answer
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.storage import Document
from genwright.types import OWNER, Principal
from genwright.workspace import create_workspace, open_workspace

PUMP = """\
# The Velda pump

## Oil

Change the oil of the Velda pump every 400 hours. Use grade 46 oil only. It is sold in red cans.

## Noise

A whistling noise means that air gets in through the intake flange. Tighten its six bolts.

| part | weight | supplier |
|---|---|---|
| rotor | 14 kg | Ostrava Works |
| housing | 61 kg | Brenner |
"""
BOILER = """\
The boiler of hall 3 was built by Tomas Brenner in 1931. Its safety valve opens at 6 bar.
The boiler is drained on the first Monday of May. It is not allowed to run in August.
"""
CODE = '''\
# Telemetry

The function below reads the pressure of the boiler.

```python
def read_pressure(port: int = 5020) -> float:
    """Ask the gauge on a port for its pressure in bar."""
    return gauge(port).value
```
'''
GERMAN = "Das Öl der Pumpe wird alle 400 Stunden gewechselt. Im Werk Süd arbeiten 25 Menschen.\n"
CHINESE = "北京的胡同很老。上海的外滩建于1844年。\n"
DOCUMENTS = {
    "pump.md": PUMP,
    "boiler.txt": BOILER,
    "telemetry.md": CODE,
    "pumpe.txt": GERMAN,
    "china.txt": CHINESE,
}

Replies = Sequence[str] | Mapping[str, str]


class Listening(ScriptedEngine):
    """A scripted engine that keeps what it was asked."""

    def __init__(self, replies: Replies = (), **more) -> None:
        super().__init__(replies, **more)
        self.requests = []

    def chat(self, request, cancel=None):
        self.requests.append(request)
        return super().chat(request, cancel)

    def read(self) -> str:
        """Everything that the last request said."""
        return "\n".join(message.content for message in self.requests[-1].messages)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the documents, to be copied by each test."""
    folder = create_workspace(tmp_path_factory.mktemp("filled") / "workspace")
    fill(folder, {"embedding": {"model": "hashing"}})
    return folder


@pytest.fixture(scope="session")
def filled_embedded(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Path:
    """The same with the embedded embedder."""
    folder = create_workspace(tmp_path_factory.mktemp("embedded") / "workspace")
    fill(folder, {"models_dir": models_dir})
    return folder


def fill(folder: Path, overrides: Mapping[str, object]) -> None:
    workspace = open_workspace(folder, overrides)
    with Runtime(workspace) as runtime:
        for name, text in DOCUMENTS.items():
            DocumentIngester(runtime).add_bytes(text.encode(), name)
    workspace.close()


@pytest.fixture
def opening() -> Iterator[Callable[..., Runtime]]:
    """Opens workspaces, with an engine of the test's own, and closes them after it."""
    with ExitStack() as closing:

        def open_(
            folder: Path,
            overrides: Mapping[str, object],
            engine: Replies | ScriptedEngine,
            principal: Principal = OWNER,
        ) -> Runtime:
            workspace = open_workspace(folder, overrides)
            closing.callback(workspace.close)
            runtime = closing.enter_context(Runtime(workspace, principal))
            made = engine if isinstance(engine, ScriptedEngine) else Listening(engine)
            runtime.models.engines["scripted", "chat"] = made
            return runtime

        yield open_


def scripted(answer: Mapping[str, object]) -> dict[str, object]:
    known = {"model": "scripted", "min_answerable": 0.0}
    return {"embedding": {"model": "hashing"}, "answer": known | answer}


@pytest.fixture
def empty(tmp_path: Path, opening) -> Callable[..., Runtime]:
    """Opens an empty workspace with replies and settings of ``[answer]``."""
    folder = create_workspace(tmp_path / "empty")
    return lambda replies=(), **answer: opening(folder, scripted(answer), replies)


@pytest.fixture
def library(tmp_path: Path, filled: Path, opening) -> Callable[..., Runtime]:
    """The same with the documents in it; it can be opened again, by others too."""
    folder = Path(shutil.copytree(filled, tmp_path / "workspace"))

    def make(
        replies: Replies | ScriptedEngine = (), principal: Principal = OWNER, **answer
    ) -> Runtime:
        return opening(folder, scripted(answer), replies, principal)

    return make


@pytest.fixture
def embedded(tmp_path: Path, filled_embedded: Path, models_dir: Path, opening) -> Runtime:
    """The documents with the embedded models, whose figures the checks are fitted to."""
    folder = Path(shutil.copytree(filled_embedded, tmp_path / "embedded"))
    return opening(folder, {"models_dir": models_dir}, ())


def stored(runtime: Runtime, document: int) -> str:
    """The text that offsets point into."""
    with runtime.database.read(OWNER) as session:
        return session.get(Document, document).text


def check_places(runtime: Runtime, answer: Answer) -> None:
    """Every citation quotes exactly the stored text at its place."""
    for sentence in answer.sentences:
        for citation in sentence.citations:
            text = stored(runtime, citation.document)
            assert text[citation.start : citation.end] == citation.quote != ""
