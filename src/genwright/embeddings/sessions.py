"""ONNX Runtime's sessions: the only place where the runtime is imported."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any


def open_session(
    file: Path, threads: int, options: Mapping[str, str] = MappingProxyType({})
) -> Any:  # noqa: ANN401 - the runtime has no type stubs
    """Load a graph for the CPU.

    Args:
        file: The graph.
        threads: Processor threads that one run uses.
        options: Further entries of the runtime's session configuration.
    """
    runtime = _import_runtime()
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = threads
    # A thread that spins while it waits takes the core from one that has work: on a busy
    # machine two threads so embed a third as fast as two that sleep.
    entries = {"session.intra_op.allow_spinning": "0", **options}
    for key, value in entries.items():
        settings.add_session_config_entry(key, value)
    settings.log_severity_level = 3
    return runtime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])


def _import_runtime() -> Any:  # noqa: ANN401
    """The package, with its telemetry off.

    Left on, it writes a device id and a queue of events under ``~/.cache/Microsoft`` as soon as it
    is imported, and sends them. The variable must be set before that.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime
