"""The check of what a model writes, measured on claims whose truth is known, and kept as a run."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genwright.evaluation.intervals import RESAMPLES, ConfidenceInterval
from genwright.evaluation.records import keep_evaluation
from genwright.evaluation.suites.claims import ClaimCase, draw_cases, read_claim_sets
from genwright.grounding import words
from genwright.grounding.calibration import load_calibration
from genwright.grounding.claims import make_hit, split_claims
from genwright.grounding.passages import TrainedReader
from genwright.grounding.support import SupportCheck
from genwright.runtime import Runtime
from genwright.types import OWNER, Json, Principal, Progress, ignore_progress
from genwright.workspace import Workspace

ROWS = 60
"""Rows of a set by default."""


@dataclass(frozen=True)
class CheckedCase:
    """What the check says of a row."""

    supported: bool
    probability: float
    """Of the claim's weakest sentence."""
    overlap: float
    """Share of the claim's words that the source has: the floor."""
    milliseconds: tuple[float, ...]
    """Of each sentence; the first has the preparation of its source with it."""


def run_support_trial(
    workspace: Workspace,
    folder: Path,
    *,
    names: Sequence[str] = (),
    rows: int | None = ROWS,
    every: int = 1,
    seed: int = 0,
    principal: Principal = OWNER,
    progress: Progress = ignore_progress,
) -> Json:
    """Check the claims of sets and keep the run.

    Args:
        workspace: Whose models and ``answer.min_support`` are measured; keeps the run.
        folder: Holds a folder for each set: ``suites.claims``.
        names: Which sets; none for all.
        rows: At most so many of each set, drawn at random; None for all.
        every: Each so-many-th of these rows.
        seed: Of the draw.
        principal: Whose run it is.
        progress: Told of claims checked.

    Returns:
        ``{"run", "data", "results", "seconds"}``; results as ``summarize_sets``.
    """
    began = time.monotonic()
    sets = read_claim_sets(folder, names)
    chosen = {each.name: draw_cases(each, rows, seed)[::every] for each in sets}
    with (
        keep_evaluation(workspace.database, principal, "eval.support") as walk,
        Runtime(workspace, principal, progress) as runtime,
    ):
        total, done = sum(map(len, chosen.values())), 0
        checked: dict[str, list[CheckedCase]] = {name: [] for name in chosen}
        for name, cases in chosen.items():
            for case in cases:
                checked[name].append(check_case(runtime, case))
                done += 1
                progress(done, total, name)
        least = runtime.settings.answer.min_support
        results = summarize_sets(checked, least)
        trained = isinstance(runtime.models.reader, TrainedReader)
        results["check"] = "meaning" if trained else "wording"
        data: Json = {"name": folder.resolve().name, "rows": total}
        data["sets"] = {each.name: each.sha256 for each in sets}
        config: Json = {"min_support": least, "embedder": runtime.models.embedder.name}
        walk.runs.update(walk.run, config=config, data=data)
        walk.finish(results=results)
    seconds = round(time.monotonic() - began, 3)
    return {"run": walk.run, "data": data, "results": results, "seconds": seconds}


def check_case(runtime: Runtime, case: ClaimCase) -> CheckedCase:
    """Check each sentence of a claim against the whole source, as an answer's are checked."""
    reader, embedder = runtime.models.reader, runtime.models.embedder
    pairs = reader.pairs
    stops = [time.perf_counter()]
    check = SupportCheck(
        case.question, [make_hit(case.source)], embedder, load_calibration().support, pairs
    )
    least, chance = runtime.settings.answer.min_support, 1.0
    for claim in split_claims(case.claim):
        found = check.find_best(claim, {}, least)
        chance = min(chance, found.probability if found else 0.0)
        stops.append(time.perf_counter())
    spent = tuple(1000 * (end - start) for start, end in pairwise(stops))
    return CheckedCase(case.supported, chance, measure_overlap(case), spent)


def measure_overlap(case: ClaimCase) -> float:
    """Share of the claim's content words that the source has; 1 where it has none."""
    stems = set(words.extract_content(case.claim))
    return len(stems & {*words.extract_content(case.source)}) / len(stems) if stems else 1.0


def summarize_sets(checked: dict[str, list[CheckedCase]], least: float) -> Json:
    """Figures of each set, and their means.

    Args:
        checked: What the check says, by set.
        least: The probability from which a sentence passes.

    Returns:
        ``{"at", "sets", "mean", "milliseconds"}``; a set's ``balanced_accuracy`` is
        ``{"value", "low", "high"}``, the rest are numbers, None where a label has no row;
        ``milliseconds`` of a sentence are ``{"median", "p95"}``, for a set and for all.
    """
    sets = {name: _summarize(cases, least) for name, cases in checked.items() if cases}
    measures = ("auc", "overlap_auc", "passing")
    mean: Json = {name: _average([each[name] for each in sets.values()]) for name in measures}
    values = [each["balanced_accuracy"]["value"] for each in sets.values()]
    return {
        "at": least, "sets": sets, "mean": {"balanced_accuracy": _average(values), **mean},
        "milliseconds": _time(list(chain.from_iterable(checked.values()))),
    }  # fmt: skip


def _summarize(cases: Sequence[CheckedCase], least: float) -> Json:
    labels = np.array([case.supported for case in cases])
    chances = np.array([case.probability for case in cases])
    said = chances >= least
    return {
        "rows": len(cases),
        "balanced_accuracy": balance_accuracy(said, labels).json(),
        "auc": _round(measure_area(chances, labels)),
        "overlap_auc": _round(measure_area(np.array([each.overlap for each in cases]), labels)),
        "passing": _round(float(said[labels].mean()) if labels.any() else math.nan),
        "milliseconds": _time(cases),
    }


def _time(cases: Sequence[CheckedCase]) -> Json:
    spent = list(chain.from_iterable(each.milliseconds for each in cases)) or [0.0]
    median, most = np.percentile(spent, (50, 95))
    return {"median": round(float(median), 1), "p95": round(float(most), 1)}


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def _average(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return round(sum(known) / len(known), 4) if known else None


def balance_accuracy(
    said: NDArray[np.bool_], labels: NDArray[np.bool_], seed: int = 0
) -> ConfidenceInterval:
    """Mean of the shares of both labels that are judged rightly, with its bootstrap interval.

    Example:
        >>> truth = np.array([True, True, False, False])
        >>> balance_accuracy(np.array([True, False, False, False]), truth).value
        0.75
    """
    if labels.all() or not labels.any():
        return ConfidenceInterval(math.nan, math.nan, math.nan)
    dice = np.random.default_rng(seed)
    halves = [(said == labels)[labels == each].astype(float) for each in (True, False)]
    drawn = [half[dice.integers(len(half), size=(RESAMPLES, len(half)))].mean(1) for half in halves]
    low, high = np.percentile((drawn[0] + drawn[1]) / 2, (2.5, 97.5))
    return ConfidenceInterval(
        float(halves[0].mean() + halves[1].mean()) / 2, float(low), float(high)
    )


def measure_area(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: how often a true claim's score is above a false one's.

    Ties count half (Mann and Whitney 1947, doi:10.1214/aoms/1177730491); nan without both labels.

    Example:
        >>> measure_area(np.array([0.9, 0.5, 0.5]), np.array([True, True, False]))
        0.75
    """
    if labels.all() or not labels.any():
        return math.nan
    gaps = scores[labels][:, None] - scores[~labels]
    return float((gaps > 0).mean() + (gaps == 0).mean() / 2)
