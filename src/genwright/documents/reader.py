"""Files to extracts, each parsed in a process that can do no harm."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Timer
from typing import IO

from genwright.documents.base import Extract
from genwright.documents.discovery import open_regular
from genwright.documents.formats import HEAD_BYTES, detect_media_type
from genwright.documents.sandbox import wire
from genwright.environment import read_variable
from genwright.errors import EngineFailed, UnreadableDocument
from genwright.settings import DocumentSettings
from genwright.types import Closing, Json

_START_SECONDS = 60.0


class Reader(Closing):
    """Reads documents one at a time; a context manager, not for several threads at once.

    One sandboxed process parses them all. It is started for the first and again after one that
    breached a limit. It also ends with the thread that started it.

    Args:
        settings: Limits, and whether to use OCR.
        loader_files: Python files of loaders that are not installed, to try them.

    Example:
        >>> with Reader(DocumentSettings()) as reader:
        ...     reader.read_bytes(b"# Pumps", "pumps.md").title
        'Pumps'
    """

    def __init__(self, settings: DocumentSettings, loader_files: Sequence[Path] = ()) -> None:
        self.settings = settings
        self.confined = False
        """Whether the running sandbox has its system-call filter (no network, no programs)."""
        self.shut_in = False
        """Whether the running sandbox is kept from the user's files (Landlock)."""
        self._files = [str(file.resolve()) for file in loader_files]
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: str | None = None

    @property
    def process_id(self) -> int | None:
        """Of the sandbox, while one runs."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the sandbox and remove its folder."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    _close_quietly(stream)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process = self._folder = None

    def read(self, path: Path) -> Extract:
        """Read a file.

        Raises:
            NotFound: There is no such file.
            UnreadableDocument: It cannot become text; the message says why and what to do.
        """
        return self.read_bytes(open_regular(path, self.settings.max_file_bytes), path.name)

    def read_bytes(self, data: bytes, name: str) -> Extract:
        """Read what a file holds; its name tells the format where the content does not.

        Raises:
            UnreadableDocument: It cannot become text; the message says why and what to do.
        """
        if len(data) > self.settings.max_file_bytes:
            raise UnreadableDocument(
                f"Expected at most {self.settings.max_file_bytes:,} bytes in {name}, got "
                f"{len(data):,}: split it, or raise documents.max_file_bytes."
            )
        if not data[:HEAD_BYTES].strip() and not detect_media_type(data) and not data.strip():
            raise UnreadableDocument(f"Expected text in {name}, got an empty file: leave it out.")
        header, body = self._ask(data, name)
        if header.get("leaving"):
            self.close()
        try:
            if "refused" in header:
                raise UnreadableDocument(str(header["refused"])[:2000])
            return wire.rebuild_extract(header, body, self.settings)
        except wire.GarbledMessage as error:
            self.close()
            raise UnreadableDocument(
                f"Expected text from {name}, got {error}: leave it out."
            ) from error

    def _ask(self, data: bytes, name: str) -> tuple[Json, bytes]:
        """One exchange with the sandbox within the wall-clock limit, which kills it."""
        process = self._ensure_running()
        assert process.stdin and process.stdout
        timer = Timer(self.settings.timeout_seconds, process.kill)
        timer.daemon = True
        timer.start()
        try:
            wire.send(process.stdin, {"name": name}, data)
            return wire.receive(process.stdout, 4 * self.settings.max_characters)
        except (OSError, wire.GarbledMessage) as error:
            reason = self._explain_exit(process, timer, error)
            raise UnreadableDocument(
                f"Expected a document that can be read within its limits, got {name}, {reason}"
            ) from error
        finally:
            timer.cancel()

    def _explain_exit(
        self, process: subprocess.Popen[bytes], timer: Timer, error: Exception
    ) -> str:
        """What ended the sandbox, in words. It is cleared away; the next read starts another."""
        in_time = timer.is_alive()
        _wait_quietly(process)
        self.close()
        code = process.returncode
        if not in_time or code == -24:  # SIGXCPU
            return (
                f"which took more than {self.settings.timeout_seconds:g} s: "
                "split it, or raise documents.seconds."
            )
        if str(error).startswith("more than"):
            return f"whose text is too long ({error}): split it, or raise documents.max_characters."
        return (
            f"over which the parser died (exit {code}), most often for want of memory: "
            "leave it out, or raise documents.memory_bytes."
        )

    def _ensure_running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is None:
            return self._process
        self.close()
        self._folder = tempfile.mkdtemp(prefix="genwright-reading-")
        command = [sys.executable, "-I", "-m", "genwright.documents.sandbox.child"]
        self._process = subprocess.Popen(
            [*command, self.settings.model_dump_json(), *self._files],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env=_build_environment(self._folder),
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
        self.confined = self._await_greeting(self._process)
        return self._process

    def _await_greeting(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.stdout
        timer = Timer(_START_SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        try:
            header, _ = wire.receive(process.stdout, 0)
        except wire.GarbledMessage as error:
            self.close()
            raise EngineFailed(
                "Expected the document reader to start, got no answer from it: "
                f"raise documents.memory_bytes (now {self.settings.memory_bytes:,}), "
                "or check the files of added loaders."
            ) from error
        finally:
            timer.cancel()
        self.shut_in = bool(header["shut_in"])
        return bool(header["confined"])


def _build_environment(folder: str) -> dict[str, str]:
    """Nothing of the user's environment but where OCR finds its data."""
    data = read_variable("TESSDATA_PREFIX")
    kept = {"TESSDATA_PREFIX": data} if data else {}
    own = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder, "TMPDIR": folder}
    return {**own, **kept, "OMP_THREAD_LIMIT": "1", "RAYON_NUM_THREADS": "1"}


def _wait_quietly(process: subprocess.Popen[bytes]) -> None:
    """Let a process that has closed its pipe come to its own end, so that its code tells why."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        pass


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:  # what was still to be written has no reader any more
        pass
