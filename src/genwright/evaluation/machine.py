"""What a measurement ran on, for its report."""

import os
import platform
from pathlib import Path

from genwright import __version__
from genwright.hardware import count_cores
from genwright.types import Json


def describe_machine() -> Json:
    """Processor, cores, memory, system and versions."""
    return {
        "processor": _read_processor(),
        "cores": count_cores(),
        "memory_mb": _read_memory_mb(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "genwright": __version__,
    }


def read_resident_mb(process: int | None) -> float | None:
    """Memory that a process holds, in 10^6 bytes; None where it cannot be known."""
    if process is None:
        return None
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("VmHWM:")), "")
    return round(int(found.split()[1]) * 1024 / 1e6, 1) if found else None


def read_energy_joules(folder: Path = Path("/sys/class/powercap")) -> float | None:
    """Energy that the processor has used so far, in joules; None where it cannot be read."""
    total, seen = 0.0, False
    for path in folder.glob("intel-rapl:?/energy_uj"):
        try:
            total += int(path.read_text()) / 1e6
            seen = True
        except (OSError, ValueError):
            return None
    return total if seen else None


def _read_processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _read_memory_mb() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    except (ValueError, OSError):
        return 0
