"""What this process may really use of the machine."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
"""Where control groups are mounted."""

MEMBERSHIP = Path("/proc/self/cgroup")
"""Which of them this process is in."""


def let_threads_rest() -> None:
    """Let threads of OpenMP sleep while they wait; it counts only before torch is imported.

    Threads that spin at a barrier take the core from the one they wait for: where another program
    is at work, a training is several times as slow so (docs/LOG.md).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def count_cores(cgroup: Path = CGROUP, membership: Path = MEMBERSHIP) -> int:
    """Cores this process may keep busy: its affinity mask, cut by its cgroups' quotas; at least 1.

    A container limited to 2 processors on a host of 64 reports 64 by ``os.cpu_count``; an engine
    that starts 64 threads there runs many times slower than with 2.

    Args:
        cgroup: Where control groups are mounted (version 2 ``cpu.max``, or version 1
            ``cpu/cpu.cfs_quota_us``).
        membership: Which one the process is in; a limit of any group above it holds too.
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quotas = [_read_quota(group) for group in _list_groups(cgroup, membership)]
    return max(1, min([cores, *(int(quota) for quota in quotas if quota is not None)]))


def measure_free_memory(
    meminfo: Path = Path("/proc/meminfo"), cgroup: Path = CGROUP, membership: Path = MEMBERSHIP
) -> int:
    """Bytes of memory a new process could take without swapping, within its cgroups' limits.

    Returns 2**63 where the system does not tell (not Linux), so that a check against it passes.
    """
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 2**63
    left = [_measure_headroom(group) for group in _list_groups(cgroup, membership)]
    return max(0, min([free, *(each for each in left if each is not None)]))


def _list_groups(cgroup: Path, membership: Path) -> list[Path]:
    """The process's group of version 2 and all above it, outermost first."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return [cgroup]
    own = next((line[3:] for line in lines if line.startswith("0::/")), "/")
    inner = Path(own).relative_to("/")
    return [cgroup / each for each in reversed((inner, *inner.parents)) if ".." not in each.parts]


def _read_quota(cgroup: Path) -> float | None:
    """Processors' worth of time per period, or None where there is no limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if quota in ("max", "-1"):
        return None
    return float(quota) / float(period)


def _measure_headroom(cgroup: Path) -> int | None:
    """Bytes up to the group's limit, or None where there is none."""
    try:
        limit = int((cgroup / "memory.max").read_text())  # "max" is no number: no limit
        return limit - int((cgroup / "memory.current").read_text()) + _read_cached_bytes(cgroup)
    except (OSError, ValueError):
        return None


def _read_cached_bytes(cgroup: Path) -> int:
    """Bytes of files read once, which the kernel drops when memory is wanted: not really used."""
    try:
        lines = (cgroup / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
