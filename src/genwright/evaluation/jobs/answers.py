"""Questions of a set, asked of a workspace."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from genwright.answers.answerer import Answerer, drain
from genwright.answers.assistants import OpenedAssistant, open_assistant
from genwright.errors import GenwrightError, UsageError
from genwright.evaluation.answers import AskCase
from genwright.evaluation.suites.questions import AnswerCase
from genwright.evaluation.verdicts import GivenAnswer
from genwright.grounding.citations import Answer
from genwright.retrieval import Scope
from genwright.runtime import Runtime

FindCollections = Callable[[AnswerCase], Sequence[str]]
"""Names of the collections that a question is asked over; none for where the assistant looks."""


@dataclass(frozen=True)
class AnswerOptions:
    """Who is asked."""

    assistant: str = ""
    """Name or NAME@VERSION; by default the settings' own."""
    model: str = ""
    extractive: bool | None = None


def open_asked(runtime: Runtime, options: AnswerOptions) -> OpenedAssistant:
    """The assistant, or what the settings and options make of the default one.

    Raises:
        UsageError: An assistant is named with an option that it decides itself.
        NotFound: There is no such assistant.
    """
    if options.assistant and (options.model or options.extractive is not None):
        raise UsageError("Expected --assistant without --model and --extractive.")
    opened = open_assistant(runtime, options.assistant)
    if options.assistant:
        return opened
    answerer = Answerer(runtime, model=options.model, extractive=options.extractive)
    return replace(opened, answerer=answerer, scope=Scope())


def make_case_asker(opened: OpenedAssistant, find_collections: FindCollections) -> AskCase:
    """Ask as a user would: follow-ups after their history, each question where it belongs.

    A question that cannot be asked counts as one without an answer; why is kept with it.
    """

    def ask(case: AnswerCase) -> GivenAnswer:
        began, answer, error = time.monotonic(), None, ""
        try:
            names = find_collections(case)
            scope = Scope(tuple(names)) if names else None
            answer = drain(opened.stream(case.question, history=case.history, scope=scope))
        except GenwrightError as problem:
            error = str(problem) or type(problem).__name__
        seconds = time.monotonic() - began
        if answer is None:
            return GivenAnswer(case.id, "", False, (), seconds, error)
        return GivenAnswer(
            case.id, answer.answer, answer.refused, list_cited_sources(answer), seconds
        )

    return ask


def list_cited_sources(answer: Answer) -> tuple[str, ...]:
    """Sources in the order they are cited, each once."""
    cited = (each.source for sentence in answer.sentences for each in sentence.citations)
    return tuple(dict.fromkeys(cited))


def pick_cases(
    cases: Sequence[AnswerCase], *, only: str = "", every: int = 1, limit: int | None = None
) -> list[AnswerCase]:
    """Some of the questions: of one collection, each so many-th, at most so many.

    Raises:
        UsageError: None is left.
    """
    chosen = [each for each in cases if not only or each.collection == only][::every][:limit]
    if not chosen:
        known = ", ".join(sorted({each.collection for each in cases}))
        raise UsageError(f"No question is about {only!r}: name one of {known}.")
    return chosen
