"""The workspace's whole set-up, measured on sets with known answers, and kept as runs.

The set's own documents are searched, never the workspace's: see ``rag.corpora``.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from genwright.answers.answerer import Answerer
from genwright.errors import UsageError
from genwright.evaluation.jobs.corpus_cache import Corpus, clean, open_corpus
from genwright.evaluation.jobs.descriptions import count_rows, describe_config, forget_traces
from genwright.evaluation.jobs.probes import make_document_asker, make_ranker
from genwright.evaluation.qa import ask_all, measure_answers
from genwright.evaluation.records import keep_evaluation
from genwright.evaluation.retrieval import encode_table, evaluate_retrieval
from genwright.evaluation.suites import BeirSet, SquadParagraph, SquadSet
from genwright.retrieval.search import MODES
from genwright.types import OWNER, Json, Principal, Progress, ignore_progress
from genwright.workspace import Workspace

Case = TypeVar("Case")

SPAN_DEPTH = 5
"""``span_recall`` is taken at this depth, and at the passages that an answer is made from."""


def run_retrieval_trial(
    workspace: Workspace,
    beir: BeirSet,
    *,
    name: str,
    split: str = "test",
    mode: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    principal: Principal = OWNER,
    progress: Progress = ignore_progress,
) -> Json:
    """Measure search on a retrieval set.

    A document may be several passages; it ranks where its best one does.

    Args:
        workspace: Whose settings and models are measured; the run is kept in its store.
        beir: Documents, queries and judgements.
        name: What the set is called in the run.
        split: Which queries these are.
        mode: Measure only this one; by default ``keyword``, ``vector`` and ``hybrid``.
        limit: Ask only so many of the queries, drawn by ``seed``.
        seed: Of the draw.
        principal: Whose run it is.
        progress: Told of documents stored and queries ranked.

    Returns:
        ``{"run", "data", "results", "differences", "seconds"}``; results by mode and measure, each
        ``{"value", "low", "high"}``, differences of hybrid to its runtime in the same form.

    Raises:
        UsageError: No query has a relevant document.
    """
    if not beir.queries:
        raise UsageError(f"No query of the split {split!r} has a relevant document: name another.")
    began, modes = time.monotonic(), (mode,) if mode else MODES
    queries = _sample(list(beir.queries.items()), limit, seed)
    asked = replace(beir, queries=dict(queries))
    with (
        keep_evaluation(workspace.database, principal, "eval.retrieval") as walk,
        open_corpus(workspace, _list_documents(beir), principal, progress) as runtime,
    ):
        report = evaluate_retrieval(asked, make_ranker(runtime), modes, progress)
        data: Json = {"name": name, "form": "beir", "split": split, "sha256": beir.sha256}
        data |= {**count_rows(runtime), "queries": len(queries), "of_queries": len(beir.queries)}
        config = {**describe_config(runtime), "modes": list(modes), "seed": seed}
        results = encode_table(report.compute_results())
        differences = encode_table(report.compute_differences())
        walk.runs.update(walk.run, config=config, data=data)
        walk.finish(results={**results, **differences})
    seconds = time.monotonic() - began
    made = {"run": walk.run, "data": data, "results": results, "differences": differences}
    return {**made, "seconds": round(seconds, 3)}


def run_qa_trial(
    workspace: Workspace,
    squad: SquadSet,
    *,
    name: str,
    model: str = "",
    extractive: bool | None = None,
    short: bool = False,
    limit: int | None = None,
    leave_out: int | None = None,
    seed: int = 0,
    principal: Principal = OWNER,
    progress: Progress = ignore_progress,
) -> Json:
    """Measure answers on a question set; every paragraph of it is a document.

    Args:
        workspace: Whose settings and models are measured; the run is kept in its store.
        squad: Paragraphs and questions.
        name: What the set is called in the run.
        model: Chat model; by default the settings'.
        extractive: Quote, and ask no model; by default as the settings say.
        short: Answer with a few words.
        limit: Ask only so many of the questions, drawn by ``seed``.
        leave_out: Ask so many of these again as if their paragraph were not there; by default
            all of them where the set has no unanswerable questions of its own, else none.
        seed: Of both draws.
        principal: Whose run it is.
        progress: Told of documents stored and questions answered.

    Returns:
        ``{"run", "data", "results", "seconds"}``; results by measure, each
        ``{"value", "low", "high"}``.

    Raises:
        UsageError: The set has no questions.
    """
    if not squad.questions:
        raise UsageError("The set has no questions: name a SQuAD file that has some.")
    began = time.monotonic()
    squad = replace(squad, paragraphs=tuple(map(_clean_paragraph, squad.paragraphs)))
    questions = _sample(squad.questions, limit, seed)
    answerable = [each for each in questions if each.is_answerable]
    if leave_out is None:
        leave_out = len(answerable) if len(answerable) == len(questions) else 0
    left_out = _sample(answerable, leave_out, seed)
    with (
        keep_evaluation(workspace.database, principal, "eval.qa") as walk,
        open_corpus(workspace, _list_paragraphs(squad), principal, progress) as runtime,
    ):
        answerer = Answerer(runtime, model=model, extractive=extractive, short=short)
        asked = ask_all(questions, left_out, make_document_asker(runtime, answerer), progress)
        depth = runtime.settings.retrieval.top_k
        measured = measure_answers(squad, asked, sorted({SPAN_DEPTH, depth}))
        data = {"name": name, "form": "squad", "sha256": squad.sha256, **count_rows(runtime)}
        data |= {"questions": len(questions), "of_questions": len(squad.questions)}
        data |= {"unanswerable": sum(not each.is_answerable for each in questions)}
        data |= {"left_out": len(left_out)}
        config = {**describe_config(runtime), "seed": seed, "short": short}
        config |= {"model": answerer.model, "prompt_version": answerer.prompt.version}
        forget_traces(runtime)
        results = {name: each.json() for name, each in measured.items()}
        walk.runs.update(walk.run, config=config, data=data)
        walk.finish(results=results)
    seconds = time.monotonic() - began
    return {"run": walk.run, "data": data, "results": results, "seconds": round(seconds, 3)}


def _sample(cases: Sequence[Case], number: int | None, seed: int) -> list[Case]:
    """So many of the cases, in a drawn order; all, in theirs, where there are no more."""
    if number is None or number >= len(cases):
        return list(cases)
    return random.Random(seed).sample(list(cases), number)


def _list_documents(beir: BeirSet) -> Corpus:
    """A document that is a title only is searched by it."""
    return {
        source: (clean(title), clean(text if text.strip() else title))
        for source, (title, text) in beir.corpus.items()
    }


def _list_paragraphs(squad: SquadSet) -> Corpus:
    return {
        str(number): (clean(each.article.replace("_", " ")), each.text)
        for number, each in enumerate(squad.paragraphs)
    }


def _clean_paragraph(paragraph: SquadParagraph) -> SquadParagraph:
    return replace(paragraph, text=clean(paragraph.text))
