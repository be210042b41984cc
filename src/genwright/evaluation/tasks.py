"""A data set and a measure: ask a model every row, and report with intervals.

The model comes in as a function, so that an engine, an assistant or a server's model is measured
alike. Several rows are asked at once where the model can work on several.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling
from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean
from genwright.evaluation.machine import describe_machine
from genwright.evaluation.metrics.table import Metric, find_metric
from genwright.types import Json, Progress, ignore_progress

SLICES = 4
"""Groups of equal size by length of the question."""
EXAMPLES = 10


@dataclass(frozen=True)
class TaskCase:
    """One question with what its answer may be."""

    messages: tuple[ChatMessage, ...]
    references: tuple[str, ...]
    slice: str = ""
    """A group that it is reported in, such as its label."""
    row: int = 0
    choices: tuple[str, ...] = ()
    """What the answer must be one of; empty for any text."""


@dataclass(frozen=True)
class Reply:
    """What a model said, and what it cost."""

    text: str
    seconds: float
    first_seconds: float
    """Until the first piece."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


Ask = Callable[[TaskCase], Reply]


@dataclass(frozen=True)
class TaskReport:
    """Replies to all cases, and what they are worth."""

    metrics: Mapping[str, ConfidenceInterval]
    cases: Sequence[Json]
    """``{"row", "slice", "question", "reply", "references", "values"}`` of each."""
    slices: Mapping[str, Mapping[str, ConfidenceInterval]]
    """By group: the main metric, and others."""
    seconds: float
    speed: Json = field(default_factory=dict)

    def list_values(self, metric: str) -> list[float]:
        """A measure's value of each case."""
        return [float(case["values"][metric]) for case in self.cases]

    def json(self, cases: bool = True) -> Json:
        """Everything, with or without the cases."""
        return {
            "metrics": {name: each.json() for name, each in self.metrics.items()},
            "slices": {
                name: {metric: each.json() for metric, each in row.items()}
                for name, row in self.slices.items()
            },
            "speed": self.speed,
            "seconds": round(self.seconds, 3),
            "machine": describe_machine(),
            "rows": len(self.cases),
        } | ({"cases": list(self.cases)} if cases else {})


def evaluate_task(
    cases: Sequence[TaskCase],
    ask: Ask,
    metrics: Sequence[str],
    *,
    at_once: int = 1,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> TaskReport:
    """Ask every case and measure the replies.

    Args:
        cases: Questions with references.
        ask: The model.
        metrics: Names of measures, the main one first.
        at_once: Cases that are asked at the same time.
        seed: Of the intervals.
        progress: Told of cases that are answered.

    Raises:
        UnknownName: There is no such metric.
    """
    began = time.monotonic()
    measures = [find_metric(name) for name in metrics]
    replies = _ask_cases(cases, ask, at_once, progress)
    rows = [_make_row(case, reply, measures) for case, reply in zip(cases, replies, strict=True)]
    return TaskReport(
        metrics={each.name: _aggregate_measure(each, rows, seed) for each in measures},
        cases=rows,
        slices=_measure_slices(rows, measures, seed),
        seconds=time.monotonic() - began,
        speed=_measure_speed(replies, time.monotonic() - began),
    )


def make_engine_asker(
    engine: Engine, *, max_tokens: int = 256, temperature: float = 0.0, seed: int = 0
) -> Ask:
    """An engine as what is asked; a case with choices is answered by the likeliest of them."""

    def ask(case: TaskCase) -> Reply:
        began = time.monotonic()
        sampling = Sampling(max_tokens=max_tokens, temperature=temperature, seed=seed)
        pieces: list[str] = []
        first, last = 0.0, None
        for delta in engine.chat(ChatRequest(case.messages, sampling)):
            if delta.text and not first:
                first = time.monotonic() - began
            pieces.append(delta.text)
            last = delta.usage or last
        took = time.monotonic() - began
        used = (last.prompt_tokens, last.completion_tokens) if last else (0, 0)
        return Reply("".join(pieces), took, first or took, *used)

    return ask


def make_choice_asker(engine: Engine, prompt_of: Callable[[Sequence[ChatMessage]], str]) -> Ask:
    """Answers with the choice that the engine finds likeliest per character of it.

    Normalised by length in bytes, as lm-eval-harness's ``acc_norm``.

    Args:
        engine: Scores texts.
        prompt_of: The prompt that a reply follows.
    """

    def ask(case: TaskCase) -> Reply:
        began = time.monotonic()
        prompt = prompt_of(case.messages)

        def score(choice: str) -> float:
            return sum(each.logprob for each in engine.score(prompt, choice)) / max(
                1, len(choice.encode())
            )

        best = max(case.choices, key=score)
        took = time.monotonic() - began
        return Reply(best, took, took)

    return ask


def add_shots(case: TaskCase, shots: Iterable[tuple[str, str]]) -> TaskCase:
    """The same case after examples of what is said and replied."""
    told: list[ChatMessage] = []
    for user, assistant in shots:
        told += [ChatMessage("user", user), ChatMessage("assistant", assistant)]
    first = [message for message in case.messages if message.role == "system"]
    rest = [message for message in case.messages if message.role != "system"]
    return TaskCase((*first, *told, *rest), case.references, case.slice, case.row, case.choices)


def split_wins_and_losses(
    mine: TaskReport, other: TaskReport, metric: str, most: int = EXAMPLES
) -> tuple[list[Json], list[Json]]:
    """Cases where one report is better than another on the same rows, and where it is worse."""
    gaps = [
        (float(a["values"][metric]) - float(b["values"][metric]), a, b)
        for a, b in zip(mine.cases, other.cases, strict=True)
    ]
    ordered = sorted(gaps, key=lambda gap: -abs(gap[0]))
    shown = [(gap, {**a, "other": b["reply"]}) for gap, a, b in ordered if gap]
    won = [case for gap, case in shown if gap > 0][:most]
    return won, [case for gap, case in shown if gap < 0][:most]


def _ask_cases(
    cases: Sequence[TaskCase], ask: Ask, at_once: int, progress: Progress
) -> list[Reply]:
    done = 0
    replies: list[Reply] = []
    with ThreadPoolExecutor(max(1, at_once)) as pool:
        for reply in pool.map(ask, cases):
            replies.append(reply)
            done += 1
            progress(done, len(cases), f"{done} of {len(cases)} rows asked")
    return replies


def _make_row(case: TaskCase, reply: Reply, measures: Sequence[Metric]) -> Json:
    return {
        "row": case.row,
        "slice": case.slice,
        "question": case.messages[-1].content if case.messages else "",
        "reply": reply.text,
        "references": list(case.references),
        "values": {
            each.name: round(each.case(reply.text, case.references), 6) for each in measures
        },
        "seconds": round(reply.seconds, 4),
    }


def _aggregate_measure(measure: Metric, rows: Sequence[Json], seed: int) -> ConfidenceInterval:
    """A measure over rows; where it is no mean, its interval is of means shifted to it."""
    mean = bootstrap_mean([float(row["values"][measure.name]) for row in rows], seed)
    if measure.whole is None or not rows:
        return mean
    return _resample_measure(measure, rows, seed)


def _resample_measure(
    measure: Metric, rows: Sequence[Json], seed: int, draws: int = 200
) -> ConfidenceInterval:
    import numpy as np

    assert measure.whole is not None
    replies = [row["reply"] for row in rows]
    references = [row["references"] for row in rows]
    value = measure.whole(replies, references)
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        places = random.integers(0, len(rows), len(rows))
        drawn.append(measure.whole([replies[i] for i in places], [references[i] for i in places]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return ConfidenceInterval(value, float(low), float(high))


def _measure_slices(
    rows: Sequence[Json], measures: Sequence[Metric], seed: int
) -> dict[str, dict[str, ConfidenceInterval]]:
    """By the rows' own groups, and by quarters of the questions' lengths."""
    groups: dict[str, list[Json]] = {}
    for row in rows:
        if row["slice"]:
            groups.setdefault(str(row["slice"]), []).append(row)
    ordered = sorted(rows, key=lambda row: len(row["question"]))
    if len(ordered) >= 4 * SLICES:
        for number in range(SLICES):
            part = ordered[number * len(ordered) // SLICES : (number + 1) * len(ordered) // SLICES]
            low, high = len(part[0]["question"]), len(part[-1]["question"])
            groups[f"length {number + 1} of {SLICES}: {low}-{high}"] = part
    main = measures[0]
    return {
        name: {main.name: bootstrap_mean([float(row["values"][main.name]) for row in part], seed),
               "rows": ConfidenceInterval(len(part), len(part), len(part))}
        for name, part in groups.items()
    }  # fmt: skip


def _measure_speed(replies: Sequence[Reply], seconds: float) -> Json:
    if not replies:
        return {}
    first = sorted(reply.first_seconds for reply in replies)
    written = sum(reply.completion_tokens for reply in replies)
    busy = sum(reply.seconds - reply.first_seconds for reply in replies)
    return {
        "first_token_p50": round(statistics.median(first), 4),
        "first_token_p95": round(first[min(len(first) - 1, int(0.95 * len(first)))], 4),
        "rows_per_second": round(len(replies) / max(seconds, 1e-9), 3),
        "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
        "completion_tokens": written,
        "tokens_per_second": round(written / busy, 2) if busy > 0 and written else None,
    }
