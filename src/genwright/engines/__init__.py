"""Engines: loaded models that chat, complete, embed, rerank and score text.

Example:
    >>> from genwright.engines import ChatRequest, ChatMessage, collect_chat, engines
    >>> engine = engines.get("scripted")(replies=["Hello there."])
    >>> collect_chat(engine, ChatRequest((ChatMessage("user", "Hi"),)))[0]
    'Hello there.'
"""

from pathlib import Path
from typing import Literal

from genwright.engines.base import (
    ChatMessage,
    ChatRequest,
    Delta,
    Engine,
    RequiredTool,
    Sampling,
    TokenScore,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDelta,
    collect_chat,
    engines,
)
from genwright.errors import UsageError
from genwright.settings import EngineSettings, OpenAISettings

__all__ = [
    "ChatMessage",
    "ChatRequest",
    "Delta",
    "Engine",
    "RequiredTool",
    "Sampling",
    "TokenScore",
    "TokenUsage",
    "Tool",
    "ToolCall",
    "ToolDelta",
    "collect_chat",
    "engines",
    "is_stub",
    "open_engine",
    "open_server",
    "open_stub",
]

STUBS = {"scripted": ("tps", "prefill", "slots", "least", "context"), "obedient": ("context",)}
"""Engines without a model, with the options their names may carry."""


def open_engine(
    path: Path,
    settings: EngineSettings,
    *,
    kind: Literal["chat", "embed", "rerank"] = "chat",
    name: str = "",
) -> Engine:
    """Load a GGUF model into a child process.

    Args:
        path: The GGUF file.
        settings: Threads, context, memory and time limits.
        kind: What it is for.
        name: Catalog name; by default the file's name.

    Raises:
        EngineFailed: It needs more memory than there is, or does not load.
        UntrustedWeights: The file is not a valid GGUF file.
    """
    from genwright.engines.llamacpp.engine import LlamaCppEngine

    return LlamaCppEngine(path, settings, kind=kind, name=name)


def open_server(name: str, server: OpenAISettings, model: str) -> Engine:
    """A model of an OpenAI-compatible server; nothing is asked of it yet.

    Args:
        name: What the settings call the server.
        server: Its address and where its key is.
        model: What the server calls the model.

    Raises:
        SettingsError: Its key is named and not found, or its keyring file is open to others.
    """
    from genwright.engines.openai import OpenAIEngine

    return OpenAIEngine(model, server, name=f"{name}/{model}")


def is_stub(name: str) -> bool:
    """Whether a name is that of an engine without a model."""
    return name.partition(":")[0] in STUBS


def open_stub(name: str) -> Engine:
    """An engine without a model, by a name that may carry options.

    Args:
        name: ``scripted``, ``scripted:tps=50,prefill=1000,slots=4,least=100,context=8192`` (tokens
            written and read a second, requests at once, words of a reply at least, context in
            words), or ``obedient``.

    Raises:
        UsageError: An option is unknown or no number.

    Example:
        >>> open_stub("scripted:context=100").context
        100
    """
    kind, _, listed = name.partition(":")
    options: dict[str, float] = {}
    for each in filter(None, listed.split(",")):
        key, _, value = each.partition("=")
        if key not in STUBS[kind] or not value.replace(".", "", 1).isdigit():
            raise UsageError(
                f"Expected NUMBERs for {', '.join(STUBS[kind])} in {name!r}, got {each!r}."
            )
        options[key] = float(value)
    context = int(options.get("context", 4096))
    if kind == "obedient":
        from genwright.engines.obedient import ObedientEngine

        return ObedientEngine(name=name, context=int(options.get("context", 100_000)))
    from genwright.engines.scripted import ScriptedEngine

    return ScriptedEngine(
        name=name,
        context=context,
        tokens_per_second=options.get("tps", 0.0),
        prefill_per_second=options.get("prefill", 0.0),
        slots=int(options.get("slots", 0)),
        least=int(options.get("least", 0)),
    )
