"""The nine steps of a tuning, each recorded in its run as it ends.

1 base, 2 data, 3 objective, 4 strategy, 5 training, 6 search, 7 evaluation, 8 iteration,
9 deployment. A run that was stopped, or whose process died, goes on where it was.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from genwright.datasets import Splits, read_stored_dataset
from genwright.engines.transformers.loading import ENCODERS
from genwright.errors import RunStopped, UsageError
from genwright.export.saving import SavedWeights, save
from genwright.hardware import measure_free_memory
from genwright.models.bases import BaseModel
from genwright.registry import TrainedVersion, VersionFacts
from genwright.runs.mlflow import mirror
from genwright.runs.steps import NumberedSteps, StepWalk, format_resume
from genwright.runtime import Runtime
from genwright.settings import STORED
from genwright.training.config import TrainConfig
from genwright.training.job import FitResult, TrainingJob
from genwright.training.probe import plan_steps, probe
from genwright.training.trainer import fit
from genwright.tuning.config import TuneConfig
from genwright.tuning.objectives import PaddingCollator, objectives
from genwright.tuning.objectives.preferring import PairObjective, drop_reference
from genwright.tuning.steps.data import check_parts, keep_parts
from genwright.tuning.steps.evaluation import evaluate
from genwright.tuning.steps.forecast import Forecast, check_memory, forecast_memory
from genwright.tuning.steps.iteration import suggest_next_steps
from genwright.tuning.steps.publication import describe_version
from genwright.tuning.steps.results import TuneEvaluation, TuneResult, read_tune_result
from genwright.tuning.steps.search import HyperparameterSearch
from genwright.tuning.steps.suggestion import suggest
from genwright.types import Json

STEPS = (
    "base",
    "data",
    "objective",
    "strategy",
    "training",
    "search",
    "evaluation",
    "iteration",
    "deployment",
)
"""In their order; a search of hyper-parameters comes before the training that uses them."""
KIND = "tune"
RESUME = ("tune", "--resume")
"""Arguments of the program that go on with a run, before its id."""


def begin_tuning(
    runtime: Runtime, config: TuneConfig, parts: Splits, *, trials: int = 0, assistant: str = ""
) -> int:
    """Keep a run that is asked for, with its data, and return its id.

    Raises:
        UsageError: The rows are of a form that the objective cannot learn.
    """
    objective = objectives.get(config.objective)
    if parts.train.form not in objective.forms:
        raise UsageError(
            f"{config.objective} learns from rows of {', '.join(objective.forms)}; these are "
            f"{parts.train.form!r}: choose another --objective, or say --form."
        )
    kept = keep_parts(runtime.workspace, runtime.principal, parts)
    asked = {"tune": config.model_dump(mode="json"), "trials": trials, "assistant": assistant}
    return runtime.runs.begin(KIND, config.name or make_default_name(config), asked, kept)


def make_default_name(config: TuneConfig) -> str:
    """Of the model, where the person gives none."""
    base = Path(config.base).name.split("@")[0].lower()
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in base)
    return f"{kept.strip('._-')[:40]}-{config.objective.replace('_', '-')}"


def tune(runtime: Runtime, run: int) -> TuneResult:
    """Walk the nine steps of a run that was begun, or go on with one that was interrupted.

    Raises:
        NotFound: There is no such run.
        Refused: The base, the data or the machine do not allow it; the message says what to do.
    """
    return TuneRun(runtime, run).execute()


class TuneRun:
    """One run, step by step.

    Args:
        runtime: What it works with.
        run: Its id.
    """

    def __init__(self, runtime: Runtime, run: int) -> None:
        row = runtime.runs.get(run)
        self.runtime, self.run, self.name = runtime, run, row.name
        self.config = TuneConfig.model_validate(row.config["tune"], context=STORED)
        self.trials, self.assistant = int(row.config["trials"]), str(row.config["assistant"])
        self.data: Json = row.data
        self.folder = runtime.workspace.runs_dir / str(run)
        self.total = 0
        self.walk = StepWalk(
            runtime.runs, run, format_resume(RESUME, run), NumberedSteps(STEPS),
            stop=runtime.stop, progress=runtime.progress,
            saving="lower batch_size or max_length",
        )  # fmt: skip

    def execute(self) -> TuneResult:
        """All the steps; an error is kept in the run and raised on."""
        from genwright.training.quiet import silence_libraries

        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with self.walk.running(), silence_libraries():
                if "deployment" not in self.walk.state:
                    self._execute_steps()
                self.walk.finish(self.walk.state["deployment"]["version"])
        except RunStopped:
            return self._read_result()
        mirror(self.runtime.runs, self.run, self.runtime.progress)
        return self._read_result()

    def _read_result(self) -> TuneResult:
        return read_tune_result(self.run, self.config.method, self.walk.state, STEPS)

    def _execute_steps(self) -> None:
        """Walk them; what is a model in memory is made again, its training goes on by itself."""
        self.walk.begin("base")
        base = self.runtime.models.open_base(
            self.config.base, self.runtime.principal, accept_license=self.config.accept_license
        )
        self.walk.record("base", {
            "name": base.name, "family": base.family, "license": base.license,
            "digest": base.digest, "context": base.context,
        })  # fmt: skip
        parts = self._read_data(base)
        labels = self._choose_objective(parts)
        if self.trials:
            self._search(base, parts, labels)
        model, job = self._plan_strategy(base, parts, labels)
        fitted = self._train(job)
        saved, facts = self._save(model, base, parts, labels, fitted)
        evaluated = self._evaluate(model, base, parts, saved, facts)
        self.walk.once(
            "iteration",
            lambda: suggest_next_steps(self.runtime.runs, self.run, self.name, evaluated, fitted),
        )
        self.walk.once("deployment", lambda: self._deploy(saved, facts, evaluated))

    def _read_data(self, base: BaseModel) -> Splits:
        read = {
            part: read_stored_dataset(
                self.runtime.workspace.datasets_dir, each["sha256"], each["name"], each["form"]
            )
            for part, each in self.data["parts"].items()
        }
        parts = Splits(**read)
        self.walk.once("data", lambda: check_parts(self.runtime, parts, base, self.config))
        return parts

    def _choose_objective(self, parts: Splits) -> tuple[str, ...]:
        objective = objectives.get(self.config.objective)()
        chosen = self.walk.once(
            "objective",
            lambda: {
                "objective": self.config.objective,
                "labels": list(objective.find_labels(parts.train.rows)),
            },
        )
        return tuple(chosen["labels"])

    def _search(self, base: BaseModel, parts: Splits, labels: tuple[str, ...]) -> None:
        def make_trial_job(config: TuneConfig, folder: Path) -> TrainingJob:
            return self._make_job(config, base, parts, labels, folder)[1]

        search = HyperparameterSearch(
            self.folder / "search", self.config, self.trials, self.runtime.stop
        )

        def run_trials() -> Json:
            found = search.run_trials(make_trial_job, self.runtime.progress)
            if self.runtime.stop.is_set():
                raise RunStopped(f"In the search: {self.walk.resume}")
            return found.json()

        self.config = search.apply_values(self.walk.once("search", run_trials)["best"])

    def _plan_strategy(
        self, base: BaseModel, parts: Splits, labels: tuple[str, ...]
    ) -> tuple[Any, TrainingJob]:
        model, job = self._make_job(self.config, base, parts, labels, self.folder / "train")
        weights = sum(each.numel() for each in model.parameters())
        trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
        longest = max(len(each["input_ids"]) for each in job.tried or job.train)
        size = next(model.parameters()).element_size()
        forecast = forecast_memory(
            base.read_config(),
            weights,
            trained,
            widen_batches(self.config.train, job.width),
            longest,
            size,
        )
        check_memory(
            forecast, measure_free_memory() + weights * size
        )  # the weights are there already
        chosen = self.walk.once(
            "strategy", lambda: self._describe_strategy(job, forecast, base, len(parts.train))
        )
        self.total = int(chosen["steps"])
        seconds = f"{chosen['predicted']['seconds'] / 60:.1f} minutes"
        self.runtime.progress(
            0, 0, f"{trained:,} of {weights:,} weights trained; predicted {seconds} and "
            f"{forecast.memory_mb:,.0f} MB",
        )  # fmt: skip
        return model, job

    def _describe_strategy(
        self, job: TrainingJob, forecast: Forecast, base: BaseModel, rows: int
    ) -> Json:
        """Method and size of the training, with the time that a short trial predicts."""
        tried = probe(job)
        steps = plan_steps(job, tried.seconds_per_step)
        predicted = replace(forecast, seconds=round(steps * tried.seconds_per_step, 1))
        encoder = base.family in ENCODERS
        advice = suggest(
            self.config.objective, forecast.weights, rows, measure_free_memory(), encoder
        )
        return {
            "method": self.config.method, "trained_weights": forecast.trained,
            "weights": forecast.weights, "steps": steps, "predicted": predicted.json(),
            "tried": dict(tried.__dict__),
            "suggested": {"method": advice.method, "reason": advice.reason},
        }  # fmt: skip

    def _make_job(
        self,
        config: TuneConfig,
        base: BaseModel,
        parts: Splits,
        labels: tuple[str, ...],
        folder: Path,
    ) -> tuple[Any, TrainingJob]:
        """A model with its method, and the training of it."""
        from genwright.tuning.steps.preparation import prepare

        prepared = prepare(self.runtime, config, base, parts, labels)

        def record(step: int, values: Mapping[str, float]) -> None:
            if folder == self.folder / "train":
                self.runtime.runs.record(self.run, step, values)
            shown = values.get("validation_loss", values.get("loss"))
            if shown is not None:
                what = "validation loss" if "validation_loss" in values else "loss"
                self.runtime.progress(step, self.total, f"step {step}, {what} {shown:.4f}")

        job = TrainingJob(
            model=prepared.model,
            train=prepared.train,
            validation=prepared.validation,
            collate=PaddingCollator(prepared.pad),
            config=config.train,
            method=config.method,
            folder=folder,
            record=record,
            stop=self.runtime.stop,
        )
        if isinstance(prepared.objective, PairObjective):
            job = _make_preference_job(prepared.objective, config, prepared.tokenizer, job)
        self.tokenizer, self.pad, self.test = prepared.tokenizer, prepared.pad, prepared.test
        self.total = job.count_steps_at_most()
        return prepared.model, job

    def _train(self, job: TrainingJob) -> FitResult:
        self.walk.begin("training")
        fitted = fit(job)
        predicted = self.walk.state["strategy"]["predicted"]
        self.walk.record("training", {
            **fitted.json(),
            "predicted_seconds": predicted["seconds"], "predicted_mb": predicted["memory_mb"],
        })  # fmt: skip
        if fitted.status == "stopped":
            raise RunStopped(f"At step {fitted.steps}: {self.walk.resume}")
        return fitted

    def _save(
        self,
        model: Any,
        base: BaseModel,
        parts: Splits,
        labels: tuple[str, ...],
        fitted: FitResult,
    ) -> tuple[SavedWeights, VersionFacts]:
        import shutil

        drop_reference(model)
        stage = self.folder / "stage"
        shutil.rmtree(stage, ignore_errors=True)
        self.runtime.progress(0, 0, "writing the weights")
        saved = save(
            model, self.tokenizer, base, self.config.task, self.config.method,
            self.config.quantization, stage,
        )  # fmt: skip
        facts = describe_version(self.config, base, saved, fitted, parts.all(), labels)
        return saved, facts

    def _evaluate(
        self, model: Any, base: BaseModel, parts: Splits, saved: SavedWeights, facts: VersionFacts
    ) -> TuneEvaluation:
        """Measured once; the cases are in a file that is there before the step is done."""
        path = self.folder / "cases.json"

        def measure() -> Json:
            found = evaluate(
                self.runtime, self.config, model, base, parts, saved, facts,
                name=self.name, examples=self.test, pad=self.pad,
            )  # fmt: skip
            path.write_text(json.dumps(found.cases, ensure_ascii=False), encoding="utf-8")
            return found.json()

        if not path.is_file():  # an earlier version was cut off before it wrote them
            self.walk.state.pop("evaluation", None)
        measured = self.walk.once("evaluation", measure)
        cases = json.loads(path.read_text(encoding="utf-8"))
        return TuneEvaluation.from_json(measured, cases)

    def _deploy(self, saved: SavedWeights, facts: VersionFacts, evaluated: TuneEvaluation) -> Json:
        from genwright.training.watch import clear_checkpoints

        facts = facts.model_copy(
            update={"evaluation": evaluated.json(), "losses": evaluated.losses}
        )
        trained = self.runtime.versions.publish(
            self.runtime.principal, self.name, saved.folder, facts, run=self.run
        )
        candidate = self._create_candidate(trained) if self.assistant else ""
        clear_checkpoints(self.folder / "train")
        return {
            "version": trained.label, "served_as": trained.serving_name, "assistant": candidate,
            "engine": facts.engine, "notes": list(saved.notes),
        }  # fmt: skip

    def _create_candidate(self, trained: TrainedVersion) -> str:
        """A new version of an assistant that answers by the trained one."""
        from genwright.registry import Assistants

        workspace = self.runtime.workspace
        assistants = Assistants(workspace.database, workspace.settings, workspace.prompts_dir)
        changes = {"answer": {"model": trained.serving_name, "extractive": False}}
        note = f"answers by {trained.label}"
        return assistants.revise(self.runtime.principal, self.assistant, changes, note=note).label


def _make_preference_job(
    objective: PairObjective, config: TuneConfig, tokenizer: Any, job: TrainingJob
) -> TrainingJob:
    """The training of an objective that has a trainer of its own."""
    job.width = objective.width
    job.tried, job.passes = objective.make_trial_examples(list(job.train)), objective.passes
    return objective.make_job(config, tokenizer, job)


def widen_batches(config: TrainConfig, width: int) -> TrainConfig:
    """A configuration whose examples are of several sequences each."""
    return config.model_copy(update={"batch_size": config.batch_size * width})
