"""Engines: loaded models that chat, complete, embed, rerank and score text.

Example:
    >>> from genwright.engines import ChatRequest, Message, chat_text, engines
    >>> engine = engines.get("scripted")(replies=["Hello there."])
    >>> chat_text(engine, ChatRequest((Message("user", "Hi"),)))[0]
    'Hello there.'
"""

from pathlib import Path
from typing import Literal

from genwright.engines.base import (
    ChatRequest,
    Delta,
    Engine,
    Message,
    Sampling,
    TokenScore,
    Tool,
    ToolCall,
    Usage,
    chat_text,
    engines,
)
from genwright.settings import EngineSettings, OpenAISettings

__all__ = [
    "ChatRequest",
    "Delta",
    "Engine",
    "Message",
    "Sampling",
    "TokenScore",
    "Tool",
    "ToolCall",
    "Usage",
    "chat_text",
    "engines",
    "open_engine",
    "open_server",
]


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
        UntrustedWeights: The file is no sound GGUF.
    """
    from genwright.engines.llamacpp import LlamaCppEngine

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
