"""The gate: whether a candidate may take the live version's place, decided by numbers alone.

A candidate passes if it is better with confidence on the target, and not worse beyond its margin
on every guard. Better: the one-sided 95 % permutation test of paired differences (Fisher 1935;
Good 2005) rejects that they are centred at 0 or below. Several looks at growing data share the 5 %
by Lan and DeMets' spending (1983, doi:10.1093/biomet/70.3.659) of O'Brien and Fleming's kind, so
that looking often promotes nothing by chance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np

from genwright.errors import UsageError
from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean
from genwright.types import Json

ALPHA = 0.05
PERMUTATIONS = 10_000
LEAST = 8
"""Cases below which nothing is decided."""
_NORMAL = NormalDist()


@dataclass(frozen=True)
class GateTarget:
    """What a candidate must be better at: values of the same cases, higher is better."""

    name: str
    live: Sequence[float]
    candidate: Sequence[float]
    outright: bool = False
    """Whether its cases are what people asked for outright and no sample of anything: then a higher
    mean is enough, and chance has no part in it."""

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "live": list(self.live), "candidate": list(self.candidate)}


@dataclass(frozen=True)
class GateGuard:
    """What it must not be worse at.

    Raises:
        UsageError: Values are of different cases.
    """

    name: str
    live: Sequence[float]
    candidate: Sequence[float]
    margin: float
    """How much worse the mean may be; of a ratio (``ratio``) how many times as large."""
    higher_is_better: bool = True
    ratio: bool = False
    """Compare the medians as a ratio, such as seconds."""
    floor: float = 0.0
    """Medians below count as this much: nobody notices."""

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "live": list(self.live), "candidate": list(self.candidate)}

    def __post_init__(self) -> None:
        if len(self.live) != len(self.candidate):
            raise UsageError(
                f"{self.name}: expected the same cases, got {len(self.live)} of the live version "
                f"and {len(self.candidate)} of the candidate."
            )


@dataclass(frozen=True)
class GateFinding:
    """What one check came to."""

    name: str
    passed: bool
    live: float
    candidate: float
    difference: ConfidenceInterval
    limit: float
    cases: int
    reason: str

    def json(self) -> Json:
        """Every field, rounded."""
        return {
            **self.__dict__,
            "live": _round_value(self.live),
            "candidate": _round_value(self.candidate),
            "difference": self.difference.json(),
        }

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        means = {name: math.nan if values[name] is None else float(values[name])
                 for name in ("live", "candidate")}  # fmt: skip
        difference = ConfidenceInterval.from_json(values["difference"])
        return cls(**{**values, **means, "difference": difference})


@dataclass(frozen=True)
class GateDecision:
    """Whether a candidate passes, and why."""

    passed: bool
    target: GateFinding
    guards: tuple[GateFinding, ...]
    p: float
    """One-sided, of the target; 0 where it was asked for outright."""
    level: float
    """What p had to stay below at this look."""

    @property
    def findings(self) -> tuple[GateFinding, ...]:
        """The target's, then the guards'."""
        return (self.target, *self.guards)

    @property
    def reasons(self) -> list[str]:
        """Why it does not pass; empty where it does."""
        return [each.reason for each in self.findings if not each.passed]

    def json(self) -> Json:
        """Every field."""
        return {
            "passed": self.passed,
            "target": self.target.json(),
            "guards": [each.json() for each in self.guards],
            "p": round(self.p, 5),
            "level": round(self.level, 5),
            "reasons": self.reasons,
        }

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        guards = tuple(GateFinding.from_json(each) for each in values["guards"])
        target = GateFinding.from_json(values["target"])
        return cls(values["passed"], target, guards, values["p"], values["level"])


def decide(
    target: GateTarget, guards: Sequence[GateGuard], *, look: int = 1, looks: int = 1, seed: int = 0
) -> GateDecision:
    """Decide on a candidate.

    Args:
        target: What it must be better at.
        guards: What it must not be worse at.
        look: Which look at growing data this is, from 1.
        looks: How many there will be at most.
        seed: Of permutations and intervals.

    Raises:
        UsageError: The cases differ, or the look is none of them.
    """
    if len(target.live) != len(target.candidate):
        raise UsageError(
            f"{target.name}: expected the same cases, got {len(target.live)} and "
            f"{len(target.candidate)}."
        )
    level = spend_alpha(look, looks)
    better, p = _test_target(target, level, seed)
    checked = tuple(_check_guard(guard, seed) for guard in guards if len(guard.live))
    passed = better.passed and all(each.passed for each in checked)
    return GateDecision(passed, better, checked, p, level)


def spend_alpha(look: int, looks: int) -> float:
    """What p must stay below at one of several equally spaced looks; 0.05 for a single one.

    ``2 - 2 Phi(z / sqrt(t))`` of the error is spent by the share t of the data; a look may spend
    what is new since the one before.

    Example:
        >>> spend_alpha(1, 1), round(spend_alpha(1, 2), 4)
        (0.05, 0.0056)
    """
    if not 1 <= look <= looks:
        raise UsageError(f"Expected a look of 1 to {looks}, got {look}.")
    if looks == 1:
        return ALPHA

    def compute_spent(t: float) -> float:
        return 2 - 2 * _NORMAL.cdf(_NORMAL.inv_cdf(1 - ALPHA / 2) / math.sqrt(t))

    before = compute_spent((look - 1) / looks) if look > 1 else 0.0
    return compute_spent(look / looks) - before


def compute_p_value(gaps: Sequence[float], seed: int = 0) -> float:
    """How often signs drawn at random give as large a mean: the chance that it is luck."""
    values = np.asarray(gaps, float)
    told = values[values != 0]
    if not len(told):
        return 1.0
    random, observed, hits, left = np.random.default_rng(seed), told.sum() - 1e-12, 0, PERMUTATIONS
    while left:
        size = min(left, max(1, 2_000_000 // len(told)))
        signs = random.integers(0, 2, (size, len(told)), dtype=np.int8) * 2 - 1
        hits += int((signs @ told >= observed).sum())
        left -= size
    return (hits + 1) / (PERMUTATIONS + 1)


def _test_target(target: GateTarget, level: float, seed: int) -> tuple[GateFinding, float]:
    gaps = [c - a for a, c in zip(target.live, target.candidate, strict=True)]
    if target.outright:
        return _check_outright(target, gaps)
    if len(gaps) < LEAST:
        nothing = ConfidenceInterval(math.nan, math.nan, math.nan)
        why = f"{target.name}: {len(gaps)} cases decide nothing, {LEAST} are needed"
        return _make_finding(target, False, nothing, 0.0, why), 1.0
    p, found = compute_p_value(gaps, seed), bootstrap_mean(gaps, seed)
    passed = p < level and found.value > 0
    word = "better" if passed else "not better with confidence"
    why = (
        f"{target.name}: {found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}] over "
        f"{len(gaps)} cases, p {p:.4f} against {level:.4f}: {word}"
    )
    return _make_finding(target, passed, found, 0.0, why), p


def _check_outright(target: GateTarget, gaps: Sequence[float]) -> tuple[GateFinding, float]:
    gain = float(np.mean(gaps)) if len(gaps) else 0.0
    passed = gain > 0
    word = "as people asked" if passed else "nothing of what people asked for"
    why = f"{target.name}: {gain:+.3f} over {len(gaps)} cases: {word}"
    found = ConfidenceInterval(gain, gain, gain)
    return _make_finding(target, passed, found, 0.0, why), 0.0 if passed else 1.0


def _check_guard(guard: GateGuard, seed: int) -> GateFinding:
    if guard.ratio:
        return _check_ratio(guard)
    sign = 1 if guard.higher_is_better else -1
    gaps = [sign * (c - a) for a, c in zip(guard.live, guard.candidate, strict=True)]
    found = bootstrap_mean(gaps, seed)
    passed = found.value >= -guard.margin
    word = "not worse" if passed else "worse"
    why = (
        f"{guard.name}: {found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}], "
        f"{-guard.margin:+.3f} is allowed: {word}"
    )
    return _make_finding(guard, passed, found, -guard.margin, why)


def _check_ratio(guard: GateGuard) -> GateFinding:
    live, candidate = float(np.median(guard.live)), float(np.median(guard.candidate))
    least, most = max(live, guard.floor), max(candidate, guard.floor)
    ratio = most / least if least > 0 else (1.0 if most <= 0 else math.inf)
    passed = ratio <= guard.margin
    word = "not worse" if passed else "worse"
    why = f"{guard.name}: {ratio:.2f} times as much, {guard.margin:.2f} is allowed: {word}"
    return GateFinding(
        guard.name, passed, live, candidate, ConfidenceInterval(ratio, ratio, ratio), guard.margin,
        len(guard.live), why,
    )  # fmt: skip


def _make_finding(
    of: GateTarget | GateGuard,
    passed: bool,
    difference: ConfidenceInterval,
    limit: float,
    reason: str,
) -> GateFinding:
    live = float(np.mean(of.live)) if len(of.live) else math.nan
    candidate = float(np.mean(of.candidate)) if len(of.candidate) else math.nan
    return GateFinding(of.name, passed, live, candidate, difference, limit, len(of.live), reason)


def _round_value(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
