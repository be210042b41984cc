"""Prompts: versioned files with a place for each value, which a team can override.

Example:
    >>> prompt = load_prompt("answer")
    >>> prompt.version == load_prompt("answer").version
    True
"""

from genwright.prompts.templates import Prompt, load_prompt, prompt_names

__all__ = ["Prompt", "load_prompt", "prompt_names"]
