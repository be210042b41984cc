"""Who takes part: versions of assistants, and models without any documents."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from threading import Event

from genwright.answers.assistants import open_assistant
from genwright.engines import ChatMessage, ChatRequest, Sampling, TokenUsage
from genwright.errors import NotFound, UsageError
from genwright.grounding.citations import Answer
from genwright.monitoring.tracing import read_trace_id
from genwright.registry import Assistants, ServedAssistant
from genwright.runtime import Runtime
from genwright.types import Json


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
            self._opened = open_assistant(runtime, self.served)
            self.runtime = self._opened.runtime
            self.model = self._opened.answerer.model

    def answer(self, question: str, history: Sequence[ChatMessage] = ()) -> ContenderAnswer:
        """Answer a question of a conversation; see ``stream``."""
        *_, answer = self.stream(question, history)
        assert isinstance(answer, ContenderAnswer)  # it is the last piece
        return answer

    def stream(
        self, question: str, history: Sequence[ChatMessage] = (), cancel: Event | None = None
    ) -> Iterator[str | ContenderAnswer]:
        """Text as it is written, and last the whole answer.

        Args:
            question: As it was typed.
            history: Turns before it, of this side alone.
            cancel: Set by whoever no longer waits.
        """
        if self.served is None:
            return self._chat(question, history, cancel)
        return self._ask(question, history, cancel)

    def _ask(
        self, question: str, history: Sequence[ChatMessage], cancel: Event | None
    ) -> Iterator[str | ContenderAnswer]:
        for piece in self._opened.stream(question, history=history, cancel=cancel):
            if isinstance(piece, Answer):
                sentences = tuple(asdict(sentence) for sentence in piece.sentences)
                yield ContenderAnswer(
                    piece.answer, piece.trace_id, piece.refused, sentences, piece.usage
                )
            else:
                yield piece.text + " "

    def _chat(
        self, question: str, history: Sequence[ChatMessage], cancel: Event | None
    ) -> Iterator[str | ContenderAnswer]:
        most = self.runtime.settings.answer.max_tokens
        request = ChatRequest((*history, ChatMessage("user", question)), Sampling(most))
        attributes = {"genwright.question": question, "gen_ai.request.model": self.model}
        text, usage = "", TokenUsage()
        with self.runtime.tracing.start_span(f"chat {self.model}", attributes) as span:
            for delta in self.runtime.models.get_engine(self.model).chat(request, cancel):
                text += delta.text
                usage = delta.usage or usage
                if delta.text:
                    yield delta.text
            yield ContenderAnswer(text, read_trace_id(span), usage=usage)


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
