"""Who takes part: versions of assistants, and models without any documents."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from threading import Event

from genwright.answers.answerer import Answerer
from genwright.answers.assistants import build_answerer, find_scope
from genwright.answers.chat import Chat
from genwright.engines import ChatMessage, ChatRequest, Sampling, TokenUsage
from genwright.errors import NotFound, UsageError
from genwright.registry import Assistants, ServedAssistant
from genwright.runtime import Runtime
from genwright.types import Json

Tell = Callable[[str, Json | None], None]
"""Told of text as it comes, with the sentence's record where it is one."""


@dataclass(frozen=True)
class ContenderAnswer:
    """What one side answered."""

    text: str
    trace: str = ""
    refused: bool = False
    sentences: tuple[Json, ...] = ()
    usage: TokenUsage = field(default_factory=TokenUsage)

    def json(self) -> Json:
        """What a match keeps."""
        return {
            "text": self.text,
            "trace": self.trace,
            "refused": self.refused,
            "sentences": list(self.sentences),
        }


def list_contenders(runtime: Runtime, assistants: Assistants) -> list[str]:
    """Exact names of all that may meet, by the settings.

    Raises:
        UsageError: There are fewer than two.
    """
    named = runtime.settings.arena.contenders or [
        f"{known.name}@{alias}"
        for known in assistants.list_assistants(runtime.principal)
        for alias in ("live", "candidate")
        if alias in known.aliases
    ]
    exact = list(dict.fromkeys(resolve_name(runtime, assistants, name) for name in named))
    if len(exact) < 2:
        raise UsageError(
            f"The arena needs two contenders, there is {' and '.join(exact) or 'none'}: make a "
            "candidate (genwright assistants set NAME …), or name some in arena.contenders."
        )
    return exact


def resolve_name(runtime: Runtime, assistants: Assistants, name: str) -> str:
    """``assistant@3`` for a name or alias of an assistant; a model's name as it is.

    Raises:
        NotFound: There is no such assistant, version or model.
    """
    served = _find_served(runtime, assistants, name)
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
        self.name, self.served = name, _find_served(runtime, assistants, name)
        if self.served is None:
            runtime.models.check(name)
            self.runtime, self.model = runtime, name
        else:
            settings = self.served.version.config.merge_settings(runtime.settings)
            self.runtime = runtime.act_for(runtime.principal, settings)
            self.model = build_answerer(self.runtime, self.served).model

    def say(
        self, question: str, history: Sequence[ChatMessage], tell: Tell, cancel: Event | None = None
    ) -> ContenderAnswer:
        """Answer a question of a conversation.

        Args:
            question: As it was typed.
            history: Turns before it, of this side alone.
            tell: Told of what is written.
            cancel: Set by whoever no longer waits.
        """
        if self.served is None:
            return self._chat(question, history, tell, cancel)
        answerer = build_answerer(self.runtime, self.served)
        return self._ask(answerer, question, history, tell, cancel)

    def _ask(
        self,
        answerer: Answerer,
        question: str,
        history: Sequence[ChatMessage],
        tell: Tell,
        cancel: Event | None,
    ) -> ContenderAnswer:
        assert self.served is not None  # whoever calls has looked
        alone = Chat(answerer).make_standalone(question, history, cancel)
        answer = answerer.ask(
            alone,
            scope=find_scope(self.runtime, self.served),
            on_sentence=lambda sentence: tell(sentence.text + " ", asdict(sentence)),
            cancel=cancel,
        )
        sentences = tuple(asdict(sentence) for sentence in answer.sentences)
        return ContenderAnswer(
            answer.answer, answer.trace_id, answer.refused, sentences, answer.usage
        )

    def _chat(
        self, question: str, history: Sequence[ChatMessage], tell: Tell, cancel: Event | None
    ) -> ContenderAnswer:
        most = self.runtime.settings.answer.max_tokens
        request = ChatRequest((*history, ChatMessage("user", question)), Sampling(most))
        attributes = {"genwright.question": question, "gen_ai.request.model": self.model}
        text, usage = "", TokenUsage()
        with self.runtime.tracing.start_span(f"chat {self.model}", attributes) as span:
            for delta in self.runtime.models.get_engine(self.model).chat(request, cancel):
                text += delta.text
                usage = delta.usage or usage
                if delta.text:
                    tell(delta.text, None)
            from genwright.monitoring.tracing import read_trace_id

            return ContenderAnswer(text, read_trace_id(span), usage=usage)


def collect_history(turns: Sequence[Json], side: str) -> Iterator[ChatMessage]:
    """What one side was asked and said before."""
    for turn in turns:
        if turn.get(side):
            yield ChatMessage("user", turn["question"])
            yield ChatMessage("assistant", turn[side]["text"])


def _find_served(runtime: Runtime, assistants: Assistants, name: str) -> ServedAssistant | None:
    known = {each.name for each in assistants.list_assistants(runtime.principal)}
    if name.partition("@")[0] not in known:
        return None
    try:
        return assistants.resolve(runtime.principal, name)
    except NotFound:
        if runtime.models.find_trained(name) is not None:
            return None
        raise
