"""The loaded models of a workspace, opened when first asked for and shared by all who ask."""

from collections import defaultdict
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from genwright.engines import is_stub
from genwright.errors import EngineFailed, NotFound
from genwright.hardware import count_cores
from genwright.prompts import Picker, Prompt
from genwright.types import OWNER, Principal, Progress, ignore_progress
from genwright.workspace import Workspace

if TYPE_CHECKING:
    from genwright.catalog import Catalog
    from genwright.embeddings import Embedder
    from genwright.engines import Engine
    from genwright.engines.llamacpp.sharing import SharedBase
    from genwright.grounding.passages import PassageReader
    from genwright.grounding.reading import PairReader
    from genwright.models.bases import BaseModel
    from genwright.models.examinations import Examinations
    from genwright.registry import ModelVersions, TrainedVersion
    from genwright.retrieval.vector import VectorSearch

Kind = Literal["chat", "embed", "rerank"]
MOST_PICKERS = 16
"""Prompts whose examples are kept with their vectors."""


class Models:
    """Catalog, embedder, engines and vector index of one workspace. Safe to use from threads.

    Args:
        workspace: Whose; its settings say which models, and how they run.
        progress: Told of long work, such as a model that is pulled at its first use.
    """

    def __init__(self, workspace: Workspace, progress: Progress = ignore_progress) -> None:
        self.workspace, self.progress = workspace, progress
        self.engines: dict[tuple[str, str], Engine] = {}
        self._embedders: dict[str, Embedder] = {}
        self._shared: dict[str, SharedBase] = {}
        self._pickers: dict[str, Picker] = {}
        self._opening: defaultdict[tuple[str, str], Lock] = defaultdict(Lock)
        self._closing = ExitStack()

    def close(self) -> None:
        """End engines and give back memory; calling it again does nothing."""
        self._closing.close()
        self.engines.clear()
        self._embedders.clear()
        self._shared.clear()

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
        return self.get_embedder(self.workspace.settings.embedding.model)

    def get_embedder(self, name: str) -> "Embedder":
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
    def reader(self) -> "PassageReader":
        """What says whether passages answer a question, and where.

        It is the trained one where the model that it is built on is pulled.

        Raises:
            UntrustedWeights: Its file does not belong to that model.
            EngineFailed: Its graph cannot be written beside the model.
        """
        from genwright.grounding.passages import TrainedReader, WordingReader

        with self._opening["", "reader"]:
            pairs = self._open_pair_reader()
        return WordingReader(self.embedder) if pairs is None else TrainedReader(pairs)

    @cached_property
    def vectors(self) -> "VectorSearch":
        """The index over the embedder's vectors."""
        from genwright.retrieval.vector import VectorSearch

        embedder, settings = self.embedder, self.workspace.settings.retrieval
        folder = self.workspace.indexes_dir
        return VectorSearch(folder, embedder.fingerprint, embedder.dim, settings)

    def pick_shots(self, prompt: Prompt, question: str) -> list[tuple[str, str]]:
        """Examples of a prompt that fit a question: what is asked, what is replied."""
        if prompt.examples is None:
            return []
        shots = self.get_picker(prompt).pick(question, prompt.examples.k)
        return [(shot.user, shot.assistant) for shot in shots]

    def get_picker(self, prompt: Prompt) -> Picker:
        """What picks the examples of a prompt; the vectors of the last few are kept."""
        assert prompt.examples is not None  # whoever asks has looked
        with self._opening[prompt.version, "picker"]:
            if prompt.version not in self._pickers:
                examples = prompt.examples
                near = examples.picker in ("nearest", "mmr")
                embed = self.embedder.embed_queries if near else None
                while len(self._pickers) >= MOST_PICKERS:
                    self._pickers.pop(next(iter(self._pickers)), None)
                self._pickers[prompt.version] = Picker(examples.pool, examples.picker, embed)
            return self._pickers[prompt.version]

    @cached_property
    def examinations(self) -> "Examinations":
        """Which chat models may word answers."""
        from genwright.models.examinations import Examinations, ExaminationStore

        store = ExaminationStore(self.catalog)
        return Examinations(store, self.get_engine, self._identify, self.progress)

    def _identify(self, name: str) -> str | None:
        """What a server's model or a trained version is known by; None for those of the catalog."""
        if "/" in name:
            server, model = self._split_server(name)
            return f"{self.workspace.settings.servers[server].base_url} {model}"
        if (trained := self.find_trained(name)) is None:
            return None
        return f"{trained.digest} {trained.facts.base_digest}"

    @cached_property
    def versions(self) -> "ModelVersions":
        """The trained models of the registry."""
        from genwright.registry.versions import open_versions

        return open_versions(self.workspace)

    def find_trained(self, name: str) -> "TrainedVersion | None":
        """The registered version of a name, ``NAME@3`` or ``BASE+NAME@alias``; None where none is.

        Raises:
            NotFound: The name can only be that of a version, and there is none.
            UsageError: The version is for another base.
        """
        if "/" in name or is_stub(name) or self.catalog.read_manifest(name) is not None:
            return None
        try:
            return self.versions.resolve(OWNER, name)
        except NotFound:
            if "+" in name:
                raise
            return None

    def get_engine(self, name: str = "", kind: Kind = "chat") -> "Engine":
        """A loaded model.

        Args:
            name: Catalog name, a version of the registry (``NAME@3``, ``BASE+NAME@alias``),
                ``SERVER/MODEL`` for a server of the settings, or a stub's name; by default the
                chat model of the settings.
            kind: What it is for.

        Raises:
            NotFound: The model is not pulled, or no server has that name.
            EngineFailed: It does not load.
        """
        name = name or self.workspace.settings.answer.model
        trained = self.find_trained(name) if kind == "chat" else None
        name = trained.serving_name if trained else name  # an alias is looked up for each request
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
        if not is_stub(name) and self.find_trained(name) is None:
            self._split_server(name) if "/" in name else self.catalog.find_path(name)

    def find_path(self, name: str) -> Path:
        """Where a model is on disk; one of the two embedded ones is pulled when it is not there.

        Raises:
            NotFound: It is not pulled.
            DownloadFailed: No source delivered it.
        """
        try:
            return self.catalog.find_path(name)
        except NotFound:
            if name not in self.catalog.list_embedded():
                raise
        from genwright.embeddings import prepare

        self.progress(0, 0, f"pulling {name}, once")
        return self.catalog.pull(name, self.progress, finish=prepare)

    def _open_embedder(self, name: str) -> "Embedder":
        from genwright.embeddings import embedders, open_embedder

        if name == "hashing":
            return embedders.get("hashing")()
        if "/" not in name and (path := self.find_path(name)).is_dir():
            settings = self.workspace.settings
            return open_embedder(
                path,
                name=name,
                threads=settings.engine.threads or count_cores(),
                batch_tokens=settings.embedding.batch_tokens,
            )
        from genwright.embeddings.engine import EngineEmbedder

        held = None if "/" in name else self.catalog.read_manifest(name)
        digest = held.files[0].sha256 if held else ""
        return EngineEmbedder(self.get_engine(name, "embed"), digest=digest)

    def _open_pair_reader(self) -> "PairReader | None":
        """The trained reader; None where it or its base is not there, or where all are stubs."""
        from genwright.embeddings.words import has_words
        from genwright.grounding.reading import BASE, SHIPPED, open_reader

        settings = self.workspace.settings
        if settings.embedding.model == "hashing" or not SHIPPED.is_file():
            return None
        if self.catalog.read_manifest(BASE) is None:
            return None
        folder = self.catalog.find_path(BASE)
        if not has_words(folder):  # prepared in float32, or by a version before the reader
            return None
        pairs = open_reader(folder, settings.engine.threads or count_cores())
        self._closing.callback(pairs.close)
        return pairs

    def _open(self, name: str, kind: Kind) -> "Engine":
        from genwright.engines import open_engine, open_server, open_stub

        if is_stub(name):
            return open_stub(name)
        if "/" in name:
            server, model = self._split_server(name)
            return open_server(server, self.workspace.settings.servers[server], model)
        if kind == "chat" and (trained := self.find_trained(name)):
            return self._open_trained(trained)
        if kind != "chat":
            return open_engine(
                self.find_path(name), self.workspace.settings.engine, kind=kind, name=name
            )
        return self._open_shared_base(name, self.find_path(name)).view(name)

    def _open_trained(self, trained: "TrainedVersion") -> "Engine":
        """A registered version: an adapter shares the process of its base where llama.cpp runs it.

        Raises:
            EngineFailed: It does not load, or its base is not here.
        """
        from genwright.models.trained import open_trained
        from genwright.registry.version_files import ADAPTER_FILE

        facts, settings = trained.facts, self.workspace.settings.engine
        self.versions.check(trained)
        base = self.open_base(facts.base) if facts.kind == "adapter" else None
        if base is not None and base.digest != facts.base_digest:
            raise EngineFailed(
                f"{trained.label} is for another {facts.base!r} than the one that is here (SHA-256 "
                f"{facts.base_digest[:12]}…, got {base.digest[:12]}…): pull that one or train anew."
            )
        if facts.engine == "llamacpp" and base is not None and base.gguf is not None:
            shared = self._open_shared_base(facts.base, base.gguf)
            return shared.view(trained.serving_name, trained.folder / ADAPTER_FILE)
        return open_trained(trained.folder, facts, base, settings, trained.serving_name)

    def open_base(
        self, name: str, principal: Principal = OWNER, *, accept_license: bool = True
    ) -> "BaseModel":
        """What a training starts from, or an adapter lies over; see ``models.bases``.

        Args:
            name: Of the catalog or the registry, or a folder.
            principal: Who asks.
            accept_license: Take it although its license seems to forbid training; asked when an
                adapter was trained, so that opening one does not ask again.
        """
        from genwright.models.bases import find_base

        return find_base(
            name,
            self.catalog,
            lambda named: self.versions.resolve(principal, named),
            self.progress,
            accept_license=accept_license,
        )

    def _open_shared_base(self, name: str, path: Path) -> "SharedBase":
        """The one process of a GGUF chat model, which adapters share."""
        from genwright.engines.llamacpp.engine import LlamaCppEngine
        from genwright.engines.llamacpp.sharing import SharedBase

        with self._opening[name, "base"]:
            if name not in self._shared:
                settings = self.workspace.settings.engine
                shared = SharedBase(
                    lambda adapters: LlamaCppEngine(path, settings, name=name, adapters=adapters)
                )
                self._closing.callback(shared.close)
                self._shared[name] = shared
            return self._shared[name]

    def _split_server(self, name: str) -> tuple[str, str]:
        """Server and model of ``SERVER/MODEL``."""
        server, _, model = name.partition("/")
        if server not in self.workspace.settings.servers:
            known = ", ".join(self.workspace.settings.servers) or "none"
            raise NotFound(
                f"No server {server!r} in the settings (known: {known}): add [servers.{server}] "
                "with its base_url to genwright.toml."
            )
        return server, model
