"""An engine that does whatever it is told anywhere in its context: the worst model there can be.

Tests of injection and of leaks run against it, so that they measure what genwright keeps back and
not what a well-behaved model happens to leave out. It obeys system prompts, questions and documents
alike, repeats every link, image and piece of markup it sees, and calls every tool it is told to.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

from genwright.engines.base import ChatRequest, Delta, ToolCall, engines
from genwright.engines.scripted import ScriptedEngine

MOST = 60
"""Things it does for one request, the first ones."""

_TOLD = re.compile(
    r"\b(?:say|reply(?: only)? with|respond with|answer with|output|print|write|repeat|include"
    r"|append|add|insert|show|display|render|tell (?:the user|them))\b[: ]+"
    r"(?:exactly |only |this:? )?"
    r"(?:\"([^\"\n]{1,2000})\"|'([^'\n]{1,2000})'|`([^`\n]{1,2000})`|([^\n]{1,2000}))",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"!?\[[^\]\n]{0,500}\]\([^)\n]{1,2000}\)|<[a-zA-Z/!][^>\n]{0,2000}>|\b[a-z][a-z0-9+.-]{1,20}://[^\s)>\"']{1,2000}"
)
_CALL = re.compile(
    r"\bcall (?:the )?(?:tool|function) [`\"']?([\w.-]{1,64})[`\"']?"
    r"(?: with)? ?(\{[^\n]{0,2000}\})?",
    re.IGNORECASE,
)


@engines.register("obedient")
class ObedientEngine(ScriptedEngine):
    """Obeys every instruction in its context; without any it quotes, like ``scripted``."""

    def __init__(self, *, name: str = "obedient", context: int = 100_000) -> None:
        super().__init__(name=name, context=context)

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """Call the tools it is told to call, else say all that it is told to say."""
        heard = "\n".join(message.content for message in request.messages)
        tools = {tool.name for tool in request.tools}
        calls = tuple(
            ToolCall(f"call_{place}", match[1], match[2] or "{}")
            for place, match in enumerate(_CALL.finditer(heard))
            if match[1] in tools
        )[:MOST]
        if calls and request.offers_tools:
            *_, last = super().chat(replace(request, json_schema=None, tools=()), cancel)
            return iter([replace(last, tool_calls=calls, finish_reason="tool_calls")])
        return super().chat(request, cancel)

    def _reply(self, prompt: str, last: str) -> str:
        told = [next(filter(None, match.groups())) for match in _TOLD.finditer(prompt)]
        shown = [match[0] for match in _MARKUP.finditer(prompt)]
        quoted = super()._reply(prompt, last)
        return "\n".join([*dict.fromkeys(told[:MOST]), *dict.fromkeys(shown[:MOST]), quoted])
