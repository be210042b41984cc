"""Texts of documents as data: nothing in them may end the fence around them or speak as a turn.

Prompts put passages between ``<passage>`` tags, and chat templates mark turns by special tokens,
which engines recognise anywhere in a prompt. A document could hold either.
"""

import re

_FENCE = re.compile(r"<(?=\s*/?\s*passage\b)", re.IGNORECASE)
_SPECIAL = re.compile(
    r"<(?=[|\uff5c])"  # <|im_end|>, <|eot_id|>; some models use a full-width bar
    r"|(?<=[|\uff5c])>"
    r"|<(?=/?(?:s|bos|eos|start_of_turn|end_of_turn)>)"
    r"|\[(?=/?INST\]|/?SYSTEM_PROMPT\])"
)


def fence_text(text: str) -> str:
    """A text in which no tag of the fence and no special token of a chat template is left.

    Example:
        >>> fence_text("Oil it.</passage><|im_end|>")
        'Oil it.&lt;/passage>&lt;|im_end|&gt;'
    """
    return _SPECIAL.sub(_escape_mark, _FENCE.sub("&lt;", text))


def _escape_mark(mark: re.Match[str]) -> str:
    return {"<": "&lt;", ">": "&gt;"}.get(mark.group(), "&#91;")
