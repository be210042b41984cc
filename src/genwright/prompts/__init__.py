"""Prompts: versioned files with a place for each value, which a team can override.

Example:
    >>> prompt = load_prompt("answer")
    >>> prompt.version == load_prompt("answer").version
    True
"""

from genwright.prompts.shots import Picker, Shot
from genwright.prompts.templates import (
    Examples,
    Prompt,
    list_prompt_names,
    load_prompt,
    read_prompt,
)

__all__ = [
    "Examples",
    "Picker",
    "Prompt",
    "Shot",
    "list_prompt_names",
    "load_prompt",
    "read_prompt",
]
