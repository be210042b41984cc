"""Questions of a set, asked of a workspace or over the set's own documents, and kept as a run."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from genwright.answers.answerer import Answerer, drain
from genwright.answers.assistants import OpenedAssistant, open_assistant
from genwright.errors import GenwrightError, UsageError
from genwright.evaluation.answers import AskCase, JudgedAnswer, ask_cases, summarize_answers
from genwright.evaluation.jobs.corpus_cache import Corpora, clean, open_corpora
from genwright.evaluation.jobs.descriptions import count_rows, describe_config, forget_traces
from genwright.evaluation.records import keep_evaluation
from genwright.evaluation.suites.questions import AnswerCase, AnswerSet
from genwright.evaluation.verdicts import GivenAnswer
from genwright.grounding.citations import Answer
from genwright.registry import ServedAssistant
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.storage import Collection, may_see
from genwright.types import OWNER, Json, Principal, Progress, ignore_progress
from genwright.workspace import Workspace

FindCollections = Callable[[AnswerCase], Sequence[str]]
"""Names of the collections that a question is asked over; none for where the assistant looks."""


@dataclass(frozen=True)
class AnswerOptions:
    """Who is asked."""

    assistant: str = ""
    """Name or NAME@VERSION; by default the settings' own."""
    model: str = ""
    extractive: bool | None = None
    collections: tuple[str, ...] = ()
    """Where to look, for every question."""
    pool: bool = False
    """Search the documents of all questions instead of each one's own."""


def run_answers_trial(
    workspace: Workspace,
    asked: AnswerSet,
    cases: Sequence[AnswerCase],
    options: AnswerOptions,
    *,
    answers: Path | None = None,
    principal: Principal = OWNER,
    progress: Progress = ignore_progress,
) -> Json:
    """Ask questions, judge the answers and keep the run.

    Args:
        workspace: Whose settings, models and assistants are measured, and for the form ``wild``
            whose documents; the run is kept in its store.
        asked: The set.
        cases: Those of its questions that are asked.
        options: Who is asked, and where they look.
        answers: Written with one answer a line, each as soon as it is there.
        principal: Whose run it is.
        progress: Told of documents stored and questions asked.

    Returns:
        ``{"run", "data", "results", "answers", "seconds"}``; results as ``summarize_answers``.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        walk = stack.enter_context(keep_evaluation(workspace.database, principal, "eval.answers"))
        own = stack.enter_context(Runtime(workspace, principal, progress))
        served = own.assistants.resolve(principal, options.assistant)
        runtime, find = own, make_collection_finder(own, options)
        if asked.form == "documents":
            corpora = list_corpora(asked, cases, options.pool)
            runtime = stack.enter_context(open_corpora(workspace, corpora, principal, progress))
            find = find_nowhere if options.pool else find_own
        opened = open_asked(runtime, options, served)
        keep = stack.enter_context(_open_answers(answers))
        judged = ask_cases(cases, make_case_asker(opened, find), progress, keep)
        if asked.form == "documents":
            forget_traces(runtime)
        results = summarize_answers(judged)
        data: Json = {"name": asked.name, "form": asked.form, "sha256": asked.sha256}
        data |= {**count_rows(runtime), "questions": len(cases), "of_questions": len(asked.cases)}
        config = {**describe_config(opened.runtime), "assistant": served.label}
        config |= {"model": opened.answerer.model, "collections": list(options.collections)}
        walk.runs.update(walk.run, config=config, data=data)
        walk.finish(results=results)
    rows = [{**each.given.json(), "verdict": each.verdict} for each in judged]
    seconds = round(time.monotonic() - began, 3)
    made = {"run": walk.run, "data": data, "results": results}
    return {**made, "answers": rows, "seconds": seconds}


def list_corpora(asked: AnswerSet, cases: Sequence[AnswerCase], pool: bool) -> Corpora:
    """The documents of each question in a collection of its own, or all of the set in one."""
    if pool:
        return {"": {name: each for one in asked.cases for name, each in _read_corpus(one)}}
    return {case.id: dict(_read_corpus(case)) for case in cases}


def _read_corpus(case: AnswerCase) -> Iterator[tuple[str, tuple[str, str]]]:
    for each in case.documents:
        yield each.id, (clean(each.title), clean(each.text))


def find_own(case: AnswerCase) -> Sequence[str]:
    """The collection of a question's own documents."""
    return (case.id,)


def find_nowhere(case: AnswerCase) -> Sequence[str]:
    """No collection by name: all that is there is searched."""
    return ()


def make_collection_finder(runtime: Runtime, options: AnswerOptions) -> FindCollections:
    """Where questions of the form ``wild`` are asked.

    In the collections named; else where the assistant named looks; else in the collection that
    the question names where the workspace has it, and else everywhere.
    """
    named = select(Collection.name).where(may_see(runtime.principal))
    with runtime.database.read(runtime.principal) as session:
        known = set(session.scalars(named))

    def find_collections(case: AnswerCase) -> Sequence[str]:
        if options.collections or options.assistant:
            return options.collections
        return (case.collection,) if case.collection in known else ()

    return find_collections


@contextmanager
def _open_answers(file: Path | None) -> Iterator[Callable[[JudgedAnswer], None]]:
    """What writes answers to a file, where one is named."""
    if file is None:
        yield lambda _: None
        return
    try:
        out = file.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write answers to {file}: {error.strerror}.") from error
    with out:
        yield lambda each: print(
            json.dumps(each.given.json(), ensure_ascii=False), file=out, flush=True
        )


def open_asked(
    runtime: Runtime, options: AnswerOptions, served: ServedAssistant | str = ""
) -> OpenedAssistant:
    """The assistant, or what the settings and options make of the default one.

    Raises:
        UsageError: An assistant is named with an option that it decides itself.
        NotFound: There is no such assistant.
    """
    if options.assistant and (options.model or options.extractive is not None):
        raise UsageError("Expected --assistant without --model and --extractive.")
    opened = open_assistant(runtime, served or options.assistant)
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
    cases: Sequence[AnswerCase],
    *,
    only: str = "",
    every: int = 1,
    limit: int | None = None,
    seed: int = 0,
) -> list[AnswerCase]:
    """Some of the questions, in their order: of one collection, each so many-th, so many drawn.

    Raises:
        UsageError: None is left.
    """
    chosen = [each for each in cases if not only or each.collection == only][::every]
    if not chosen:
        known = ", ".join(sorted({each.collection for each in cases}))
        raise UsageError(f"No question is about {only!r}: name one of {known}.")
    if limit is None or limit >= len(chosen):
        return chosen
    places = sorted(random.Random(seed).sample(range(len(chosen)), limit))
    return [chosen[place] for place in places]
