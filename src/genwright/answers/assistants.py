"""An assistant at work: the answerer that one version describes, within the asker's rights."""

from sqlalchemy import select

from genwright.answers.answerer import Answerer
from genwright.registry import ServedAssistant
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.storage import Collection, may_see


def build_answerer(runtime: Runtime, served: ServedAssistant) -> Answerer:
    """What answers as an assistant.

    Args:
        runtime: Whose rights, under the version's settings (``served.version.config.settings``).
        served: Which version.
    """
    config = served.version.config
    return Answerer(runtime, prompt=config.prompt.build_prompt(), assistant=served.label)


def find_scope(runtime: Runtime, served: ServedAssistant) -> Scope:
    """Where an assistant looks: those of its collections that the asker knows of.

    Where there is none, the scope names no collection that exists, so that nothing is found: an
    assistant over somebody else's documents looks like one over none.
    """
    wanted = served.version.config.collections
    if not wanted:
        return Scope()
    named = select(Collection.name).where(Collection.name.in_(wanted), may_see(runtime.principal))
    with runtime.database.read(runtime.principal) as session:
        known = set(session.scalars(named))
    return Scope(tuple(name for name in wanted if name in known)) if known else NOWHERE


NOWHERE = Scope(filters={"source": "\0"})
"""A scope that holds no document: no source begins like that."""
