"""Step six: hyper-parameters by Optuna, with trials that look bad given up early; resumable.

Akiba et al. 2019, doi:10.1145/3292500.3330701. Values by its tree-structured Parzen estimator,
pruning by the median of earlier trials at the same step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from genwright.errors import UsageError
from genwright.extras import need
from genwright.training.config import RATES
from genwright.training.job import TrainingJob
from genwright.training.trainer import fit
from genwright.tuning.config import TuneConfig
from genwright.types import Json, Progress

SHARE = 0.5
"""Of the epochs, in a trial: enough to rank learning rates."""


@dataclass(frozen=True)
class HyperparameterResult:
    """What a search came to."""

    best: Json
    """Values of the best trial."""
    loss: float
    trials: list[Json] = field(default_factory=list)

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


class HyperparameterSearch:
    """One search, in a folder of its own.

    Args:
        folder: Holds the study; a search that was interrupted goes on there.
        config: What is fixed.
        trials: How many to make in all.
        stop: Set to end after the present step.
    """

    def __init__(self, folder: Path, config: TuneConfig, trials: int, stop: Event) -> None:
        self.folder, self.config, self.trials, self.stop = folder, config, trials, stop

    def run_trials(
        self, job_of: Callable[[TuneConfig, Path], TrainingJob], progress: Progress
    ) -> HyperparameterResult:
        """Try configurations, and return the values with the lowest validation loss.

        Args:
            job_of: Makes the training of a configuration in a folder.
            progress: Told of trials.

        Raises:
            UsageError: There is no validation part to judge by, or no trial came to its end.
        """
        optuna = need("optuna", "train", "Searching hyper-parameters")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.folder.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            study_name="search",
            storage=f"sqlite:///{self.folder / 'study.db'}",
            sampler=optuna.samplers.TPESampler(seed=self.config.train.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=1),
            direction="minimize",
            load_if_exists=True,
        )

        def objective(trial: Any) -> float:
            progress(trial.number, self.trials, f"trial {trial.number + 1} of {self.trials}")
            return self._try(trial, job_of, optuna)

        ended = optuna.trial.TrialState
        done = sum(t.state in (ended.COMPLETE, ended.PRUNED) for t in study.trials)
        if done < self.trials and not self.stop.is_set():
            study.optimize(objective, n_trials=self.trials - done, catch=())
        complete = [trial for trial in study.trials if trial.state == ended.COMPLETE]
        if not complete:
            raise UsageError("No trial came to its end: raise --trials, or --time-limit.")
        best = study.best_trial
        rows = [
            {"number": t.number, "state": t.state.name.lower(), "loss": t.value, **t.params}
            for t in study.trials
        ]
        return HyperparameterResult(dict(best.params), float(best.value), rows)

    def _try(
        self, trial: Any, job_of: Callable[[TuneConfig, Path], TrainingJob], optuna: Any
    ) -> float:
        values = self._suggest_values(trial)
        config = self.apply_values(values, SHARE)
        job = job_of(config, self.folder / f"trial-{trial.number}")
        if not job.validation:
            raise UsageError("A search needs a validation part: set validation to more than 0.")
        give_up = Event()
        lowest = [float("inf")]

        def record(step: int, measured: Mapping[str, float]) -> None:
            loss = measured.get("validation_loss")
            if loss is not None:
                lowest[0] = min(lowest[0], loss)
                trial.report(loss, step)
                if trial.should_prune() or self.stop.is_set():
                    give_up.set()

        job.record, job.stop = record, give_up
        fit(job)
        _remove(job.folder)
        if give_up.is_set():
            raise optuna.TrialPruned
        return lowest[0]

    def _suggest_values(self, trial: Any) -> Json:
        rate = self.config.train.learning_rate or RATES.get(self.config.method, 5e-5)
        values: Json = {
            "learning_rate": trial.suggest_float("learning_rate", rate / 8, rate * 4, log=True)
        }
        if self.config.method == "lora":
            values["rank"] = trial.suggest_categorical("rank", [4, 8, 16, 32])
        if self.config.method in ("prompt", "prefix", "p_tuning"):
            values["num_virtual_tokens"] = trial.suggest_categorical(
                "num_virtual_tokens", [8, 20, 50]
            )
        if self.config.method == "last_layers":
            values["layers"] = trial.suggest_int("layers", 1, 6)
        return values

    def apply_values(self, values: Json, share: float = 1.0) -> TuneConfig:
        """The configuration with values of a trial in their places.

        Args:
            values: As in ``HyperparameterResult.best``.
            share: Of the epochs and minutes.
        """
        train = self.config.train.model_copy(
            update={
                "learning_rate": values["learning_rate"],
                "epochs": self.config.train.epochs * share,
                "time_limit_minutes": self.config.train.time_limit_minutes * share,
            }
        )
        options = {key: value for key, value in values.items() if key != "learning_rate"}
        if "rank" in options:  # the scale alpha / rank stays what it was
            known = self.config.options
            options["alpha"] = known.alpha / known.rank * options["rank"]
        return self.config.model_copy(
            update={"train": train, "options": self.config.options.model_copy(update=options)}
        )


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
