"""Losses of replies as an engine sees them: what is served, not what was trained."""

from collections.abc import Sequence

from genwright.engines import ChatMessage, Engine
from genwright.evaluation.tasks import TaskCase


def measure_reply_losses(engine: Engine, cases: Sequence[TaskCase]) -> list[tuple[float, int]]:
    """Summed loss of each case's first reference after its prompt, in nats, and its tokens.

    Args:
        engine: Renders conversations and scores texts.
        cases: Questions with references.
    """
    found = []
    for case in cases:
        scores = engine.score(render_engine_prompt(engine, case.messages), case.references[0])
        found.append((-sum(each.logprob for each in scores), len(scores)))
    return found


def render_engine_prompt(engine: Engine, messages: Sequence[ChatMessage]) -> str:
    """The text that the engine's model reads before it replies.

    Raises:
        AttributeError: The engine does not tell (a server's model).
    """
    prompt: str = engine.render_prompt(messages)  # type: ignore[attr-defined]
    return prompt
