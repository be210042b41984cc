"""Losses of replies as an engine sees them: what is served, not what was trained."""

from collections.abc import Sequence

from genwright.engines import Engine
from genwright.evaluation.tasks import TaskCase


def measure_reply_losses(engine: Engine, cases: Sequence[TaskCase]) -> list[tuple[float, int]]:
    """Summed loss of each case's first reference after its prompt, in nats, and its tokens.

    Args:
        engine: Renders conversations and scores texts.
        cases: Questions with references.
    """
    found = []
    for case in cases:
        scores = engine.score(engine.render_prompt(case.messages), case.references[0])
        found.append((-sum(each.logprob for each in scores), len(scores)))
    return found
