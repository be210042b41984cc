"""Follow-up questions as questions that can be understood alone."""

import re
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

from genwright.answers.base import EXTRACTIVE, Question
from genwright.answers.fencing import fence_text
from genwright.answers.understanding.taught import classify_request, read_taught
from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
from genwright.grounding import words
from genwright.prompts import load_prompt
from genwright.runtime import Runtime

REWRITTEN_TOKENS = 64
TURN_CHARACTERS = 1000
"""Beginning of each earlier turn that a follow-up question is read with."""
LEAST_IN_CONVERSATION = 0.2
"""Probability of a follow-up from which on one is seen: the classifier was not told that there were
turns before, and among turns many more point back."""
NEEDS_NO_TURNS = frozenset({"smalltalk", "about-collection", "summary-collection"})
"""Kinds of requests that are understood without the turns before."""
LONGEST_FOLLOW_UP = 1000
"""Characters; a longer question is taken to stand alone."""

_POINTING = frozenset(
    """it its he him his she her hers they them their theirs this these those then ones former
    latter same another other others""".split()
)
_GOES_ON = re.compile(r"\W*(and|but|or|also|(what|how) about)\b", re.IGNORECASE)
_THAT = re.compile(
    r"(^|\b(is|was|does|did|do|will|can|of|for|with|about|after|before|by|in|on|to|why)) that\b"
    r"|\b(?<!is )(?<!are )(?<!was )(?<!were )there\b(?! (is|are|was|were)\b)"
    r"|\b(which|that|this|the other) one\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"\b(what|who|where) (is|are|was|were)\b", re.IGNORECASE)


def make_standalone(
    runtime: Runtime,
    model: str,
    question: str,
    before: Sequence[ChatMessage],
    cancel: Event | None = None,
) -> str:
    """The question as one that can be understood without the conversation.

    A model rewrites it. What it gives counts only if it is made of words that were said and keeps
    those of the question; otherwise, and without a model, the last question that stands alone goes
    along with this one.

    Args:
        runtime: Opens the model, and says how many earlier turns count (``answer.history``).
        model: Name of the chat model, or ``extractive``.
        question: As typed.
        before: Turns before it.
        cancel: Set by whoever no longer waits.
    """
    asked = Question(question, cancel=cancel or Event())
    return place_question(runtime, model, asked, before).whole


def place_question(
    runtime: Runtime,
    model: str,
    asked: Question,
    before: Sequence[ChatMessage],
    intents: Sequence[int] = (),
) -> Question:
    """A question with what it points back to; see ``make_standalone`` for the arguments.

    ``intents`` are the ids of the requests whose kind people told.
    """
    most = runtime.settings.answer.history
    before = before[-most:] if most else ()
    earlier = [turn.content for turn in before if turn.role == "user"]
    if not earlier or not _needs_turns(runtime, asked.text, intents):
        return asked
    standing = next((turn for turn in reversed(earlier) if not is_follow_up(turn)), earlier[-1])
    if _may_rewrite(runtime, model):
        rewritten = _rewrite_question(runtime, model, asked.text, before, asked.cancel)
        said = set(words.extract_content(" ".join(turn.content for turn in before)))
        own = set(words.extract_content(asked.text))
        new = set(words.extract_content(rewritten))
        if new > own and new <= said | own:
            return replace(asked, text=rewritten)
    return replace(asked, follows=standing[:LONGEST_FOLLOW_UP].rstrip())


def _may_rewrite(runtime: Runtime, model: str) -> bool:
    """Whether a model is asked for the question: one that is known to be able to write."""
    wording = runtime.settings.answer.wording
    if model == EXTRACTIVE or wording != "auto":
        return model != EXTRACTIVE and wording == "model"
    known = runtime.models.examinations.find(model)
    return known is not None and known.able


def _needs_turns(runtime: Runtime, question: str, intents: Sequence[int]) -> bool:
    """Whether a question in a conversation points back, by its words or by the classifier."""
    taught = read_taught(runtime.database, intents)
    intent, _ = classify_request(runtime.models.embedder, question, taught)
    if intent.kind in NEEDS_NO_TURNS:
        return False
    if is_follow_up(question):
        return True
    return len(question) <= LONGEST_FOLLOW_UP and intent.follow_up >= LEAST_IN_CONVERSATION


def _rewrite_question(
    runtime: Runtime,
    model: str,
    question: str,
    before: Sequence[ChatMessage],
    cancel: Event | None,
) -> str:
    prompt = load_prompt("follow_up", runtime.workspace.prompts_dir)
    said = [replace(turn, content=fence_text(turn.content[:TURN_CHARACTERS])) for turn in before]
    system, user = prompt.render(question=question, messages=said)
    request = ChatRequest(
        (ChatMessage("system", system), ChatMessage("user", user)), Sampling(REWRITTEN_TOKENS)
    )
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}
    with runtime.tracing.start_span(f"rewrite {model}", attributes) as span:
        text, usage = collect_chat(runtime.models.get_engine(model), request, cancel)
        span.set_attribute("gen_ai.usage.input_tokens", usage.prompt_tokens)
        span.set_attribute("gen_ai.usage.output_tokens", usage.completion_tokens)
        span.set_attribute("genwright.rewritten", text)
    return " ".join(text.split())


def is_follow_up(question: str) -> bool:
    """Whether a question needs the one before: it points, or says too little on its own.

    Example:
        >>> [is_follow_up(text) for text in ("When was it built?", "How tall?", "And the oil?")]
        [True, True, True]
        >>> is_follow_up("When was the tower built?"), is_follow_up("What is a pump that leaks?")
        (False, False)
    """
    if len(question) > LONGEST_FOLLOW_UP:
        return False
    said = {word.lower() for word in words.split_tokens(question)}
    if said & _POINTING or _THAT.search(question) or _GOES_ON.match(question):
        return True
    own = len(words.extract_content(question))
    return own == 0 or (own == 1 and not _DEFINES.search(question))
