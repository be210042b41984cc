"""Where a training runs, and in which arithmetic."""

from pathlib import Path
from typing import TYPE_CHECKING

from genwright.hardware import count_cores
from genwright.training.config import TrainConfig

if TYPE_CHECKING:
    import torch

FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")
"""Flags of processors that multiply bfloat16 faster than float32."""


def pick_device() -> "torch.device":
    """The GPU where there is one, else the processor."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def may_use_bfloat16(config: TrainConfig, cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether a training multiplies in bfloat16; its optimiser's state stays in float32."""
    if config.precision != "auto":
        return config.precision == "bfloat16"
    if pick_device().type == "cuda":
        import torch

        return bool(torch.cuda.is_bf16_supported())
    try:
        text = cpuinfo.read_text()
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    return any(flag in flags.split() for flag in FAST_BFLOAT16)


def set_threads(config: TrainConfig) -> int:
    """Let torch use so many threads, and say how many."""
    import torch

    threads = config.threads or count_cores()
    torch.set_num_threads(threads)
    return threads


def read_peak_memory_mb() -> float:
    """Most memory that this process has held so far, in 10^6 bytes; of the GPU where one is."""
    import resource
    import sys

    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
