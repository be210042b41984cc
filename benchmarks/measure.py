"""Running children and measuring them: what every benchmark here shares.

A child is a whole process, from its start to its exit. Its *seconds* are wall clock. Its *peak* is
the sum, over every process of its tree, of that process's own peak resident size (``VmHWM``, read
every 20 ms until it ends; ``wait4`` would count what the parent held when it forked). Peaks at
different times and pages that several processes share are counted in full, so a program with many
processes looks larger than it is.
"""

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", Path(__file__).parents[1] / "../shared/data"))
"""The data sets that the figures are measured on; ``benchmarks/README.md`` lists them."""

POLL = 0.02
MIB = 1024 * 1024


@dataclass(frozen=True)
class Child:
    """What a child took and gave."""

    seconds: float
    peak_mib: float
    cpu_seconds: float = 0.0
    """Processor time of it and of what it has waited for; a busy machine changes it little."""
    output: dict = field(default_factory=dict)
    """The JSON object that it wrote, where it wrote one."""


def run(command: Sequence[str], told: Mapping | None = None, threads: int = 0) -> Child:
    """Run a command to its end and measure it.

    Args:
        command: Program and arguments.
        told: Written to its standard input as JSON.
        threads: Bound of the thread pools of common libraries; 0 leaves them alone.
    """
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    if threads:
        names = ("OMP", "MKL", "OPENBLAS", "RAYON")
        environment |= {f"{name}_NUM_THREADS": str(threads) for name in names}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(json.dumps(told or {}).encode())
        given.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=output, env=environment)
        peaks: dict[int, float] = {}
        done = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, done))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        done.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command[:4])} … ended with {process.returncode}.")
        output.seek(0)
        written = output.read().decode()
    peak = sum(peaks.values()) or usage.ru_maxrss / 1024  # a child of under 20 ms was not seen
    cpu = usage.ru_utime + usage.ru_stime
    return Child(seconds, peak, cpu, _read(written))


def alternately(rounds: int, sides: Mapping[str, Callable[[], Child]]) -> dict[str, list[Child]]:
    """Run each side once a round, in turn, so that a busy moment of the machine hits all alike."""
    results: dict[str, list[Child]] = {name: [] for name in sides}
    for number in range(rounds):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        for name in order:
            results[name].append(sides[name]())
    return results


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Median over rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))


def _read(written: str) -> dict:
    """The JSON object that is all of the output, or its last line; else nothing."""
    for text in (written, written.rstrip().rpartition("\n")[2]):
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}


def _watch(root: int, peaks: dict[int, float], done: threading.Event) -> None:
    while not done.wait(POLL):
        for pid in _tree(root):
            if size := _high_water(pid):
                peaks[pid] = size  # the last is the largest since it began its program


def _tree(root: int) -> list[int]:
    """The process and all below it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _high_water(pid: int) -> float:
    """Peak resident size in MiB; 0 for a process that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0
