"""ONNX Runtime's sessions: the only place where the runtime is imported."""

import os
from pathlib import Path
from typing import Any


def open_session(file: Path, threads: int) -> Any:  # noqa: ANN401 - the runtime has no type stubs
    """Load a graph for the CPU.

    Args:
        file: The graph.
        threads: Processor threads that one run uses.
    """
    runtime = _import_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    # A thread that spins while it waits takes the core from one that has work: on a busy
    # machine two threads so embed a third as fast as two that sleep.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _import_runtime() -> Any:  # noqa: ANN401
    """The package, with its telemetry off.

    Left on, it writes a device id and a queue of events under ``~/.cache/Microsoft`` as soon as it
    is imported, and sends them. The variable must be set before that.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime
