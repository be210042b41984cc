"""How far raters agree: Krippendorff's alpha, which any number of raters and gaps allow.

Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": ``1 - D_o / D_e``, disagreement
within answers over disagreement between any two values; 1 for perfect agreement, 0 for chance.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from genwright.feedback.collect import Voice
from genwright.types import Json

Distance = Callable[[float, float], float]


@dataclass(frozen=True)
class Agreement:
    """Of one kind of opinion."""

    kind: str
    raters: int
    answers: int
    """That at least two people have an opinion of."""
    alpha: float | None
    """None where no answer has two opinions, or all opinions are the same value."""
    same: float | None
    """Share of pairs of opinions on one answer that are equal."""

    def json(self) -> Json:
        """Every field, with three decimals."""
        rounded = {
            name: None if value is None else round(value, 3)
            for name, value in (("alpha", self.alpha), ("same", self.same))
        }
        return {**self.__dict__, **rounded}


def measure_rater_agreement(found: Sequence[Voice]) -> list[Agreement]:
    """Agreement in thumbs (nominal) and in ratings (interval)."""
    kinds: tuple[tuple[str, Distance], ...] = (
        ("thumb", _nominal_distance),
        ("rating", _interval_distance),
    )
    return [_measure_kind(kind, distance, found) for kind, distance in kinds]


def alpha(units: Sequence[Sequence[float]], distance: "Distance | None" = None) -> float | None:
    """Krippendorff's alpha.

    Args:
        units: Values that each unit was given; those with one value say nothing.
        distance: Between two values; squared difference by default.

    Returns:
        At most 1; None where it is not defined.

    Example:
        >>> alpha([[1, 1], [5, 5]]), alpha([[1, 5], [5, 1]])
        (1.0, -0.5)
    """
    far = distance or _interval_distance
    kept = [list(unit) for unit in units if len(unit) > 1]
    n = sum(map(len, kept))
    if n == 0:
        return None
    observed = sum(
        sum(far(a, b) for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j)
        / (len(unit) - 1)
        for unit in kept
    )
    counts = Counter(value for unit in kept for value in unit)
    expected = sum(
        counts[a] * (counts[b] - (a == b)) * far(a, b) for a in counts for b in counts
    ) / (n - 1)
    return 1 - observed / expected if expected else None


def _measure_kind(kind: str, distance: Distance, found: Sequence[Voice]) -> Agreement:
    units: dict[Hashable, list[float]] = defaultdict(list)
    raters = set()
    for voice in found:
        value = getattr(voice, kind)
        if value is not None:
            units[voice.trace_id].append(float(value))
            raters.add(voice.owner)
    several = [unit for unit in units.values() if len(unit) > 1]
    pairs = [a == b for unit in several for i, a in enumerate(unit) for b in unit[i + 1 :]]
    same = sum(pairs) / len(pairs) if pairs else None
    return Agreement(kind, len(raters), len(several), alpha(several, distance), same)


def _nominal_distance(a: float, b: float) -> float:
    return float(a != b)


def _interval_distance(a: float, b: float) -> float:
    return (a - b) ** 2
