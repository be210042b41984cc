"""Losses of replies as an engine sees them: what is served, not what was trained."""

from collections.abc import Sequence

from genwright.engines import Engine, Message
from genwright.evaluation.tasks import Case


def reply_losses(engine: Engine, cases: Sequence[Case]) -> list[tuple[float, int]]:
    """Summed loss of each case's first reference after its prompt, in nats, and its tokens.

    Args:
        engine: Renders conversations and scores texts.
        cases: Questions with references.
    """
    found = []
    for case in cases:
        scores = engine.score(prompt_of(engine, case.messages), case.references[0])
        found.append((-sum(each.logprob for each in scores), len(scores)))
    return found


def prompt_of(engine: Engine, messages: Sequence[Message]) -> str:
    """The text that the engine's model reads before it replies.

    Raises:
        AttributeError: The engine does not tell (a server's model).
    """
    prompt: str = engine.prompt_text(messages)  # type: ignore[attr-defined]
    return prompt
