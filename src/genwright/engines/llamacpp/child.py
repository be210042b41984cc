"""The child process of one model: ``python -m genwright.engines.llamacpp.child``.

It reads one line of JSON (a ``LlamaServerConfig``) from its standard input, then serves
llama.cpp's own HTTP API until that input ends. It ends with its parent even on ``kill -9``: the
kernel closes the pipe, and is asked to kill it too, for the time in which a load keeps the
interpreter busy.
"""

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from typing import Literal

from genwright.hardware import let_threads_rest

Kind = Literal["chat", "embed", "rerank"]

PR_SET_PDEATHSIG = 1
CHAT_BATCH = 128
"""Tokens read at once: a cancelled request is let go between two batches, so within a second."""
PROMPT_CACHE_MIB = 128
"""Memory for prompts of earlier requests whose slot has moved on."""


@dataclass(frozen=True)
class LlamaServerConfig:
    """What the child is told. ``listen`` is a socket path ending in ``.sock``, or an address."""

    model: str
    kind: Kind
    listen: str
    key: str
    parent: int
    threads: int
    context: int
    slots: int = 1
    gpu_layers: int = -1
    adapters: tuple[str, ...] = ()
    port: int = 0

    def encode_line(self) -> bytes:
        """The line of JSON that the child reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> None:
    """Serve until the parent is gone."""
    config = LlamaServerConfig(**json.loads(sys.stdin.buffer.readline()))
    die_with(config.parent)
    server = _start_server(config)
    sys.stdin.buffer.read()  # returns when the parent closes the pipe or dies
    del server
    os._exit(0)  # llama.cpp's threads must not delay the end


def die_with(parent: int) -> None:
    """Ask Linux to kill this process when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        os._exit(1)


def _start_server(config: LlamaServerConfig) -> object:
    let_threads_rest()  # on a busy machine reading is three times as slow else, and writing six
    import xllamacpp as llama

    params = llama.CommonParams()
    params.model.path = config.model
    params.hostnames, params.port = [config.listen], config.port
    params.api_keys = [config.key]
    params.ui = False
    params.n_ctx, params.n_parallel = config.context * config.slots, config.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = config.threads
    params.n_gpu_layers = config.gpu_layers
    params.fit_params = False  # memory is judged by the parent, before
    params.use_jinja = True
    params.sse_ping_interval = 1  # lets the reader see a cancellation while a prompt is read
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.lora_adapters = [_make_adapter(llama, path) for path in config.adapters]
    params.lora_init_without_apply = True
    if config.kind == "chat":
        params.n_batch = params.n_ubatch = CHAT_BATCH
    else:
        params.embedding = True
        params.n_batch = params.n_ubatch = config.context  # such models see a text at once
    if config.kind == "rerank":
        params.pooling_type = llama.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    return llama.Server(params)


def _make_adapter(llama: object, path: str) -> object:
    adapter = llama.CommonAdapterLoraInfo()  # type: ignore[attr-defined]
    adapter.path, adapter.scale = path, 0.0
    return adapter


if __name__ == "__main__":
    main()
