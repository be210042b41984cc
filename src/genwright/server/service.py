"""What routes are made of: the workspace's runtime, who asks, and turns at the models."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property
from threading import Event
from typing import TypeVar

from genwright.access import Doorman, Identity, Quotas
from genwright.arena.ticker import Standing
from genwright.errors import GenwrightError
from genwright.improve.canaries import route_conversation
from genwright.library.files import give_up_unfinished
from genwright.monitoring import Metrics, Tracing
from genwright.privacy import Privacy
from genwright.registry import Assistants, ServedAssistant
from genwright.runtime import Runtime
from genwright.server.admission import Admission
from genwright.server.bridge import Bridge
from genwright.settings import Settings
from genwright.types import OWNER
from genwright.workspace import Workspace

T = TypeVar("T")

THREADS = 256
"""Most requests that block at once: those at work at all models, and short ones beside them."""
EXTRACTIVE = "extractive"

log = logging.getLogger("genwright.server")


class Service:
    """One running server's runtime. Routes get it from ``request.app.state.service``.

    Args:
        workspace: Whose; ``close`` leaves it open.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.metrics = Metrics()
        self.doorman = Doorman(workspace.database)
        self.quotas = Quotas(workspace.database, workspace.settings.access)
        self.runtime = Runtime(workspace, tracing=self._make_tracing())
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self.draining = False
        self._admissions: dict[str, Admission] = {}
        self._standing, self._counting = Standing(), threading.Lock()
        self._closing = ExitStack()
        self._closing.callback(self.runtime.close)
        self._closing.callback(self.runtime.tracing.close)
        self._closing.callback(self.doorman.close)
        self._closing.callback(self.quotas.close)
        if endpoint := workspace.settings.monitoring.otlp_endpoint:
            from genwright.monitoring.otlp import MetricExport

            self._closing.callback(MetricExport(self.metrics, endpoint).close)

    @property
    def settings(self) -> Settings:
        """The workspace's."""
        return self.workspace.settings

    @cached_property
    def privacy(self) -> Privacy:
        """What happens to identifiers of persons."""
        return Privacy(self.settings.privacy)

    @property
    def assistants(self) -> Assistants:
        """The assistants of the workspace."""
        return self.runtime.assistants

    def runtime_for(self, identity: Identity, settings: Settings | None = None) -> Runtime:
        """The runtime in somebody's rights."""
        return self.runtime.act_for(identity.principal, settings)

    def route_conversation(
        self, identity: Identity, served: ServedAssistant, first: str
    ) -> ServedAssistant:
        """Who answers a conversation by its first question: live, or a running canary's version."""
        return route_conversation(
            self.workspace.database, self.assistants, served, identity.principal, first
        )

    def read_ticker(self) -> dict[str, float]:
        """Online Elo of the arena's contenders by people's votes, up to now."""
        with self._counting:
            self._standing.catch_up(self.workspace.database, self.runtime.principal)
            return dict(self._standing.ticker)

    def get_admission(self, model: str) -> Admission:
        """The queue in front of a model."""
        if model not in self._admissions:
            server = self.settings.server
            self._admissions[model] = Admission(server.parallel, server.max_queue)
        return self._admissions[model]

    @property
    def admissions(self) -> dict[str, Admission]:
        """Every queue there is, by model."""
        return self._admissions

    async def generate(
        self,
        model: str,
        identity: Identity,
        work: Callable[[Event], Iterator[T]],
        queued: Callable[[float], None] = lambda seconds: None,
    ) -> AsyncGenerator[T, None]:
        """What some work at a model yields, once it is its turn; closing this cancels it.

        Args:
            model: Whose queue to stand in.
            identity: Who asks; turns go round by key or person.
            work: Given the event that cancels it.
            queued: Told how many seconds it waited.

        Raises:
            TooMany: The queue is full, or a quota is used up.
        """
        self.quotas.admit(identity)
        async with self.get_admission(model).wait_turn(identity.subject, queued):
            bridge: Bridge[T] = Bridge(self.executor, self.settings.server.stalled_reader_seconds)
            pieces = bridge.stream(work, Event())
            try:
                async for piece in pieces:
                    yield piece
            finally:
                await pieces.aclose()

    async def call(self, work: Callable[[], T]) -> T:
        """What short blocking work returns."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)

    def start(self) -> None:
        """Begin to load the default assistant's models; then ``/ready`` says yes."""
        give_up_unfinished(self.workspace.database)
        threading.Thread(target=self._warm, daemon=True, name="warm").start()

    def check_ready(self) -> dict[str, str]:
        """What is not ready, with the reason; empty where everything is."""
        found: dict[str, str] = {}
        if self.draining:
            found["server"] = "is ending"
        if self._warming:
            found["models"] = self._warming
        try:
            self.workspace.database.read_schema_version()
        except Exception as error:
            found["store"] = str(error)
        for (name, _), engine in self.runtime.models.engines.items():
            if engine.process is not None and engine.process.pid is None:
                found[name] = "its engine is being restarted"
        return found

    def measure_queues(self) -> dict[str, tuple[int, int]]:
        """Requests at work and waiting by model, as the metrics have them from now on."""
        queues = {name: each.request_counts for name, each in self.admissions.items()}
        self.metrics.set_queues(queues)
        return queues

    def close(self) -> None:
        """End engines, write what is not yet written."""
        self._closing.close()
        self.executor.shutdown(wait=False, cancel_futures=True)

    _warming: str = "are being loaded"

    def _warm(self) -> None:
        try:
            served = self.assistants.resolve(self.runtime.principal)
            self.runtime.models.embedder.embed(["warm"])
            if not served.version.config.answer.extractive:
                self.runtime.models.get_engine(served.version.config.answer.model)
            self._warming = ""
        except GenwrightError as error:
            self._warming = str(error)
            log.warning("not ready", extra={"error": str(error)})

    def _make_tracing(self) -> Tracing:
        processors = []
        if endpoint := self.settings.monitoring.otlp_endpoint:
            from genwright.monitoring.otlp import build_span_processor

            processors.append(build_span_processor(endpoint, self.privacy.screen_log))
        return Tracing(
            self.workspace.database,
            OWNER,
            background=True,
            redact=self.privacy.screen_log,
            processors=processors,
        )
