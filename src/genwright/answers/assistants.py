"""An assistant at work: what answers, and where it looks, within the asker's rights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event

from sqlalchemy import select

from genwright.answers.answerer import Answerer, drain
from genwright.answers.base import Piece, Question
from genwright.answers.understanding.follow_up import place_question
from genwright.engines import ChatMessage
from genwright.grounding.citations import Answer
from genwright.registry import ServedAssistant
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.settings import Settings
from genwright.storage import Collection, may_see


@dataclass(frozen=True)
class OpenedAssistant:
    """An assistant that can be asked."""

    served: ServedAssistant
    answerer: Answerer
    scope: Scope
    """Where it looks."""

    @property
    def runtime(self) -> Runtime:
        """In the asker's rights, under the version's settings."""
        return self.answerer.runtime

    def ask(self, question: str) -> Answer:
        """Answer one question that can be understood alone."""
        return drain(self.stream(question))

    def stream(
        self,
        question: str,
        *,
        history: Sequence[ChatMessage] = (),
        scope: Scope | None = None,
        cancel: Event | None = None,
    ) -> Iterator[Piece]:
        """Sentences as they are checked, and last the answer.

        Args:
            question: As typed.
            history: Turns before it, which it may point back to.
            scope: Where to look instead of where the assistant does.
            cancel: Set by whoever no longer waits.
        """
        asked = Question(question, scope or self.scope, cancel=cancel or Event())
        answerer = self.answerer
        placed = place_question(self.runtime, answerer.model, asked, history, answerer.intents)
        return answerer.stream(placed)


def open_assistant(
    runtime: Runtime,
    assistant: ServedAssistant | str = "",
    *,
    max_tokens: int | None = None,
) -> OpenedAssistant:
    """Open an assistant for the principal of a runtime.

    Args:
        runtime: Whose rights, and under whose settings the version's lie.
        assistant: A version, or the name of one; by default the default assistant.
        max_tokens: Of an answer; the least of this and the version's own counts.

    Raises:
        NotFound: There is no such assistant or version.
    """
    served = assistant
    if isinstance(served, str):
        served = runtime.assistants.resolve(runtime.principal, served)
    settings = served.version.config.merge_settings(runtime.settings)
    if max_tokens is not None:
        settings = _limit_tokens(settings, max_tokens)
    acting = runtime.act_for(runtime.principal, settings)
    config = served.version.config
    prompt = config.prompt.build_prompt()
    answerer = Answerer(acting, prompt=prompt, assistant=served.label, intents=config.intents)
    return OpenedAssistant(served, answerer, find_scope(acting, served))


def _limit_tokens(settings: Settings, most: int) -> Settings:
    least = min(most, settings.answer.max_tokens)
    answer = settings.answer.model_copy(update={"max_tokens": least})
    return settings.model_copy(update={"answer": answer})


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
