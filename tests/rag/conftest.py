"""A workspace with documents and an engine that says what a test wants."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from genwright.engines.scripted import ScriptedEngine
from genwright.rag.answer import Answer
from genwright.rag.parts import Parts
from genwright.storage import Document
from genwright.types import OWNER, Principal
from genwright.workspace import create, open_workspace

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


@pytest.fixture
def open_parts(tmp_path: Path) -> Iterator[Callable[..., Parts]]:
    """Opens one workspace with an engine of the test's own and settings of ``[answer]``."""
    folder = create(tmp_path / "workspace")
    with ExitStack() as closing:

        def make(
            replies: Replies | ScriptedEngine = (), *, principal: Principal = OWNER, **answer
        ) -> Parts:
            overrides = {
                "embedding": {"model": "hashing"},
                "answer": {"model": "scripted", "min_answerable": 0.0, **answer},
            }
            workspace = open_workspace(folder, overrides)
            closing.callback(workspace.close)
            parts = closing.enter_context(Parts(workspace, principal))
            engine = replies if isinstance(replies, ScriptedEngine) else Listening(replies)
            parts._engines["scripted", "chat"] = engine
            return parts

        yield make


@pytest.fixture
def library(open_parts) -> Callable[..., Parts]:
    """The same with the documents in it."""
    with open_parts() as parts:
        for name, text in DOCUMENTS.items():
            parts.ingest().add_bytes(text.encode(), name)
    return open_parts


@pytest.fixture
def embedded(tmp_path: Path, models_dir: Path) -> Iterator[Callable[..., Parts]]:
    """The documents with the embedded models, whose figures the checks are fitted to."""
    folder = create(tmp_path / "embedded")
    with ExitStack() as closing:

        def make(replies: Replies | None = None, **answer) -> Parts:
            overrides = {"models_dir": models_dir, "answer": answer}
            if replies is not None:
                overrides["answer"] = {"model": "scripted", **answer}
            workspace = open_workspace(folder, overrides)
            closing.callback(workspace.close)
            parts = closing.enter_context(Parts(workspace))
            if replies is not None:
                parts._engines["scripted", "chat"] = Listening(replies)
            return parts

        with make() as parts:
            for name, text in DOCUMENTS.items():
                parts.ingest().add_bytes(text.encode(), name)
        yield make


def stored(parts: Parts, document: int) -> str:
    """The text that offsets point into."""
    with parts.workspace.database.read(OWNER) as session:
        return session.get(Document, document).text


def check_places(parts: Parts, answer: Answer) -> None:
    """Every citation quotes exactly the stored text at its place."""
    for sentence in answer.sentences:
        for citation in sentence.citations:
            text = stored(parts, citation.document)
            assert text[citation.start : citation.end] == citation.quote != ""
