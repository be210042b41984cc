"""The protocol of engines, and the values that go in and come out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal, Protocol, Self, runtime_checkable

from genwright.engines.process import ChildProcess
from genwright.plugins import Plugins
from genwright.types import Json, Vectors

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True)
class ToolCall:
    """A function the model wants called; ``arguments`` is a JSON object as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ToolDelta:
    """A piece of a tool call: what is given is appended to what came before at ``index``."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True)
class RequiredTool:
    """The one tool that must be called."""

    name: str


@dataclass(frozen=True)
class Tool:
    """A function the model may call; ``parameters`` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Json


@dataclass(frozen=True)
class ChatMessage:
    """One turn of a conversation. A ``tool`` message answers the call ``tool_call_id``."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen, and when generation ends. The defaults switch each cut off."""

    max_tokens: int | None = 256
    """Longest reply; None for as long as the context allows."""
    temperature: float = 0.0
    """0 always takes the likeliest token; 1 samples from the model's own distribution."""
    top_p: float = 1.0
    """Keep the likeliest tokens that together have this probability; 1 keeps all."""
    top_k: int = 0
    """Keep this many of the likeliest tokens; 0 keeps all."""
    min_p: float = 0.0
    """Keep tokens at least this likely relative to the likeliest; 0 keeps all."""
    repetition_penalty: float = 1.0
    """Divides the logits of tokens seen lately; 1 changes nothing."""
    presence_penalty: float = 0.0
    """Taken from the logit of a token that the reply already has, -2 to 2."""
    frequency_penalty: float = 0.0
    """Taken from it for each time that it has it, -2 to 2."""
    logit_bias: tuple[tuple[int, float], ...] = ()
    """Added to the logits of tokens by id, -100 to 100."""
    seed: int = 0
    stop: tuple[str, ...] = ()
    """Generation ends before the first of these; they are never part of the text."""


@dataclass(frozen=True)
class ChatRequest:
    """What a chat model is asked."""

    messages: tuple[ChatMessage, ...]
    sampling: Sampling = Sampling()
    json_schema: Json | None = None
    """The reply must be JSON that fits this schema (unless ``max_tokens`` cuts it short)."""
    json_object: bool = False
    """The reply must be a JSON object; ``json_schema`` says more and counts before it."""
    tools: tuple[Tool, ...] = ()
    tool_choice: Literal["auto", "none", "required"] | RequiredTool = "auto"
    parallel_tool_calls: bool = True
    """Several tools may be called in one reply, by a model that can."""
    logprobs: int | None = None
    """Report each token's log-probability, and this many likeliest alternatives (at most 20)."""
    adapters: tuple[tuple[int, float], ...] = ()
    """Scale of each LoRA adapter by its place in the engine's list; those not named get 0."""
    cache_key: str = ""
    """Whose prompt it is, such as an assistant and a person: prefixes that one key left in the
    cache are used for that key only. Empty where there is nobody to keep apart."""

    @property
    def offers_tools(self) -> bool:
        """Whether the model may call a tool."""
        return bool(self.tools) and self.tool_choice != "none"

    @property
    def must_call(self) -> bool:
        """Whether the reply must be a call."""
        return self.offers_tools and self.tool_choice != "auto"


@dataclass(frozen=True)
class TokenScore:
    """A token and its natural log-probability; ``top`` are the likeliest tokens at its place."""

    token: str
    logprob: float
    top: tuple["TokenScore", ...] = ()
    bytes: tuple[int, ...] | None = None
    """The token's bytes, which may be a part of a character; None where they are not known."""


@dataclass(frozen=True)
class TokenUsage:
    """What one request cost: tokens, and seconds as the engine measured them (0 if it did not)."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Tokens of the prompt that an earlier request had left in the cache."""
    prompt_seconds: float = 0.0
    completion_seconds: float = 0.0


@dataclass(frozen=True)
class Delta:
    """A piece of a reply. The last one has ``finish_reason`` and ``usage``.

    ``tool_call_deltas`` are pieces of tool calls as they are written; ``tool_calls`` are the same
    ones whole, in the last piece. ``finish_reason`` is ``stop``, ``length`` (``max_tokens`` or the
    context is used up), ``tool_calls`` or ``cancelled``.
    """

    text: str = ""
    tool_call_deltas: tuple[ToolDelta, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: TokenUsage | None = None
    logprobs: tuple[TokenScore, ...] = ()


@runtime_checkable
class Engine(Protocol):
    """A loaded model. Safe to use from several threads.

    Whoever closes a stream, or sets ``cancel``, ends the generation. Every operation may raise
    EngineFailed (the model died or returned an invalid response), UsageError (a prompt longer than
    the context) and Refused (this engine cannot do that; the message says what can).
    """

    name: str

    @property
    def context(self) -> int:
        """Longest prompt and reply together, in tokens."""
        ...

    @property
    def batch_size(self) -> int:
        """Requests that are best asked at once: above one, they are computed together."""
        ...

    @property
    def process(self) -> ChildProcess | None:
        """The child process that runs it; None where it runs elsewhere or needs none."""
        ...

    def render_prompt(self, messages: Sequence[ChatMessage]) -> str:
        """The text that the model reads before it replies to a conversation."""
        ...

    def chat(self, request: ChatRequest, cancel: Event | None = None) -> Iterator[Delta]:
        """Answer a conversation, piece by piece, by the model's own chat template."""
        ...

    def complete(
        self,
        prompt: str | Sequence[int],
        sampling: Sampling,
        cancel: Event | None = None,
        *,
        logprobs: int | None = None,
        cache_key: str = "",
    ) -> Iterator[Delta]:
        """Continue a text, or tokens by id, piece by piece; the rest is as in ``ChatRequest``."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length vectors of texts, shape (n, dim)."""
        ...

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query; higher is better, only the order has a meaning."""
        ...

    def score(self, prompt: str, continuation: str) -> list[TokenScore]:
        """Log-probability of each token of a continuation, given the prompt and those before it.

        Where a token spans the border, scoring begins with it. The prompt must not be empty.
        """
        ...

    def score_tokens(self, tokens: Sequence[int], top: int = 5) -> list[TokenScore]:
        """Log-probability of each token by id but the first, given those before it.

        ``top`` likeliest tokens are reported at each place, at most 20. At least two tokens.
        """
        ...

    def tokenize(self, text: str) -> list[int]:
        """Ids of the tokens of a text, with those that the model begins every prompt with."""
        ...

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens by id; bytes that are no UTF-8 become U+FFFD."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Length of each text in tokens, without special ones."""
        ...

    def measure_prefill_speed(self) -> float | None:
        """Prompt tokens read per second, as measured lately; None where it cannot be known."""
        ...

    def close(self) -> None:
        """Give back memory and processes; calling it again does nothing."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


engines: Plugins[Engine] = Plugins("genwright.engines", folder_file="engine")


def collect_chat(
    engine: Engine, request: ChatRequest, cancel: Event | None = None
) -> tuple[str, TokenUsage]:
    """Collect a whole reply: its text and what it cost."""
    deltas = list(engine.chat(request, cancel))
    usage = next((delta.usage for delta in reversed(deltas) if delta.usage), TokenUsage())
    return "".join(delta.text for delta in deltas), usage
