"""Lineage: from what answered to the rows it was made of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from genwright.datasets import LINEAGE, read_stored_dataset
from genwright.errors import GenwrightError, NotFound
from genwright.monitoring import TraceStep, find_trace_id, read_trace
from genwright.registry.assistants import Assistants
from genwright.registry.versions import ModelVersions, TrainedVersion, open_versions
from genwright.runs.store import Runs
from genwright.storage import TaughtRequest
from genwright.types import OWNER, Json, Principal
from genwright.workspace import Workspace

ROWS = 5
"""Rows of each part that are shown; the rest is counted."""


@dataclass(frozen=True)
class LineageNode:
    """One thing, and what it came from."""

    kind: str
    """Such as ``answer``, ``assistant``, ``model``, ``run``, ``dataset``, ``row`` or ``base``."""
    name: str
    facts: Json = field(default_factory=dict)
    of: tuple["LineageNode", ...] = ()

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

    def trace_origin(self, principal: Principal, named: str) -> LineageNode:
        """The lineage of an answer (by its trace or response id), an assistant or a model.

        Raises:
            NotFound: There is nothing of that name.
        """
        if (span := self.traced(named)) is not None:
            assistant = str(span.get("genwright.assistant") or "")
            model = str(span.get("gen_ai.response.model") or span.get("gen_ai.request.model") or "")
            of = [self._trace_assistant(principal, assistant)] if assistant else []
            if not of and model:
                of = [self._trace_model(principal, model)]
            question = str(span.get("genwright.question", ""))
            return LineageNode("answer", named, {"question": question}, tuple(of))
        try:
            return self._trace_model(principal, named, strict=True)
        except NotFound:
            return self._trace_assistant(principal, named)

    def _trace_assistant(self, principal: Principal, named: str) -> LineageNode:
        served = self.assistants.resolve(principal, named)
        config = served.version.config
        prompt = config.prompt.build_prompt()
        facts = {"note": served.version.note, "by": served.version.created_by}
        model = "extractive" if config.answer.extractive else config.answer.model
        return LineageNode("assistant", served.label, facts,
                    (LineageNode("prompt", prompt.version), *self._trace_intents(config.intents),
                     self._trace_model(principal, model)))  # fmt: skip

    def _trace_intents(self, ids: Sequence[int]) -> Iterator[LineageNode]:
        """What people told of what requests want; those that were forgotten are not there."""
        if not ids:
            return
        known = select(TaughtRequest.id, TaughtRequest.intent, TaughtRequest.lineage)
        wanted = known.where(TaughtRequest.id.in_(ids)).order_by(TaughtRequest.id.desc())
        with self.assistants.database.read(OWNER) as session:
            rows = session.execute(wanted).all()
        shown = tuple(
            LineageNode("row", str(id_), {"label": intent, **lineage})
            for id_, intent, lineage in rows[:ROWS]
        )
        yield LineageNode("intents", "requests whose kind was told", {"rows": len(rows)}, shown)

    def _trace_model(self, principal: Principal, named: str, strict: bool = False) -> LineageNode:
        try:
            return self._trace_version(principal, self.versions.resolve(principal, named))
        except NotFound:
            if strict:
                raise
            return LineageNode("base", named)

    def _trace_version(self, principal: Principal, trained: TrainedVersion) -> LineageNode:
        facts = trained.facts
        of: list[LineageNode] = []
        if trained.run is not None:
            of.append(self._trace_run(trained.run, trained))
        if facts.parent:
            of.append(self._trace_model(principal, facts.parent))
        elif facts.base:
            about_base = {"license": facts.license, "sha256": facts.base_digest}
            of.append(LineageNode("base", facts.base, about_base))
        about = {"digest": trained.digest, "method": facts.method, "objective": facts.objective}
        return LineageNode("model", trained.label, about, tuple(of))

    def _trace_run(self, run: int, trained: TrainedVersion) -> LineageNode:
        parts = tuple(
            self._trace_data(part, each.sha256, each.name, each.rows)
            for part, each in trained.facts.data.items()
        )
        try:
            row = self.runs.get(run)
            about: Json = {"by": row.owner, "at": row.created_at, "seconds": row.seconds}
        except GenwrightError:
            about = {"note": "the run is gone"}
        return LineageNode("run", str(run), about, parts)

    def _trace_data(self, part: str, sha256: str, name: str, rows: int) -> LineageNode:
        facts = {"part": part, "sha256": sha256, "rows": rows}
        try:
            dataset = read_stored_dataset(self.datasets, sha256)
        except NotFound:
            return LineageNode("dataset", name, {**facts, "note": "its rows are not here"})
        shown = tuple(
            LineageNode("row", str(number), row.get(LINEAGE) or {})
            for number, row in enumerate(dataset.rows[:ROWS], 1)
        )
        return LineageNode("dataset", name, facts, shown)


def find_lineage(workspace: Workspace, principal: Principal, named: str) -> LineageNode:
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
    return lineage.trace_origin(principal, named)


def _attributes(step: TraceStep) -> Json:
    """Attributes of a trace's steps; those of outer ones count before those of inner ones."""
    found: Json = {}
    for inner in step.steps:
        found = _attributes(inner) | found
    return found | {key: value for key, value in step.attributes.items() if value}
