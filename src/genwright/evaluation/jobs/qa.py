"""Evaluations of models and assistants by name, kept as runs."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genwright.answers.assistants import open_assistant
from genwright.datasets import Dataset, read_dataset
from genwright.engines import Engine
from genwright.errors import GenwrightError, NotFound, UsageError
from genwright.evaluation.cases import make_cases
from genwright.evaluation.comparison import compare_models
from genwright.evaluation.jobs.baselines import make_label_questions, pick_shot_rows
from genwright.evaluation.judge import AnswerPair, judge_pairs, measure_judge_agreement
from genwright.evaluation.lm import evaluate_lm
from genwright.evaluation.records import keep_evaluation
from genwright.evaluation.tasks import (
    Ask,
    Reply,
    TaskCase,
    add_shots,
    evaluate_task,
    make_choice_asker,
    make_engine_asker,
)
from genwright.options import parse_pairs
from genwright.registry import ServedAssistant
from genwright.runtime import Runtime
from genwright.training.chat_rendering import read_messages
from genwright.types import Json

USUAL = {
    "classification": "accuracy",
    "qa": "token_f1",
    "summarization": "rouge_l",
    "messages": "token_f1",
    "prompt_completion": "token_f1",
}
"""The measure of a form, where none is named."""


@dataclass(frozen=True)
class EvaluationRequest:
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


def run_task_trial(runtime: Runtime, name: str, task: EvaluationRequest) -> Json:
    """Measure a model, a registered version or an assistant on a data set, and keep the run.

    Raises:
        NotFound: There is nothing of that name.
        UsageError: The data cannot be read, or does not fit what is asked.
    """
    dataset, cases, metric = prepare_task(task)
    about = {"model": name, "metric": metric, "shots": task.shots, "mode": task.mode}
    config = {**about, "seed": task.seed, "max_tokens": task.max_tokens}
    data = {"name": dataset.name, "sha256": dataset.sha256, "rows": len(cases)}
    with (
        keep_evaluation(runtime.database, runtime.principal, "eval.task", config, data) as walk,
        _open_asker(runtime, name, task, bool(cases[0].choices)) as ask,
    ):
        report = evaluate_task(
            cases, ask, [metric, *_list_extra_metrics(metric, dataset)], seed=task.seed,
            progress=runtime.progress,
        )  # fmt: skip
        result = {**about, **report.json()}
        walk.finish(results={key: value for key, value in result.items() if key != "cases"})
    return {"run": walk.run, "data": data, **result}


def prepare_task(task: EvaluationRequest) -> tuple[Dataset, list[TaskCase], str]:
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
        places = pick_shot_rows(rows, labels, task.shots)
        shots = [
            (case.messages[-1].content, case.references[0])
            for case in make_label_questions([rows[place] for place in places], labels)
        ]
        rows = [row for place, row in enumerate(rows) if place not in set(places)]
        cases = make_label_questions(_sample_rows(rows, task), labels)
    else:
        for row in rows[: task.shots]:
            messages = read_messages(row)
            shots.append((messages[-2].content, messages[-1].content))
        cases = make_cases(_sample_rows(rows[task.shots :], task), "generation")
    if not cases:
        raise UsageError(f"{dataset.name} has no rows left to ask after {task.shots} shots.")
    return dataset, [add_shots(case, shots) for case in cases], metric


def run_lm_trial(runtime: Runtime, name: str, file: Path, limit: int) -> Json:
    """Measure how well a model predicts a text, and keep the run."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    text = file.read_text(encoding="utf-8", errors="replace")
    data = {"name": file.name, "characters": len(text)}
    with keep_evaluation(
        runtime.database, runtime.principal, "eval.lm", {"model": name}, data
    ) as walk:
        engine = runtime.models.get_engine(name)
        report = evaluate_lm(engine, text, limit=limit, progress=runtime.progress)
        walk.finish(results=report.json())
    return {"run": walk.run, "model": name, **report.json()}


def run_bench_trial(
    runtime: Runtime, name: str, task: str, files: Path, limit: int | None, shots: int
) -> Json:
    """Measure a model on a public benchmark, and keep the run."""
    from genwright.evaluation.benchmarks.lm_eval import run_bench

    config = {"model": name, "task": task, "shots": shots}
    with keep_evaluation(runtime.database, runtime.principal, "eval.bench", config) as walk:
        engine = runtime.models.get_engine(name)
        result = run_bench(engine, task, files, limit=limit, shots=shots, progress=runtime.progress)
        data = {"name": task, "sha256": result["sha256"], "rows": result["rows"]}
        runtime.runs.update(walk.run, data=data)
        walk.finish(results=result)
    return {"run": walk.run, "model": name, **result}


def run_judge_trial(runtime: Runtime, judge: str, file: Path, humans: Path | None) -> Json:
    """Have a model judge pairs of answers, and compare it with people where they judged too.

    The file has lines of ``question``, ``a``, ``b`` and, where they are known, ``reference``; the
    people's file one of ``a``, ``b`` or ``tie`` a line, in the same order.
    """
    pairs = [
        AnswerPair(
            str(row["question"]), str(row["a"]), str(row["b"]), str(row.get("reference", ""))
        )
        for row in _read_lines(file, ("question", "a", "b"))
    ]
    words = _read_verdicts(humans) if humans is not None else []
    data = {"name": file.name, "rows": len(pairs)}
    with keep_evaluation(
        runtime.database, runtime.principal, "eval.judge", {"judge": judge}, data
    ) as walk:
        report = judge_pairs(runtime.models.get_engine(judge), pairs, runtime.progress)
        result: Json = {"judge": judge, "pairs": len(pairs), **report.json()}
        if humans is not None:
            mine = [each.verdict for each in report.judged]
            result["humans"] = measure_judge_agreement(mine, words)  # type: ignore[arg-type]
        walk.finish(results=result)
    return {"run": walk.run, **result}


def _read_verdicts(file: Path) -> list[str]:
    """What people said of each pair: a, b or tie."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    words = file.read_text(encoding="utf-8").split()
    if set(words) - {"a", "b", "tie"}:
        raise UsageError(f"Expected a, b or tie in each line of {file}.")
    return words


def run_comparison(
    runtime: Runtime,
    names: Sequence[str],
    task: EvaluationRequest,
    prices: Mapping[str, tuple[float, float]],
) -> Json:
    """Measure several models on the same rows, and keep the run."""
    dataset, cases, metric = prepare_task(task)

    @contextmanager
    def open_model(name: str) -> Iterator[Engine]:
        yield runtime.models.get_engine(name)

    config = {"models": list(names), "metric": metric, "shots": task.shots}
    data = {"name": dataset.name, "sha256": dataset.sha256, "rows": len(cases)}
    with keep_evaluation(runtime.database, runtime.principal, "eval.compare", config, data) as walk:
        found = compare_models(
            names, open_model, cases, metric, prices=prices, max_tokens=task.max_tokens,
            progress=runtime.progress,
        )  # fmt: skip
        walk.finish(results=found.json())
    return {"run": walk.run, "data": data, **found.json()}


@contextmanager
def _open_asker(
    runtime: Runtime, name: str, task: EvaluationRequest, has_choices: bool
) -> Iterator[Ask]:
    """A model or an assistant, as what is asked."""
    served = _find_assistant(runtime, name)
    if served is not None:
        yield _make_assistant_asker(runtime, served)
        return
    engine = runtime.models.get_engine(name)
    if task.mode == "score" and not has_choices:
        raise UsageError("--mode score picks a label: it takes rows of the form classification.")
    if task.mode == "score":
        yield make_choice_asker(engine, engine.render_prompt)
    else:
        yield make_engine_asker(engine, max_tokens=task.max_tokens, seed=task.seed)


def _find_assistant(runtime: Runtime, name: str) -> ServedAssistant | None:
    """The assistant of that name; None where a model has it."""
    try:
        runtime.models.check(name)
        return None
    except GenwrightError:
        return runtime.assistants.resolve(runtime.principal, name)


def _make_assistant_asker(runtime: Runtime, served: ServedAssistant) -> Ask:
    opened = open_assistant(runtime, served)

    def ask(case: TaskCase) -> Reply:
        began = time.monotonic()
        answer = opened.ask(case.messages[-1].content)
        took = time.monotonic() - began
        return Reply(answer.answer, took, took)

    return ask


def _sample_rows(rows: Sequence[Json], task: EvaluationRequest) -> list[Json]:
    import random

    if task.limit is None or task.limit >= len(rows):
        return list(rows)
    return random.Random(task.seed).sample(list(rows), task.limit)


def _list_extra_metrics(metric: str, dataset: Dataset) -> list[str]:
    return ["macro_f1"] if dataset.form == "classification" and metric == "accuracy" else []


def _read_lines(path: Path, needed: Sequence[str]) -> list[Json]:
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except ValueError as error:
        raise UsageError(f"{path} is not valid JSON Lines: {error}.") from error
    if missing := [key for key in needed if any(key not in row for row in rows)]:
        raise UsageError(f"Each line of {path} needs {', '.join(needed)}; {missing[0]} is missing.")
    return rows
