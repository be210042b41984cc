"""A supervised child process that serves HTTP on a Unix socket: started, watched, restarted.

The child is started by a thread of its own that stays until the child ends. Linux kills a child
when the *thread* that started it ends (``PR_SET_PDEATHSIG``), so a passing worker thread must not
start it.
"""

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path

import httpx

from genwright.errors import EngineFailed

MAX_FAILURES = 5
"""Deaths in a row, without an answer in between, after which no restart is tried."""
FIRST_DELAY = 0.1
"""Seconds before the second restart; doubled for each one after it."""
POLL = 0.05
_ERROR = re.compile(r"[\d.]+ E ")
"""How llama.cpp begins a line about an error: the time, and its level."""


class ChildProcess:
    """One child of ``python -m module``, restarted when it has died.

    Args:
        module: Dotted name of the module that the child runs.
        configure: Given the path of the socket to listen on, returns the line the child is told.
        what: What the child runs, for messages.
        start_seconds: Longest time until it answers ``/health``.
    """

    def __init__(
        self, module: str, configure: Callable[[str], bytes], what: str, start_seconds: float
    ) -> None:
        self._module, self._configure, self._what = module, configure, what
        self._start_seconds = start_seconds
        self._folder = Path(tempfile.mkdtemp(prefix="genwright-"))  # mode 0700
        self._remove_folder = weakref.finalize(self, shutil.rmtree, self._folder, True)
        self.socket = self._folder / "engine.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=40)
        self._failures, self._retry_at = 0, 0.0
        self.restarts = 0
        """How often it died after it had once answered, and was started again."""
        self._closed = self._was_ready = False

    @property
    def pid(self) -> int | None:
        """Process id of the child while it runs."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def ensure(self) -> None:
        """Return when the child answers, having started it where it does not run.

        Raises:
            EngineFailed: It cannot be started, or died too often.
        """
        with self._lock:
            if self._closed:
                raise EngineFailed(f"{self._what} is closed: open it again.")
            if self.pid is None:
                self._start()

    def reset_failures(self) -> None:
        """Told after a request that went well: deaths before it no longer count."""
        self._failures = 0

    def explain_failure(self) -> str:
        """The child's first errors or else its last log output, for a message."""
        lines = list(self._lines)
        errors = [line for line in lines if _ERROR.match(line)]
        return " | ".join(errors[:2] or lines[-2:]) or "it said nothing"

    def is_healthy(self, seconds: float = 5.0) -> bool:
        """Whether the child answers ``/health`` in time."""
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket))) as client:
                return client.get("http://engine/health", timeout=seconds).status_code == 200
        except httpx.HTTPError:
            return False

    def kill_unless_healthy(self) -> None:
        """After a broken request: end a child that hangs, and wait for one that is dying."""
        if not self.is_healthy():
            self.kill()

    def kill(self) -> None:
        """End the child now; the next ``ensure`` starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End the child for good and remove its socket."""
        with self._lock:
            self._closed = True
            self.kill()
            self._remove_folder()

    def _start(self) -> None:
        if self._failures >= MAX_FAILURES:
            raise EngineFailed(
                f"{self._what} died {self._failures} times in a row and is not restarted. "
                f"Last log output: {self.explain_failure()}. "
                "Restart genwright after fixing the cause."
            )
        if self._failures > 1:
            time.sleep(max(0.0, self._retry_at - time.monotonic()))
        self._failures += 1  # until a request has been answered
        self._retry_at = time.monotonic() + FIRST_DELAY * 2**self._failures
        self._spawn()
        self._wait_until_ready()
        self._was_ready = True

    def _spawn(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._lines.clear()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def _run(self, started: threading.Event) -> None:
        """Start the child, tell it what to serve, and keep what it says until it ends."""
        try:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        finally:
            started.set()
        assert process.stdin and process.stderr
        with process.stdin, process.stderr:
            try:
                process.stdin.write(self._configure(str(self.socket)))
                process.stdin.flush()
            except BrokenPipeError:
                pass  # it died at once; what it said is read below
            for line in process.stderr:
                self._lines.append(line.decode(errors="replace").strip())
        process.wait()
        if self._was_ready and not self._closed:
            # At once, and not with the next request, which would wait for the load.
            threading.Thread(target=self._revive, daemon=True).start()

    def _revive(self) -> None:
        with contextlib.suppress(EngineFailed):  # the next request is told why
            self.restarts += 1
            self.ensure()

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + self._start_seconds
        while not (self.socket.exists() and self.is_healthy()):
            if self.pid is None:
                raise EngineFailed(
                    f"{self._what} could not start. Last log output: {self.explain_failure()}. "
                    "Check the model file, or pull it again."
                )
            if time.monotonic() > end:
                self.kill()
                raise EngineFailed(
                    f"{self._what} did not load within {self._start_seconds:g} s. "
                    "Raise engine.start_seconds, or use a smaller model."
                )
            time.sleep(POLL)
