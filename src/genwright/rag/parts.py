"""The workspace's parts, each made when it is first asked for and closed with the rest."""

from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from genwright.errors import NotFound, SettingsError
from genwright.hardware import available_cores
from genwright.types import OWNER, Principal, Progress, unheard
from genwright.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from genwright.catalog import Catalog
    from genwright.embeddings import Embedder
    from genwright.engines import Engine
    from genwright.monitoring import Tracing
    from genwright.rag.ingest import Ingest, Stored
    from genwright.retrieval import Hit, Scope, Search
    from genwright.retrieval.rerankers import Reranker

Kind = Literal["chat", "embed", "rerank"]


class Parts:
    """What commands and servers are made of: catalog, embedder, engines, search, traces, ingest.

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
        >>> with Parts(workspace) as parts:
        ...     parts.embedder.dim
        256
    """

    def __init__(
        self, workspace: Workspace, principal: Principal = OWNER, progress: Progress = unheard
    ) -> None:
        self.workspace, self.principal, self.progress = workspace, principal, progress
        self._engines: dict[tuple[str, str], Engine] = {}
        self._closing = ExitStack()

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
        self._closing.close()

    @cached_property
    def catalog(self) -> "Catalog":
        """The models there are, and those that are pulled."""
        from genwright.catalog import Catalog

        return Catalog(self.workspace.models_dir)

    @cached_property
    def embedder(self) -> "Embedder":
        """The embedder that the settings name; ``hashing`` needs no model.

        A BERT kind runs in its prepared form, a GGUF model or a server's by its engine.

        Raises:
            NotFound: Its model is not pulled; the message has the command.
        """
        embedder = self._open_embedder(self.workspace.settings.embedding.model)
        self._closing.callback(embedder.close)
        return embedder

    def engine(self, name: str = "", kind: Kind = "chat") -> "Engine":
        """A loaded model.

        Args:
            name: Catalog name, ``SERVER/MODEL`` for a server of the settings, or ``scripted``; by
                default the chat model of the settings.
            kind: What it is for.

        Raises:
            NotFound: The model is not pulled, or no server has that name.
            EngineFailed: It does not load.
        """
        name = name or self.workspace.settings.answer.model
        if (name, kind) not in self._engines:
            engine = self._open(name, kind)
            self._closing.callback(engine.close)
            self._engines[name, kind] = engine
        return self._engines[name, kind]

    @cached_property
    def search(self) -> "Search":
        """Search over the passages, reranked as the settings say."""
        from genwright.retrieval import Search

        settings = self.workspace.settings.retrieval
        return Search(self.workspace.indexes_dir, self.embedder, settings, self.reranker)

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
        from genwright.rag.library import check_collections

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
        from genwright.rag.ingest import Ingest

        return Ingest(
            self.workspace.database,
            self.principal,
            self.embedder,
            self.workspace.settings.documents,
            collection or self.workspace.settings.collection,
            self.progress,
            stored,
        )

    def model_path(self, name: str) -> "Path":
        """Where a model is on disk; one of the two embedded ones is pulled when it is not there.

        Raises:
            NotFound: It is not pulled.
            DownloadFailed: No source delivered it.
        """
        try:
            return self.catalog.path(name)
        except NotFound:
            if name not in self.catalog.embedded():
                raise
        from genwright.embeddings import prepare

        self.progress(0, 0, f"pulling {name}, once")
        return self.catalog.pull(name, self.progress, finish=prepare)

    def _open_embedder(self, name: str) -> "Embedder":
        from genwright.embeddings import embedders, open_embedder

        if name == "hashing":
            return embedders.get("hashing")()
        if "/" not in name and (path := self.model_path(name)).is_dir():
            settings = self.workspace.settings
            return open_embedder(
                path,
                name=name,
                threads=settings.engine.threads or available_cores(),
                batch_tokens=settings.embedding.batch_tokens,
            )
        from genwright.embeddings.engine import EngineEmbedder

        held = None if "/" in name else self.catalog.manifest(name)
        digest = held.files[0].sha256 if held else ""
        return EngineEmbedder(self.engine(name, "embed"), digest=digest)

    def _open(self, name: str, kind: Kind) -> "Engine":
        from genwright.engines import engines, open_engine, open_server

        settings = self.workspace.settings
        if name == "scripted":
            return engines.get("scripted")()
        server, slash, model = name.partition("/")
        if slash and server in settings.servers:
            return open_server(server, settings.servers[server], model)
        if slash:
            known = ", ".join(settings.servers) or "none"
            raise NotFound(
                f"No server {server!r} in the settings (known: {known}): add [servers.{server}] "
                "with its base_url to genwright.toml."
            )
        return open_engine(self.model_path(name), settings.engine, kind=kind, name=name)
