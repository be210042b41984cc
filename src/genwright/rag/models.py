"""The loaded models of a workspace, opened when first asked for and shared by all who ask."""

from collections import defaultdict
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from genwright.engines import is_stub
from genwright.errors import NotFound
from genwright.hardware import available_cores
from genwright.types import Progress, unheard
from genwright.workspace import Workspace

if TYPE_CHECKING:
    from genwright.catalog import Catalog
    from genwright.embeddings import Embedder
    from genwright.engines import Engine
    from genwright.retrieval.vector import VectorSearch

Kind = Literal["chat", "embed", "rerank"]


class Models:
    """Catalog, embedder, engines and vector index of one workspace. Safe to use from threads.

    Args:
        workspace: Whose; its settings say which models, and how they run.
        progress: Told of long work, such as a model that is pulled at its first use.
    """

    def __init__(self, workspace: Workspace, progress: Progress = unheard) -> None:
        self.workspace, self.progress = workspace, progress
        self.engines: dict[tuple[str, str], Engine] = {}
        self._embedders: dict[str, Embedder] = {}
        self._opening: defaultdict[tuple[str, str], Lock] = defaultdict(Lock)
        self._closing = ExitStack()

    def close(self) -> None:
        """End engines and give back memory; calling it again does nothing."""
        self._closing.close()
        self.engines.clear()
        self._embedders.clear()

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
        return self.embedder_of(self.workspace.settings.embedding.model)

    def embedder_of(self, name: str) -> "Embedder":
        """A loaded embedder by its model's name, as ``embedder`` is one.

        Raises:
            NotFound: The model is not pulled, or no server has that name.
        """
        with self._opening[name, "embedder"]:
            if name not in self._embedders:
                embedder = self._open_embedder(name)
                self._closing.callback(embedder.close)
                self._embedders[name] = embedder
            return self._embedders[name]

    @cached_property
    def vectors(self) -> "VectorSearch":
        """The index over the embedder's vectors."""
        from genwright.retrieval.vector import VectorSearch

        embedder, settings = self.embedder, self.workspace.settings.retrieval
        folder = self.workspace.indexes_dir
        return VectorSearch(folder, embedder.fingerprint, embedder.dim, settings)

    def engine(self, name: str, kind: Kind = "chat") -> "Engine":
        """A loaded model.

        Args:
            name: Catalog name, ``SERVER/MODEL`` for a server of the settings, or a stub's name.
            kind: What it is for.

        Raises:
            NotFound: The model is not pulled, or no server has that name.
            EngineFailed: It does not load.
        """
        # Others are served while one loads; two who ask for the same one wait for one load.
        with self._opening[name, kind]:
            if (name, kind) not in self.engines:
                engine = self._open(name, kind)
                self._closing.callback(engine.close)
                self.engines[name, kind] = engine
            return self.engines[name, kind]

    def check(self, name: str) -> None:
        """Whether a chat model could be opened, without opening it.

        Raises:
            NotFound: It is not pulled, or no server has that name.
        """
        if not is_stub(name):
            self._server_of(name) if "/" in name else self.catalog.path(name)

    def bytes_of(self, name: str) -> int | None:
        """Size of a chat model's file; None for a stub and for a server's model."""
        return None if is_stub(name) or "/" in name else self.catalog.path(name).stat().st_size

    def path(self, name: str) -> Path:
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
        if "/" not in name and (path := self.path(name)).is_dir():
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
        from genwright.engines import open_engine, open_server, open_stub

        if is_stub(name):
            return open_stub(name)
        if "/" in name:
            server, model = self._server_of(name)
            return open_server(server, self.workspace.settings.servers[server], model)
        return open_engine(self.path(name), self.workspace.settings.engine, kind=kind, name=name)

    def _server_of(self, name: str) -> tuple[str, str]:
        """Server and model of ``SERVER/MODEL``."""
        server, _, model = name.partition("/")
        if server not in self.workspace.settings.servers:
            known = ", ".join(self.workspace.settings.servers) or "none"
            raise NotFound(
                f"No server {server!r} in the settings (known: {known}): add [servers.{server}] "
                "with its base_url to genwright.toml."
            )
        return server, model
