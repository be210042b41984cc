"""What commands and servers are made of, each part made when it is first asked for."""

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from genwright.errors import SettingsError
from genwright.models.pool import Kind, Models
from genwright.settings import Settings
from genwright.types import OWNER, Principal, Progress, unheard
from genwright.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from genwright.catalog import Catalog
    from genwright.embeddings import Embedder
    from genwright.engines import Engine
    from genwright.library.ingest import Ingest, Stored
    from genwright.monitoring import Tracing
    from genwright.retrieval import Hit, Scope, Search
    from genwright.retrieval.rerankers import Reranker


class Runtime:
    """Models, search, traces and ingest of a workspace, as one principal may use them.

    A context manager that closes what it made. Making one costs nothing: a part, and what it
    imports, comes when it is first used.

    Args:
        workspace: Whose parts; whoever opened it closes it.
        principal: Who asks.
        progress: Told of long work, such as a model that is pulled at its first use.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright.workspace import create, open_workspace
        >>> folder = create(pathlib.Path(tempfile.mkdtemp()))
        >>> workspace = open_workspace(folder, {"embedding": {"model": "hashing"}})
        >>> with Runtime(workspace) as parts:
        ...     parts.embedder.dim
        256
    """

    def __init__(
        self, workspace: Workspace, principal: Principal = OWNER, progress: Progress = unheard
    ) -> None:
        self.workspace, self.principal, self.progress = workspace, principal, progress
        self.models = Models(workspace, progress)

    def acting_for(
        self,
        principal: Principal,
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> "Runtime":
        """The same parts in somebody else's rights, or under other settings; costs next to nothing.

        Models and the index are shared; whoever made these parts closes them.

        Args:
            principal: Who asks.
            settings: What differs may be how to search and to answer; which embedder, and how
                models run, stays as it is.
            progress: Who is told of long work; by default who was.
        """
        workspace = self.workspace.with_settings(settings) if settings else self.workspace
        other = Runtime(workspace, principal, progress or self.progress)
        other.models = self.models
        other.tracing = self.tracing.acting_for(principal)
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End engines and give back memory; calling it again does nothing."""
        self.models.close()

    @property
    def catalog(self) -> "Catalog":
        """The models there are, and those that are pulled."""
        return self.models.catalog

    @property
    def embedder(self) -> "Embedder":
        """See ``Models.embedder``."""
        return self.models.embedder

    def engine(self, name: str = "", kind: Kind = "chat") -> "Engine":
        """A loaded model, by default the chat model of the settings; see ``Models.engine``."""
        return self.models.engine(name or self.workspace.settings.answer.model, kind)

    @cached_property
    def search(self) -> "Search":
        """Search over the passages, reranked as the settings say."""
        from genwright.retrieval import Search

        settings = self.workspace.settings.retrieval
        return Search(self.models.vectors, self.embedder, settings, self.reranker)

    @cached_property
    def reranker(self) -> "Reranker | None":
        """What reorders the best hits; None for nothing."""
        from genwright.retrieval.rerankers import rerankers

        settings = self.workspace.settings.retrieval
        if settings.reranker == "none":
            return None
        made = rerankers.get(settings.reranker)
        if settings.rerank_model:
            return made(self.engine(settings.rerank_model, "rerank"))  # type: ignore[call-arg]
        try:
            return made()
        except TypeError as error:
            raise SettingsError(
                f"Reranker {settings.reranker!r} needs a model: set retrieval.rerank_model to a "
                "reranker of `genwright models list`."
            ) from error

    @cached_property
    def tracing(self) -> "Tracing":
        """Records what happens for each request."""
        from genwright.monitoring import Tracing

        return Tracing(self.workspace.database, self.principal)

    def find(
        self, query: str, *, k: int | None = None, mode: str | None = None, scope: "Scope"
    ) -> "list[Hit]":
        """Search as the principal; see ``Search.search``.

        Raises:
            NotFound: The scope names a collection that is not there.
        """
        from genwright.library.documents import check_collections

        with self.workspace.database.read(self.principal) as session:
            check_collections(session, scope.collections)
            # What a shell hands over need not be UTF-8; the store takes nothing else.
            query = query.encode("utf-8", "replace").decode()
            return self.search.search(session, query, k=k, mode=mode, scope=scope)

    def ingest(
        self, collection: str = "", stored: "Callable[[Stored], None]" = lambda _: None
    ) -> "Ingest":
        """A new ingest into a collection, by default the settings'.

        Args:
            collection: Name; made when it is not there.
            stored: Told of each document once it is safely in.
        """
        from genwright.library.ingest import Ingest
        from genwright.privacy import Privacy

        return Ingest(
            self.workspace.database,
            self.principal,
            self.embedder,
            self.workspace.settings.documents,
            collection or self.workspace.settings.collection,
            self.progress,
            stored,
            screen=Privacy(self.workspace.settings.privacy).ingest,
        )
