"""Several models on one task, side by side: quality, speed, memory, energy, cost."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from genwright.engines import Engine
from genwright.errors import UsageError
from genwright.evaluation.machine import describe_machine, read_energy_joules, read_resident_mb
from genwright.evaluation.paired import Difference, compare_all
from genwright.evaluation.tasks import TaskCase, TaskReport, evaluate_task, make_engine_asker
from genwright.types import Json, Progress, ignore_progress

Opened = Callable[[str], AbstractContextManager[Engine]]
"""Opens a model by name for as long as it is measured."""


@dataclass(frozen=True)
class ComparisonReport:
    """Reports of several models on the same cases."""

    metric: str
    reports: Mapping[str, TaskReport]
    memory_mb: Mapping[str, float | None]
    joules: Mapping[str, float | None]
    differences: Mapping[tuple[str, str], Difference]
    prices: Mapping[str, tuple[float, float]]
    """Of a million tokens read and written, by model."""

    def list_rows(self) -> list[Json]:
        """One row a model, the best first."""
        rows = [self._make_row(name, report) for name, report in self.reports.items()]
        return sorted(rows, key=lambda row: -(row["quality"]["value"] or 0))

    def json(self) -> Json:
        """Everything."""
        return {
            "metric": self.metric,
            "models": self.list_rows(),
            "differences": [
                {"a": a, "b": b, **each.json()} for (a, b), each in self.differences.items()
            ],
            "machine": describe_machine(),
        }

    def _make_row(self, name: str, report: TaskReport) -> Json:
        speed, rows = report.speed, len(report.cases)
        joules = self.joules[name]
        return {
            "model": name,
            "quality": report.metrics[self.metric].json(),
            "tokens_per_second": speed.get("tokens_per_second"),
            "first_token_p50": speed.get("first_token_p50"),
            "memory_mb": self.memory_mb[name],
            "joules_per_answer": round(joules / rows, 3) if joules is not None else None,
            "cost_per_1000": self._compute_cost(name, report),
            "like": [
                b if a == name else a
                for (a, b), each in self.differences.items()
                if name in (a, b) and not each.is_distinguishable
            ],
        }

    def _compute_cost(self, name: str, report: TaskReport) -> float | None:
        price = self.prices.get(name)
        if price is None:
            return None
        read, written = report.speed["prompt_tokens"], report.speed["completion_tokens"]
        total = read * price[0] + written * price[1]
        return round(total / 1e6 / max(1, len(report.cases)) * 1000, 4)


def compare_models(
    names: Sequence[str],
    opened: Opened,
    cases: Sequence[TaskCase],
    metric: str,
    *,
    prices: Mapping[str, tuple[float, float]] | None = None,
    max_tokens: int = 256,
    progress: Progress = ignore_progress,
) -> ComparisonReport:
    """Ask several models the same questions, one model after the other.

    Args:
        names: Of the models.
        opened: Opens one.
        cases: Questions with references.
        metric: What they are compared by.
        prices: Of a million tokens read and written, by model, where they cost money.
        max_tokens: Longest reply.
        progress: Told of questions that are answered.

    Raises:
        UsageError: There are fewer than two models, or no cases.
    """
    if len(set(names)) < 2 or not cases:
        raise UsageError("Expected at least two models and one row to compare them on.")
    reports: dict[str, TaskReport] = {}
    memory: dict[str, float | None] = {}
    joules: dict[str, float | None] = {}
    for name in dict.fromkeys(names):

        def report_progress(done: int, total: int, what: str, name: str = name) -> None:
            progress(done, total, f"{name}: {what}")

        before = read_energy_joules()
        with opened(name) as engine:
            ask = make_engine_asker(engine, max_tokens=max_tokens)
            reports[name] = evaluate_task(cases, ask, [metric], progress=report_progress)
            memory[name] = read_resident_mb(engine.process.pid if engine.process else None)
        after = read_energy_joules()
        joules[name] = after - before if after is not None and before is not None else None
    values = {name: report.list_values(metric) for name, report in reports.items()}
    return ComparisonReport(metric, reports, memory, joules, compare_all(values), prices or {})
