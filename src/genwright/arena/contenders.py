"""Who takes part: versions of assistants, and models without any documents."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from threading import Event

from genwright.answers.answerer import Answerer
from genwright.answers.assistants import answerer_of, scope_of
from genwright.answers.chat import Chat
from genwright.engines import ChatRequest, Message, Sampling, Usage
from genwright.errors import NotFound, UsageError
from genwright.registry import Assistants, Served
from genwright.runtime import Runtime
from genwright.types import Json

Tell = Callable[[str, Json | None], None]
"""Told of text as it comes, with the sentence's record where it is one."""


@dataclass(frozen=True)
class Said:
    """What one side answered."""

    text: str
    trace: str = ""
    refused: bool = False
    sentences: tuple[Json, ...] = ()
    usage: Usage = field(default_factory=Usage)

    def json(self) -> Json:
        """What a match keeps."""
        return {
            "text": self.text,
            "trace": self.trace,
            "refused": self.refused,
            "sentences": list(self.sentences),
        }


def contenders(runtime: Runtime, assistants: Assistants) -> list[str]:
    """Exact names of all that may meet, by the settings.

    Raises:
        UsageError: There are fewer than two.
    """
    named = runtime.settings.arena.contenders or [
        f"{known.name}@{alias}"
        for known in assistants.known(runtime.principal)
        for alias in ("live", "candidate")
        if alias in known.aliases
    ]
    exact = list(dict.fromkeys(exact_name(runtime, assistants, name) for name in named))
    if len(exact) < 2:
        raise UsageError(
            f"The arena needs two contenders, there is {' and '.join(exact) or 'none'}: make a "
            "candidate (genwright assistants set NAME …), or name some in arena.contenders."
        )
    return exact


def exact_name(runtime: Runtime, assistants: Assistants, name: str) -> str:
    """``assistant@3`` for a name or alias of an assistant; a model's name as it is.

    Raises:
        NotFound: There is no such assistant, version or model.
    """
    served = _served(runtime, assistants, name)
    if served is not None:
        return served.label
    runtime.models.check(name)
    return name


class Speaker:
    """Answers as one contender.

    Args:
        runtime: In the asker's rights.
        assistants: Of the workspace.
        name: Exact name of the contender.

    Raises:
        NotFound: It is no longer here.
    """

    def __init__(self, runtime: Runtime, assistants: Assistants, name: str) -> None:
        self.name, self.served = name, _served(runtime, assistants, name)
        if self.served is None:
            runtime.models.check(name)
            self.runtime, self.model = runtime, name
        else:
            settings = self.served.version.config.settings(runtime.settings)
            self.runtime = runtime.acting_for(runtime.principal, settings)
            self.model = answerer_of(self.runtime, self.served).model

    def say(
        self, question: str, history: Sequence[Message], tell: Tell, cancel: Event | None = None
    ) -> Said:
        """Answer a question of a conversation.

        Args:
            question: As it was typed.
            history: Turns before it, of this side alone.
            tell: Told of what is written.
            cancel: Set by whoever no longer waits.
        """
        if self.served is None:
            return self._chat(question, history, tell, cancel)
        answerer = answerer_of(self.runtime, self.served)
        return self._ask(answerer, question, history, tell, cancel)

    def _ask(
        self,
        answerer: Answerer,
        question: str,
        history: Sequence[Message],
        tell: Tell,
        cancel: Event | None,
    ) -> Said:
        assert self.served is not None  # whoever calls has looked
        alone = Chat(answerer).alone(question, history, cancel)
        answer = answerer.ask(
            alone,
            scope=scope_of(self.runtime, self.served),
            on_sentence=lambda sentence: tell(sentence.text + " ", asdict(sentence)),
            cancel=cancel,
        )
        sentences = tuple(asdict(sentence) for sentence in answer.sentences)
        return Said(answer.answer, answer.trace_id, answer.refused, sentences, answer.usage)

    def _chat(
        self, question: str, history: Sequence[Message], tell: Tell, cancel: Event | None
    ) -> Said:
        most = self.runtime.settings.answer.max_tokens
        request = ChatRequest((*history, Message("user", question)), Sampling(most))
        attributes = {"genwright.question": question, "gen_ai.request.model": self.model}
        text, usage = "", Usage()
        with self.runtime.tracing.span(f"chat {self.model}", attributes) as span:
            for delta in self.runtime.models.engine(self.model).chat(request, cancel):
                text += delta.text
                usage = delta.usage or usage
                if delta.text:
                    tell(delta.text, None)
            from genwright.monitoring.tracing import trace_id

            return Said(text, trace_id(span), usage=usage)


def histories(turns: Sequence[Json], side: str) -> Iterator[Message]:
    """What one side was asked and said before."""
    for turn in turns:
        if turn.get(side):
            yield Message("user", turn["question"])
            yield Message("assistant", turn[side]["text"])


def _served(runtime: Runtime, assistants: Assistants, name: str) -> Served | None:
    known = {each.name for each in assistants.known(runtime.principal)}
    if name.partition("@")[0] not in known:
        return None
    try:
        return assistants.resolve(runtime.principal, name)
    except NotFound:
        if runtime.models.trained(name) is not None:
            return None
        raise
