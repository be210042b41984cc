"""Running code that a model wrote: a child process that can compute, and write in one folder.

The same confinement as for hostile documents: Landlock for files, a seccomp filter that lets no
socket, program or process be made, and the kernel's limits for memory, time and files. Where the
kernel has neither, nothing is run.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from genwright.errors import Refused

SECONDS = 10.0
MEMORY, FILE, OPEN = 1 << 30, 1 << 20, 64
FINISHED, UNCONFINED = 76, 77
"""Exit status of a child whose program came to its end, and of one that could not be confined.

A program that ends itself (``sys.exit(0)`` before its tests) has not passed them.
"""


@dataclass(frozen=True)
class CodeResult:
    """What came of a piece of code."""

    passed: bool
    """It ended by itself, without an error."""
    reason: str
    """The last line of what it said, or why it was ended."""


def run_code(code: str, seconds: float = SECONDS) -> CodeResult:
    """Run Python code to its end.

    Args:
        code: The program.
        seconds: Longest time, on the clock and of the processor.

    Raises:
        Refused: This system cannot confine it.

    Example:
        >>> run_code("assert 1 + 1 == 2").passed
        True
    """
    with tempfile.TemporaryDirectory(prefix="genwright-code-") as folder:
        process = subprocess.Popen(
            [
                sys.executable,
                "-B",
                "-m",
                "genwright.evaluation.benchmarks.sandbox",
                folder,
                str(seconds),
            ],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": folder, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            _, said = process.communicate(code.encode(errors="replace"), timeout=seconds + 5)
        except subprocess.TimeoutExpired:
            _kill(process)
            return CodeResult(False, f"it did not end within {seconds:g} s")
        finally:
            _kill(process)
    if process.returncode == UNCONFINED:
        raise Refused(
            "Code of a model is not run here: this kernel has no Landlock or no seccomp to confine "
            "it with. Use Linux 5.13 or later."
        )
    if process.returncode == FINISHED:
        return CodeResult(True, "")
    if process.returncode == 0:
        return CodeResult(False, "it ended itself before its end")
    if process.returncode < 0:
        return CodeResult(False, f"ended by {signal.Signals(-process.returncode).name}")
    words = said[-2000:].decode(errors="replace").strip().splitlines()
    return CodeResult(False, words[-1] if words else f"exit status {process.returncode}")


def confine(folder: str, seconds: float) -> bool:
    """Give up what a program need not have; called in the child.

    Args:
        folder: The only place that it may write in.
        seconds: Of processor time.

    Returns:
        False where the kernel cannot do it.
    """
    from genwright.documents.sandbox.confinement import NEW_PROCESSES, forbid_calls
    from genwright.documents.sandbox.landlock import restrict_files

    for kind, limit in (
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_NOFILE, OPEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    return restrict_files(folder) and forbid_calls(NEW_PROCESSES)


def main() -> None:
    """Confine this process, then run the program that standard input holds."""
    folder, seconds = sys.argv[1], float(sys.argv[2])
    source = sys.stdin.buffer.read().decode(errors="replace")
    sys.stdin.close()
    if not confine(folder, seconds):
        sys.exit(UNCONFINED)
    sys.argv = ["program.py"]
    exec(compile(source, "program.py", "exec"), {"__name__": "__main__"})
    os._exit(FINISHED)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the child, if it is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    main()
