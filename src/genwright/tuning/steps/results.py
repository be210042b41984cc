"""What the steps of a tuning come to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from genwright.evaluation.intervals import ConfidenceInterval
from genwright.evaluation.paired import Difference
from genwright.runs.steps import NumberedSteps
from genwright.types import Json


@dataclass
class TuneEvaluation:
    """Measures of the tuned model, its base and the live version on the same rows."""

    metric: str
    """The main one."""
    test: dict[str, ConfidenceInterval] = field(default_factory=dict)
    base: dict[str, ConfidenceInterval] = field(default_factory=dict)
    live: dict[str, ConfidenceInterval] = field(default_factory=dict)
    against: dict[str, Difference] = field(default_factory=dict)
    """Of the main measure: tuned minus ``base``, and minus ``live``."""
    slices: Json = field(default_factory=dict)
    speed: Json = field(default_factory=dict)
    losses: Json = field(default_factory=dict)
    """Of each quantised file: perplexity of the test replies."""
    cases: Sequence[Json] = ()
    won: Sequence[Json] = ()
    lost: Sequence[Json] = ()

    def list_metrics(self) -> Json:
        """``{"test": {metric: {"value", "low", "high"}}, "base": …}``."""
        tables = {"test": self.test, "base": self.base, "live": self.live}
        return {
            name: {metric: each.json() for metric, each in table.items()}
            for name, table in tables.items()
            if table or name != "live"
        }

    def json(self) -> Json:
        """Everything but the cases."""
        return {
            **self.list_metrics(),
            "metric": self.metric,
            "against": {name: each.json() for name, each in self.against.items()},
            "slices": self.slices,
            "speed": self.speed,
            "losses": self.losses,
            "won": list(self.won),
            "lost": list(self.lost),
        }

    @classmethod
    def from_json(cls, values: Json, cases: Sequence[Json] = ()) -> Self:
        """What ``json`` gave, and the cases beside it."""
        kept = {name: values[name] for name in ("metric", "slices", "speed", "losses")}
        return cls(
            **kept,
            test=_read_intervals(values["test"]),
            base=_read_intervals(values["base"]),
            live=_read_intervals(values.get("live", {})),
            against={name: Difference.from_json(each) for name, each in values["against"].items()},
            cases=cases,
            won=values["won"],
            lost=values["lost"],
        )


@dataclass(frozen=True)
class TuneResult:
    """What came of a tuning."""

    run: int
    version: str
    """Such as ``toolcalls@3``; empty where it was stopped before."""
    served_as: str
    """What the API calls it."""
    method: str
    metrics: Json
    seconds: float
    peak_mb: float
    tokens_per_second: float
    status: str = "done"
    steps: Sequence[Json] = ()

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def _read_intervals(table: Json) -> dict[str, ConfidenceInterval]:
    return {metric: ConfidenceInterval.from_json(each) for metric, each in table.items()}


def read_tune_result(run: int, method: str, state: Json, names: tuple[str, ...]) -> TuneResult:
    """What a tuning has come to, as far as its steps are done.

    Args:
        run: Its id.
        method: What is trained.
        state: What its steps came to.
        names: Of the steps, in the order of their numbers.
    """
    deployed, trained = state.get("deployment", {}), state.get("training", {})
    evaluated = state.get("evaluation", {})
    tables = ("test", "base", "live")
    return TuneResult(
        run=run,
        version=deployed.get("version", ""),
        served_as=deployed.get("served_as", ""),
        method=method,
        metrics={name: evaluated[name] for name in tables if name in evaluated},
        seconds=trained.get("seconds", 0.0),
        peak_mb=trained.get("peak_mb", 0.0),
        tokens_per_second=trained.get("tokens_per_second", 0.0),
        status="done" if deployed else "stopped",
        steps=NumberedSteps(names).write(state)["steps"],
    )
