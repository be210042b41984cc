"""A tuning bench over the parts of a workspace: models to start from, to compare with, to embed."""

from collections.abc import Sequence
from threading import Event

from genwright.engines import Engine
from genwright.errors import NotFound
from genwright.feedback import trace_of
from genwright.monitoring import Step, read_trace
from genwright.registry import Assistants, ModelVersions, Runs, Trained
from genwright.registry.lineage import Lineage, Node
from genwright.runtime import Runtime
from genwright.tuning.steps.walk import Bench
from genwright.types import Json, Principal, Vectors
from genwright.workspace import Workspace


def bench_of(parts: Runtime, stop: Event | None = None, principal: Principal | None = None) -> Bench:
    """What a tuning works with.

    Args:
        parts: Of the workspace.
        stop: Set to end the run at the next step, with a checkpoint.
        principal: Whose run it is; by default the parts'.
    """

    def live(trained: Trained) -> Engine:
        return parts.models.engine(trained.served_as)

    def embed(texts: Sequence[str]) -> Vectors:
        return parts.embedder.embed(texts)  # loaded when an evaluation first asks for it

    return Bench(
        workspace=parts.workspace,
        catalog=parts.catalog,
        principal=principal or parts.principal,
        progress=parts.progress,
        stop=stop or Event(),
        live=live,
        embed=None if parts.workspace.settings.embedding.model == "hashing" else embed,
    )


def registry_of(workspace: Workspace) -> ModelVersions:
    """The trained models of a workspace."""
    return ModelVersions(workspace.database, workspace.versions_dir)


def lineage_of(workspace: Workspace, principal: Principal, named: str) -> Node:
    """Where an answer (by its trace or response id), an assistant or a model came from.

    Raises:
        NotFound: There is nothing of that name that the principal may see.
    """

    def traced(name: str) -> Json | None:
        try:
            found = read_trace(workspace.database, principal, trace_of(name))
        except NotFound:
            return None
        return _known(found)

    assistants = Assistants(workspace.database, workspace.settings, workspace.prompts_dir)
    lineage = Lineage(
        registry_of(workspace),
        assistants,
        Runs(workspace.database, principal),
        workspace.datasets_dir,
        traced,
    )
    return lineage.of(principal, named)


def _known(step: Step) -> Json:
    """Attributes of a trace's steps; those of outer ones count before those of inner ones."""
    found: Json = {}
    for inner in step.steps:
        found = _known(inner) | found
    return found | {key: value for key, value in step.attributes.items() if value}
