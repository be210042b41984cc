"""Lineage: from what answered to the rows it was made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from genwright.datasets import LINEAGE, read_kept
from genwright.errors import GenwrightError, NotFound
from genwright.monitoring import Step, find_trace_id, read_trace
from genwright.registry.assistants import Assistants
from genwright.registry.versions import ModelVersions, Trained, open_versions
from genwright.runs.store import Runs
from genwright.types import Json, Principal
from genwright.workspace import Workspace

ROWS = 5
"""Rows of each part that are shown; the rest is counted."""


@dataclass(frozen=True)
class Node:
    """One thing, and what it came from."""

    kind: str
    """Such as ``answer``, ``assistant``, ``model``, ``run``, ``dataset``, ``row`` or ``base``."""
    name: str
    facts: Json = field(default_factory=dict)
    of: tuple["Node", ...] = ()

    def json(self) -> Json:
        """Every field, to the last."""
        return {"kind": self.kind, "name": self.name, **self.facts,
                "of": [each.json() for each in self.of]}  # fmt: skip


@dataclass(frozen=True)
class Lineage:
    """Finds where things came from.

    Args:
        versions: Models.
        assistants: Assistants.
        runs: Trainings.
        datasets: Folder of the rows.
        traced: Attributes of the root span of a trace by its id; None where there is none.
    """

    versions: ModelVersions
    assistants: Assistants
    runs: Runs
    datasets: Path
    traced: Callable[[str], Json | None]

    def of(self, principal: Principal, named: str) -> Node:
        """The lineage of an answer (by its trace or response id), an assistant or a model.

        Raises:
            NotFound: There is nothing of that name.
        """
        if (span := self.traced(named)) is not None:
            assistant = str(span.get("genwright.assistant") or "")
            model = str(span.get("gen_ai.response.model") or span.get("gen_ai.request.model") or "")
            of = [self._assistant(principal, assistant)] if assistant else []
            if not of and model:
                of = [self._model(principal, model)]
            question = str(span.get("genwright.question", ""))
            return Node("answer", named, {"question": question}, tuple(of))
        try:
            return self._model(principal, named, strict=True)
        except NotFound:
            return self._assistant(principal, named)

    def _assistant(self, principal: Principal, named: str) -> Node:
        served = self.assistants.resolve(principal, named)
        config = served.version.config
        prompt = config.prompt.prompt()
        facts = {"note": served.version.note, "by": served.version.created_by}
        model = "extractive" if config.answer.extractive else config.answer.model
        return Node("assistant", served.label, facts,
                    (Node("prompt", prompt.version), self._model(principal, model)))  # fmt: skip

    def _model(self, principal: Principal, named: str, strict: bool = False) -> Node:
        try:
            return self._trained(principal, self.versions.resolve(principal, named))
        except NotFound:
            if strict:
                raise
            return Node("base", named)

    def _trained(self, principal: Principal, trained: Trained) -> Node:
        facts = trained.facts
        of: list[Node] = []
        if trained.run is not None:
            of.append(self._run(trained.run, trained))
        if facts.parent:
            of.append(self._model(principal, facts.parent))
        elif facts.base:
            licence = {"licence": facts.licence, "sha256": facts.base_digest}
            of.append(Node("base", facts.base, licence))
        about = {"digest": trained.digest, "method": facts.method, "objective": facts.objective}
        return Node("model", trained.label, about, tuple(of))

    def _run(self, run: int, trained: Trained) -> Node:
        parts = tuple(
            self._data(part, each.sha256, each.name, each.rows)
            for part, each in trained.facts.data.items()
        )
        try:
            row = self.runs.get(run)
            about: Json = {"by": row.owner, "at": row.created_at, "seconds": row.seconds}
        except GenwrightError:
            about = {"note": "the run is gone"}
        return Node("run", str(run), about, parts)

    def _data(self, part: str, sha256: str, name: str, rows: int) -> Node:
        facts = {"part": part, "sha256": sha256, "rows": rows}
        try:
            dataset = read_kept(self.datasets, sha256)
        except NotFound:
            return Node("dataset", name, {**facts, "note": "its rows are not here"})
        shown = tuple(
            Node("row", str(number), row.get(LINEAGE) or {})
            for number, row in enumerate(dataset.rows[:ROWS], 1)
        )
        return Node("dataset", name, facts, shown)


def find_lineage(workspace: Workspace, principal: Principal, named: str) -> Node:
    """Where an answer (by its trace or response id), an assistant or a model came from.

    Raises:
        NotFound: There is nothing of that name that the principal may see.
    """

    def traced(name: str) -> Json | None:
        try:
            found = read_trace(workspace.database, principal, find_trace_id(name))
        except NotFound:
            return None
        return _attributes(found)

    lineage = Lineage(
        open_versions(workspace),
        Assistants(workspace.database, workspace.settings, workspace.prompts_dir),
        Runs(workspace.database, principal),
        workspace.datasets_dir,
        traced,
    )
    return lineage.of(principal, named)


def _attributes(step: Step) -> Json:
    """Attributes of a trace's steps; those of outer ones count before those of inner ones."""
    found: Json = {}
    for inner in step.steps:
        found = _attributes(inner) | found
    return found | {key: value for key, value in step.attributes.items() if value}
