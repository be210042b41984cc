"""What is asked, what strategies are made of, and the protocol that they keep."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Protocol

from genwright.engines import ChatMessage
from genwright.grounding.citations import Answer, Sentence, join_sentences
from genwright.monitoring.step_timer import StepTimer
from genwright.plugins import Plugins
from genwright.prompts import Prompt
from genwright.retrieval import EVERYWHERE, Scope
from genwright.runtime import Runtime

EXTRACTIVE = "extractive"
"""Name of the model where the sources are quoted and no model is asked."""

Piece = Sentence | Answer
"""What a stream of an answer gives: sentences as they are checked, and last the whole answer."""


@dataclass(frozen=True)
class Question:
    """One question on its way to an answer.

    A shell hands over what need not be UTF-8; what cannot be encoded is replaced here, once.
    """

    text: str
    """As typed, or made to stand alone; see ``answers.understanding``."""
    scope: Scope = EVERYWHERE
    """Where to look."""
    k: int | None = None
    """Passages to look at; by default the settings'."""
    history: tuple[ChatMessage, ...] = ()
    """Earlier turns that the model sees before the question."""
    kind: str = "fact"
    """What is wanted; see ``answers.understanding.intent``."""
    kinds: Mapping[str, float] = field(default_factory=dict)
    """Probability of each kind, where they are known."""
    cancel: Event = field(default_factory=Event)
    """Set by whoever no longer waits; the answer then ends where it is."""
    timer: StepTimer = field(default_factory=StepTimer)
    follows: str = ""
    """The question before, where this one points back to it and was not made to stand alone."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.encode("utf-8", "replace").decode())

    @property
    def whole(self) -> str:
        """What is searched and read for: with the question before, where this one needs it."""
        return f"{self.follows} {self.text}".strip()


@dataclass(frozen=True)
class AnswerSetup:
    """What a strategy works with."""

    runtime: Runtime
    model: str
    """Name of the chat model, or ``extractive``."""
    prompt: Prompt
    """Words the answer."""


class Strategy(Protocol):
    """A way to answer. It is made with an ``AnswerSetup``."""

    def __init__(self, setup: AnswerSetup) -> None: ...

    def stream(self, question: Question) -> Iterator[Piece]:
        """Sentences as soon as they are checked, and last the answer that holds them all.

        Raises:
            NotFound: The model is not pulled, or the scope names a collection that is not there.
            UsageError: The question is longer than the model can read.
            EngineFailed: The model died or returned an invalid response.
        """
        ...


strategies: Plugins[Strategy] = Plugins("genwright.answers.strategies")


def complete_answer(base: Answer, sentences: Sequence[Sentence]) -> Answer:
    """An answer of sentences."""
    return replace(base, answer=join_sentences(sentences), sentences=tuple(sentences))


def tell_remark(text: str) -> Sentence:
    """The program's own words about the documents."""
    return Sentence(text, 1.0, remark=True)


def tell_of_documents(described: Iterator[Sentence] | None) -> Iterator[Piece]:
    """The stream of an answer about the documents as such, which no model is asked for.

    Args:
        described: What there is to say of them; None where there are none.
    """
    told = [tell_remark("There are no documents here yet.")] if described is None else []
    yield from told
    for sentence in described or ():
        told.append(sentence)
        yield sentence
    yield complete_answer(Answer("", False, (), (), EXTRACTIVE, "", 1.0), told)


def refuse(base: Answer) -> Answer:
    """The answer of a question that the documents do not answer."""
    text = "There is nothing in the documents about this."
    if base.hits:
        text = "No answer found in the documents. Closest passages:"
    return replace(base, answer=text, refused=True)


def cut_short(pieces: Iterator[Piece], cancel: Event) -> Answer | None:
    """The answer of a stream that nobody listens to any more: what was written by now.

    Args:
        pieces: The rest of the stream.
        cancel: Ends it.
    """
    cancel.set()
    return next((piece for piece in pieces if isinstance(piece, Answer)), None)
