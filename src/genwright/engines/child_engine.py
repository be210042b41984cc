"""What engines share whose model runs in a child process of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from genwright.engines.process import ChildProcess
from genwright.errors import EngineFailed
from genwright.settings import EngineSettings
from genwright.types import Closing


class ChildEngine(Closing):
    """A child process that serves one model over HTTP, and the client that speaks to it."""

    name: str
    _child: ChildProcess
    _client: httpx.Client
    _seconds: float

    def _start_child(
        self,
        module: str,
        configure: Callable[[str], bytes],
        key: str,
        settings: EngineSettings,
        limits: httpx.Limits,
    ) -> None:
        """Start it and return when it answers.

        Args:
            module: What it runs.
            configure: Given the socket to listen on, the line that it reads first.
            key: What requests carry.
            settings: Time limits.
            limits: Of the client's connections.

        Raises:
            EngineFailed: It cannot be started.
        """
        self._seconds = settings.request_seconds
        what = f"The engine of {self.name!r}"
        self._child = ChildProcess(module, configure, what, settings.start_seconds)
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self._child.socket), limits=limits),
            base_url="http://engine",
            headers={"Authorization": f"Bearer {key}"},
            timeout=settings.request_seconds,
        )
        try:
            self._child.ensure()
        except BaseException:
            self.close()
            raise

    @property
    def process(self) -> ChildProcess:
        """The child."""
        return self._child

    def close(self) -> None:
        """End the child."""
        self._client.close()
        self._child.close()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Have the child run; turn a broken connection into an EngineFailed that says why."""
        self._child.ensure()
        try:
            yield
        except httpx.TimeoutException as error:
            self._child.kill_unless_healthy()
            raise EngineFailed(
                f"{self.name!r} timed out after {self._seconds:g} s. Request fewer tokens, or "
                "raise engine.request_seconds."
            ) from error
        except (httpx.HTTPError, ValueError, KeyError) as error:
            self._child.kill_unless_healthy()
            raise EngineFailed(
                f"The engine of {self.name!r} disconnected ({type(error).__name__}). "
                f"Last log output: {self._child.explain_failure()}. Ask again: it is restarted."
            ) from error
