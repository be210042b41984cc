"""Evaluations of models and assistants by name, kept as runs."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genwright.answers.answerer import Answerer
from genwright.answers.assistants import answerer_of, scope_of
from genwright.datasets import Dataset, read_dataset
from genwright.engines import Engine
from genwright.errors import GenwrightError, NotFound, UsageError
from genwright.evaluation.cases import cases_of
from genwright.evaluation.comparison import compare_models
from genwright.evaluation.jobs.baselines import asked_in_words, places_of_shots
from genwright.evaluation.judge import Pair, agreement, judge_pairs
from genwright.evaluation.lm import evaluate_lm
from genwright.evaluation.records import save_run
from genwright.evaluation.tasks import (
    Ask,
    Case,
    Reply,
    asker,
    choosing,
    evaluate_task,
    with_shots,
)
from genwright.options import parse_pairs
from genwright.registry import Assistants, Served
from genwright.runtime import Runtime
from genwright.training.chat_rendering import messages_of
from genwright.types import Json

USUAL = {
    "classification": "accuracy",
    "qa": "token_f1",
    "summarisation": "rouge_l",
    "messages": "token_f1",
    "prompt_completion": "token_f1",
}
"""The measure of a form, where none is named."""


@dataclass(frozen=True)
class Task:
    """What is to be measured."""

    data: Path
    metric: str = ""
    form: str = ""
    columns: tuple[str, ...] = ()
    shots: int = 0
    mode: str = "generate"
    """``generate``, or ``score``: the label that is likeliest."""
    limit: int | None = None
    seed: int = 0
    max_tokens: int = 256


def task_trial(runtime: Runtime, name: str, task: Task) -> Json:
    """Measure a model, a registered version or an assistant on a data set, and keep the run.

    Raises:
        NotFound: There is nothing of that name.
        UsageError: The data cannot be read, or does not fit what is asked.
    """
    began = time.monotonic()
    dataset, cases, metric = prepared(task)
    with _asked(runtime, name, task, bool(cases[0].choices)) as ask:
        report = evaluate_task(
            cases, ask, [metric, *_others(metric, dataset)], seed=task.seed,
            progress=runtime.progress,
        )  # fmt: skip
    result = {
        "model": name,
        "metric": metric,
        "shots": task.shots,
        "mode": task.mode,
        **report.json(),
    }
    data = {"name": dataset.name, "sha256": dataset.sha256, "rows": len(cases)}
    kept = {key: value for key, value in result.items() if key != "cases"}
    run = save_run(
        runtime.database, runtime.principal, kind="eval.task",
        config={"model": name, "metric": metric, "shots": task.shots, "mode": task.mode,
                "seed": task.seed, "max_tokens": task.max_tokens},
        data=data, results=kept, seconds=time.monotonic() - began,
    )  # fmt: skip
    return {"run": run, "data": data, **result}


def prepared(task: Task) -> tuple[Dataset, list[Case], str]:
    """The rows of a task as cases, with shots before them where they are wanted.

    The shots are the first rows, which are then not asked; of classes, one of each in turn.
    """
    columns = parse_pairs(task.columns, "--map FIELD=COLUMN")
    dataset = read_dataset(task.data, form=task.form, columns=columns)
    metric = task.metric or USUAL.get(dataset.form, "")
    if not metric:
        raise UsageError(f"Rows of the form {dataset.form!r} have no answers to measure.")
    rows = list(dataset.rows)
    shots: list[tuple[str, str]] = []
    if dataset.form == "classification":
        labels = sorted({str(row["label"]) for row in rows})
        places = places_of_shots(rows, labels, task.shots)
        shots = [
            (case.messages[-1].content, case.references[0])
            for case in asked_in_words([rows[place] for place in places], labels)
        ]
        rows = [row for place, row in enumerate(rows) if place not in set(places)]
        cases = asked_in_words(_drawn(rows, task), labels)
    else:
        for row in rows[: task.shots]:
            messages = messages_of(row)
            shots.append((messages[-2].content, messages[-1].content))
        cases = cases_of(_drawn(rows[task.shots :], task), "generation")
    if not cases:
        raise UsageError(f"{dataset.name} has no rows left to ask after {task.shots} shots.")
    return dataset, [with_shots(case, shots) for case in cases], metric


def lm_trial(runtime: Runtime, name: str, file: Path, limit: int) -> Json:
    """Measure how well a model predicts a text, and keep the run."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    began = time.monotonic()
    text = file.read_text(encoding="utf-8", errors="replace")
    report = evaluate_lm(runtime.models.engine(name), text, limit=limit, progress=runtime.progress)
    data = {"name": file.name, "characters": len(text)}
    run = save_run(
        runtime.database, runtime.principal, kind="eval.lm", config={"model": name},
        data=data, results=report.json(), seconds=time.monotonic() - began,
    )  # fmt: skip
    return {"run": run, "model": name, **report.json()}


def bench_trial(
    runtime: Runtime, name: str, task: str, files: Path, limit: int | None, shots: int
) -> Json:
    """Measure a model on a public benchmark, and keep the run."""
    from genwright.evaluation.benchmarks.lm_eval import run_bench

    began = time.monotonic()
    engine = runtime.models.engine(name)
    result = run_bench(engine, task, files, limit=limit, shots=shots, progress=runtime.progress)
    run = save_run(
        runtime.database, runtime.principal, kind="eval.bench",
        config={"model": name, "task": task, "shots": shots},
        data={"name": task, "sha256": result["sha256"], "rows": result["rows"]},
        results=result, seconds=time.monotonic() - began,
    )  # fmt: skip
    return {"run": run, "model": name, **result}


def judge_trial(runtime: Runtime, judge: str, file: Path, humans: Path | None) -> Json:
    """Have a model judge pairs of answers, and compare it with people where they judged too.

    The file has lines of ``question``, ``a``, ``b`` and, where they are known, ``reference``; the
    people's file one of ``a``, ``b`` or ``tie`` a line, in the same order.
    """
    pairs = [
        Pair(str(row["question"]), str(row["a"]), str(row["b"]), str(row.get("reference", "")))
        for row in _lines(file, ("question", "a", "b"))
    ]
    report = judge_pairs(runtime.models.engine(judge), pairs, runtime.progress)
    result: Json = {"judge": judge, "pairs": len(pairs), **report.json()}
    if humans is not None:
        if not humans.is_file():
            raise NotFound(f"There is no file {humans}.")
        words = humans.read_text(encoding="utf-8").split()
        if set(words) - {"a", "b", "tie"}:
            raise UsageError(f"Expected a, b or tie in each line of {humans}.")
        mine = [each.verdict for each in report.judged]
        result["humans"] = agreement(mine, words)  # type: ignore[arg-type]
    run = save_run(
        runtime.database, runtime.principal, kind="eval.judge", config={"judge": judge},
        data={"name": file.name, "rows": len(pairs)}, results=result, seconds=0.0,
    )  # fmt: skip
    return {"run": run, **result}


def comparison(
    runtime: Runtime, names: Sequence[str], task: Task, prices: Mapping[str, tuple[float, float]]
) -> Json:
    """Measure several models on the same rows, and keep the run."""
    began = time.monotonic()
    dataset, cases, metric = prepared(task)

    @contextmanager
    def opened(name: str) -> Iterator[Engine]:
        yield runtime.models.engine(name)

    found = compare_models(
        names, opened, cases, metric, prices=prices, max_tokens=task.max_tokens,
        progress=runtime.progress,
    )  # fmt: skip
    data = {"name": dataset.name, "sha256": dataset.sha256, "rows": len(cases)}
    result = found.json()
    run = save_run(
        runtime.database, runtime.principal, kind="eval.compare",
        config={"models": list(names), "metric": metric, "shots": task.shots},
        data=data, results=result, seconds=time.monotonic() - began,
    )  # fmt: skip
    return {"run": run, "data": data, **result}


@contextmanager
def _asked(runtime: Runtime, name: str, task: Task, has_choices: bool) -> Iterator[Ask]:
    """A model or an assistant, as what is asked."""
    served = _assistant(runtime, name)
    if served is not None:
        yield _assistant_asker(runtime, served)
        return
    engine = runtime.models.engine(name)
    if task.mode == "score" and not has_choices:
        raise UsageError("--mode score picks a label: it takes rows of the form classification.")
    if task.mode == "score":
        prompt_text = getattr(engine, "prompt_text", None)
        if prompt_text is None:
            raise UsageError(f"{name!r} does not score texts: measure it with --mode generate.")
        yield choosing(engine, prompt_text)
    else:
        yield asker(engine, max_tokens=task.max_tokens, seed=task.seed)


def _assistant(runtime: Runtime, name: str) -> Served | None:
    """The assistant of that name; None where a model has it."""
    try:
        runtime.models.check(name)
        return None
    except GenwrightError:
        workspace = runtime.workspace
        assistants = Assistants(workspace.database, workspace.settings, workspace.prompts_dir)
        return assistants.resolve(runtime.principal, name)


def _assistant_asker(runtime: Runtime, served: Served) -> Ask:
    settings = served.version.config.settings(runtime.settings)
    acting = runtime.acting_for(runtime.principal, settings)
    answerer: Answerer = answerer_of(acting, served)
    scope = scope_of(acting, served)

    def ask(case: Case) -> Reply:
        began = time.monotonic()
        answer = answerer.ask(case.messages[-1].content, scope=scope)
        took = time.monotonic() - began
        return Reply(answer.answer, took, took)

    return ask


def _drawn(rows: Sequence[Json], task: Task) -> list[Json]:
    import random

    if task.limit is None or task.limit >= len(rows):
        return list(rows)
    return random.Random(task.seed).sample(list(rows), task.limit)


def _others(metric: str, dataset: Dataset) -> list[str]:
    return ["macro_f1"] if dataset.form == "classification" and metric == "accuracy" else []


def _lines(path: Path, needed: Sequence[str]) -> list[Json]:
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except ValueError as error:
        raise UsageError(f"{path} holds no lines of JSON: {error}.") from error
    if missing := [key for key in needed if any(key not in row for row in rows)]:
        raise UsageError(f"Each line of {path} needs {', '.join(needed)}; {missing[0]} is missing.")
    return rows
