"""Running the server: where it may listen, how it starts, how it drains and ends."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn

from genwright.errors import Refused, UsageError
from genwright.monitoring.logs import configure_logging
from genwright.server.app import build_app
from genwright.server.service import Service
from genwright.workspace import Workspace

BACKLOG = 2048
SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter while others wait."""


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(workspace: Workspace, started: Callable[[str], None] = lambda url: None) -> None:
    """Serve a workspace until SIGTERM or Ctrl-C; then running requests get time to end.

    Args:
        workspace: Its settings say where to listen.
        started: Told the address once it listens.

    Raises:
        Refused: It would be reachable from elsewhere, and there are no users.
        UsageError: It cannot listen there.
    """
    server = workspace.settings.server
    engine = workspace.settings.engine.model_copy(update={"parallel": server.parallel})
    workspace = workspace.with_settings(workspace.settings.model_copy(update={"engine": engine}))
    listening = _listen(server.host, server.port)
    with contextlib.closing(listening), contextlib.closing(Service(workspace)) as service:
        local = is_loopback(server.host)
        if not service.doorman.has_users() and not (local and not server.hosts):
            raise Refused(
                f"Expected users before others can reach genwright at {server.host}: make one by "
                "genwright users create NAME --role admin, or listen on 127.0.0.1 without "
                "server.hosts."
            )
        configure_logging(workspace.settings.monitoring.log_format, service.privacy.screen_log)
        # Tokens come from threads: the default of 5 ms makes each wait for the one that computes.
        sys.setswitchinterval(SWITCH_SECONDS)
        app = build_app(service, (server.host, *server.hosts), local=local)
        host, port = listening.getsockname()[:2]
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            loop="uvloop",
            http="httptools",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=int(server.drain_seconds),
            backlog=BACKLOG,
        )
        shown = f"[{host}]" if ":" in host else host
        running = _Server(config, service, lambda: started(f"http://{shown}:{port}"))
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(running.serve([listening]))


class _Server(uvicorn.Server):
    """Ends with status 0 after a signal, and tells when it listens and when it drains."""

    def __init__(
        self, config: uvicorn.Config, service: Service, listening: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._service, self._listening = service, listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()

    def handle_exit(self, sig: int, frame: object) -> None:
        self._service.draining = True
        super().handle_exit(sig, frame)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As the base class does, but without raising the signal again when all is done."""
        before = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another port: "
            "genwright serve --port 8081"
        ) from error
    return listening
