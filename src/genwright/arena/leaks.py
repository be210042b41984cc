"""Answers that give away who wrote them: their votes are no longer blind."""

import re
from collections.abc import Iterable

FAMILIES = (
    "alpaca baichuan bard chatglm chatgpt claude cohere deepseek dolly falcon gemini gemma glm "
    "gpt granite grok koala llama minicpm mistral mixtral mpt nemotron olmo openai anthropic palm "
    "phi qwen smollm stablelm tinyllama vicuna yi"
).split()
"""Names of model families and of their makers: they count in what an answer says of itself."""
_SELF = re.compile(
    r"\b(?:i am|i'm|as an?|my name is|trained by|developed by|created by|made by|built by)\b"
    r"[^.!?\n]{0,60}",
    re.IGNORECASE,
)


def find_leak(answer: str, names: Iterable[str]) -> str:
    """What an answer says that gives its model away; empty for nothing.

    Args:
        answer: The text.
        names: Of the contenders of the match, such as ``smollm2-135m-instruct`` or ``faq@3``.

    Example:
        >>> find_leak("I am SmolLM, trained to help.", ["faq@3"])
        'smollm'
        >>> find_leak("The golden ratio is called phi.", ["faq@3"])
        ''
    """
    lowered = answer.lower()
    for name in sorted(
        {part for each in names for part in _split_name(each)}, key=len, reverse=True
    ):
        if _is_mentioned(name, lowered):
            return name
    of_itself = " ".join(_SELF.findall(lowered))
    return next((each for each in FAMILIES if re.search(rf"\b{each}(?![a-z])", of_itself)), "")


def _split_name(name: str) -> list[str]:
    """What would tell a contender: its whole name, and a model's without its version."""
    bare = name.split("@", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1].lower()
    whole = [name.lower(), *bare.split("+")]
    return [each for each in whole if len(each) > 5 or any(c.isdigit() for c in each)]


def _is_mentioned(name: str, lowered: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", lowered) is not None
