"""What the steps of a tuning come to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from genwright.evaluation.intervals import ConfidenceInterval
from genwright.evaluation.paired import Difference
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
