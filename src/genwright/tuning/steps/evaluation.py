"""Step seven: the tuned model on the test part, against its base and the live version.

What is measured is what will be served: the files as they were written, by the engine that runs
them, through the chat template.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from genwright.datasets import Splits
from genwright.engines import Engine
from genwright.errors import GenwrightError, NotFound
from genwright.evaluation.cases import make_cases
from genwright.evaluation.intervals import ConfidenceInterval
from genwright.evaluation.jobs.baselines import score_few_shot, score_majority, score_zero_shot
from genwright.evaluation.paired import Difference, compare_cases
from genwright.evaluation.tasks import (
    TaskReport,
    evaluate_task,
    make_engine_asker,
    split_wins_and_losses,
)
from genwright.export.saving import SavedWeights
from genwright.models.bases import BaseModel
from genwright.models.trained import open_trained
from genwright.registry import VersionFacts
from genwright.runtime import Runtime
from genwright.tuning.config import TuneConfig
from genwright.tuning.measurement import hide_adapter, measure_token_losses, perplexity
from genwright.tuning.objectives import objectives
from genwright.tuning.steps.preference_evaluation import evaluate_online, evaluate_preferences
from genwright.tuning.steps.results import TuneEvaluation
from genwright.types import Json

LOSS_ROWS = 40
"""Rows that the losses of quantised files are measured on."""


def evaluate(
    runtime: Runtime,
    config: TuneConfig,
    model: Any,
    base: BaseModel,
    parts: Splits,
    saved: SavedWeights,
    facts: VersionFacts,
    *,
    name: str,
    examples: Sequence[Json],
    pad: int,
) -> TuneEvaluation:
    """Measure what was saved.

    Args:
        runtime: What the tuning works with.
        config: What was asked for.
        model: The trained model in this process.
        base: What it started from.
        parts: The data.
        saved: The files.
        facts: What is known of them.
        name: Of the model in the registry.
        examples: Of the test part.
        pad: Id of the token to fill with.
    """
    objective = objectives.get(config.objective)
    rows = list(parts.test.rows)[: config.test_rows or None]
    chosen = config.metrics or objective.metrics
    metrics = [each for each in chosen if _is_available(each)]
    found = TuneEvaluation(metric=metrics[0])
    if not rows:
        return found
    if objective.measured_by == "rewards":
        opened = open_trained(saved.folder, facts, base, runtime.settings.engine, "the tuned model")
        return evaluate_online(runtime, config, base, rows, opened, found)
    if objective.measured_by == "preferences":
        return evaluate_preferences(config, model, examples[: len(rows)], pad, found)
    if config.objective in ("generation", "summarization"):
        _measure_losses(model, examples[: len(rows)], pad, found, saved.kind == "adapter")
    model.to("cpu")
    cases = make_cases(rows, config.objective)

    def report(engine: Engine, what: str) -> TaskReport:
        def report_progress(done: int, total: int, said: str) -> None:
            runtime.progress(done, total, f"{what}: {said}")

        ask = make_engine_asker(engine, max_tokens=config.max_new_tokens, seed=config.train.seed)
        return evaluate_task(
            cases, ask, metrics, at_once=engine.batch_size, progress=report_progress
        )

    with ExitStack() as stack:
        tuned = stack.enter_context(
            open_trained(saved.folder, facts, base, runtime.settings.engine, "the tuned model")
        )
        mine = report(tuned, "tuned")
        found.test |= mine.metrics
        found.slices, found.speed = mine.json(cases=False)["slices"], mine.speed
        found.cases = mine.cases
        if theirs := _evaluate_base(runtime, config, base, facts, tuned, stack, report):
            found.base |= theirs.metrics
            found.against["base"] = _compare_paired(mine, theirs, found.metric)
            found.won, found.lost = split_wins_and_losses(mine, theirs, found.metric)
        if live := _evaluate_live(runtime, name, report):
            found.live |= live.metrics
            found.against["live"] = _compare_paired(mine, live, found.metric)
    if config.objective == "classification":
        found.base |= _measure_untrained(runtime, parts, rows, facts)
    if saved.kind == "model" and saved.engine == "llamacpp":
        found.losses = measure_quantization_losses(runtime, saved.folder, cases[:LOSS_ROWS])
    return found


def measure_quantization_losses(runtime: Runtime, folder: Path, cases: Sequence[Any]) -> Json:
    """Perplexity of the references of some cases under each GGUF file of a folder."""
    from genwright.engines.llamacpp.engine import LlamaCppEngine
    from genwright.evaluation.reply_losses import measure_reply_losses

    found: Json = {}
    for path in sorted(folder.glob("model-*.gguf")):
        with LlamaCppEngine(path, runtime.settings.engine, name=path.stem) as engine:
            kind = path.stem.removeprefix("model-")
            found[kind] = {
                "perplexity": perplexity(measure_reply_losses(engine, cases)).json(),
                "bytes": path.stat().st_size,
            }
    return found


def _measure_losses(
    model: Any, examples: Sequence[Json], pad: int, found: TuneEvaluation, adapted: bool
) -> None:
    found.test["perplexity"] = perplexity(measure_token_losses(model, examples, pad))
    if adapted:  # what was merged cannot be switched off any more
        with hide_adapter(model):
            found.base["perplexity"] = perplexity(measure_token_losses(model, examples, pad))


def _evaluate_base(
    runtime: Runtime,
    config: TuneConfig,
    base: BaseModel,
    facts: VersionFacts,
    tuned: Engine,
    stack: ExitStack,
    report: Any,
) -> TaskReport | None:
    """The base on the same rows; None where it has no head for them."""
    if config.objective not in ("generation", "summarization") or not config.baseline:
        return None
    from genwright.engines.llamacpp.engine import LlamaCppEngine
    from genwright.engines.transformers.engine import TransformersEngine
    from genwright.engines.transformers.loading import Weights

    engine: Engine
    if isinstance(tuned, LlamaCppEngine) and facts.kind == "adapter":
        engine = tuned.copy_without_adapter()
    elif base.gguf is not None:
        engine = stack.enter_context(
            LlamaCppEngine(base.gguf, runtime.settings.engine, name=base.name)
        )
    else:
        weights = Weights(str(base.folder), config.objective)
        engine = stack.enter_context(
            TransformersEngine(
                weights, runtime.settings.engine, name=base.name, context=base.context
            )
        )
    return report(engine, "base")


def _evaluate_live(runtime: Runtime, name: str, report: Any) -> TaskReport | None:
    try:
        live = runtime.versions.resolve(runtime.principal, name)
    except NotFound:
        return None
    return report(runtime.models.get_engine(live.serving_name), f"live ({live.label})")


def _measure_untrained(
    runtime: Runtime, parts: Splits, rows: Sequence[Json], facts: VersionFacts
) -> dict[str, ConfidenceInterval]:
    """What can be done without training: the commonest class, and the nearest."""
    train = parts.train.rows
    found = {"accuracy_majority": score_majority(train, rows)}
    if runtime.settings.embedding.model != "hashing":  # whose vectors know no meaning
        try:
            embed = runtime.models.embedder.embed_queries
            found["accuracy_zero_shot"] = score_zero_shot(facts.labels, rows, embed)
            found["accuracy_few_shot_8"] = score_few_shot(train, rows, embed, 8)
        except GenwrightError as error:  # no embedder is here
            runtime.progress(0, 0, f"without figures of the nearest class: {error}")
    found["accuracy"] = max(found.values(), key=lambda each: each.value)
    return found


def _compare_paired(mine: TaskReport, other: TaskReport, metric: str) -> Difference:
    return compare_cases(mine.list_values(metric), other.list_values(metric))


def _is_available(metric: str) -> bool:
    """Whether the library that a measure needs is there."""
    if metric not in ("bleu", "chrf"):
        return True
    from importlib.util import find_spec

    return find_spec("sacrebleu") is not None
