"""The composition root: what jobs work with, each part made when it is first asked for.

A job of a capability takes a ``Runtime`` first; what stands below a job takes just what it needs
(an embedder, an engine, a tracer). Nothing here does work: these are the nouns of a workspace.
"""

from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING

from genwright.models.pool import Models
from genwright.settings import Settings
from genwright.types import OWNER, Closing, Principal, Progress, ignore_progress
from genwright.workspace import Workspace

if TYPE_CHECKING:
    from genwright.monitoring import Tracing
    from genwright.registry import Assistants, ModelVersions
    from genwright.retrieval import PassageSearch
    from genwright.runs import Runs
    from genwright.storage import Database


class Runtime(Closing):
    """Models, search, traces and stores of a workspace, as one principal may use them.

    A context manager that closes what it made. Making one costs nothing: a part, and what it
    imports, comes when it is first used.

    Args:
        workspace: Whose; whoever opened it closes it.
        principal: Who asks.
        progress: Told of long work, such as a model that is pulled at its first use.
        stop: Set by whoever wants a job to end at its next step; a job that can be resumed keeps
            what it has.
        models: Those of another runtime of this workspace, to be shared; whoever made them closes
            them.
        tracing: Where traces go; by default into the store at once.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright.workspace import create_workspace, open_workspace
        >>> folder = create_workspace(pathlib.Path(tempfile.mkdtemp()))
        >>> workspace = open_workspace(folder, {"embedding": {"model": "hashing"}})
        >>> with Runtime(workspace) as runtime:
        ...     runtime.models.embedder.dim
        256
    """

    def __init__(
        self,
        workspace: Workspace,
        principal: Principal = OWNER,
        progress: Progress = ignore_progress,
        stop: Event | None = None,
        *,
        models: Models | None = None,
        tracing: "Tracing | None" = None,
    ) -> None:
        self.workspace, self.principal, self.progress = workspace, principal, progress
        self.stop = stop or Event()
        self.models = models or Models(workspace, progress)
        self._owns_models = models is None
        self._tracing = tracing

    def act_for(
        self,
        principal: Principal,
        settings: Settings | None = None,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> "Runtime":
        """The same in somebody else's rights, or under other settings; costs next to nothing.

        Models and the index are shared.

        Args:
            principal: Who asks.
            settings: What differs may be how to search and to answer; which embedder, and how
                models run, stays as it is.
            progress: Who is told of long work; by default who was.
            stop: What ends its jobs; by default what did.
        """
        return Runtime(
            self.workspace.with_settings(settings) if settings else self.workspace,
            principal,
            progress or self.progress,
            stop or self.stop,
            models=self.models,
            tracing=self.tracing.act_for(principal),
        )

    def close(self) -> None:
        """End engines and give back memory; calling it again does nothing."""
        if self._owns_models:
            self.models.close()

    @property
    def settings(self) -> Settings:
        """The workspace's, under the principal's assistant where one acts."""
        return self.workspace.settings

    @property
    def database(self) -> "Database":
        """The store."""
        return self.workspace.database

    @cached_property
    def search(self) -> "PassageSearch":
        """Search over the passages in the principal's rights, reranked as the settings say."""
        from genwright.retrieval import PassageSearch
        from genwright.retrieval.rerankers import open_reranker

        settings = self.settings.retrieval
        return PassageSearch(
            self.models.vectors,
            self.models.embedder,
            settings,
            open_reranker(settings, lambda name: self.models.get_engine(name, "rerank")),
        )

    @property
    def tracing(self) -> "Tracing":
        """Records what happens for each request."""
        if self._tracing is None:
            from genwright.monitoring import Tracing

            self._tracing = Tracing(self.database, self.principal)
        return self._tracing

    @cached_property
    def assistants(self) -> "Assistants":
        """The assistants of the workspace."""
        from genwright.registry import Assistants

        return Assistants(self.database, self.settings, self.workspace.prompts_dir)

    @property
    def versions(self) -> "ModelVersions":
        """The trained models of the registry."""
        return self.models.versions

    @cached_property
    def runs(self) -> "Runs":
        """Runs of the principal."""
        from genwright.runs import Runs

        return Runs(self.database, self.principal)
