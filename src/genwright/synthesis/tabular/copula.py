"""Tabular rows from a fitted Gaussian copula, with measures of fidelity and of privacy.

Patki, Wedge and Veeramachaneni 2016, doi:10.1109/DSAA.2016.49: each column is mapped to normal
scores by its own distribution (a category to a random point of its share of the unit interval),
their correlations are kept, and new rows are drawn and mapped back. Values are of the same format
and within the range that was seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from genwright.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Table = Mapping[str, Sequence[str]]
"""Columns by name, values as text; empty for a missing one."""
LEAST = 20
"""Rows below which a distribution cannot be told."""
FEW = 12
"""Different numbers up to which a column of numbers counts as categories."""
_NORMAL = NormalDist()


@dataclass(frozen=True)
class TableColumn:
    """One column's own distribution."""

    name: str
    numeric: bool
    values: tuple[str, ...]
    """Categories, the commonest first; of numbers, the observed ones in order."""
    edges: tuple[float, ...]
    """Categories: right ends of their shares. Numbers: empty."""
    missing: float
    """Share of missing values."""
    places: int = 0
    """Decimal places of numbers."""

    def to_scores(self, values: Sequence[str], random: np.random.Generator) -> "Floats":
        """Normal scores of values; a missing one and a category are drawn within their share."""
        uniform = self._to_uniform(values, random)
        return np.array([_NORMAL.inv_cdf(min(max(u, 1e-6), 1 - 1e-6)) for u in uniform])

    def from_scores(self, scores: "Floats") -> list[str]:
        """Values of normal scores."""
        uniform = np.array([_NORMAL.cdf(float(score)) for score in scores])
        if self.numeric:
            return [self._format_number(float(u)) for u in uniform]
        places = np.searchsorted(np.array(self.edges), uniform, side="left")
        return [self.values[min(int(place), len(self.values) - 1)] for place in places]

    def _to_uniform(self, values: Sequence[str], random: np.random.Generator) -> "Floats":
        if not self.numeric:
            starts = (0.0, *self.edges[:-1])
            place = {value: number for number, value in enumerate(self.values)}
            spans = [(starts[place[v]], self.edges[place[v]]) for v in values]
            return np.array([random.uniform(a, b) for a, b in spans])
        known = np.array([float(v) for v in self.values])
        found = []
        for value in values:
            if value == "":
                found.append(random.uniform(0, self.missing) if self.missing else 0.5)
                continue
            low = np.searchsorted(known, float(value), side="left")
            high = np.searchsorted(known, float(value), side="right")
            share = random.uniform(low, max(high, low + 1)) / len(known)
            found.append(self.missing + (1 - self.missing) * share)
        return np.array(found)

    def _format_number(self, uniform: float) -> str:
        if uniform < self.missing:
            return ""
        share = (uniform - self.missing) / (1 - self.missing)
        known = np.array([float(v) for v in self.values])
        at = share * (len(known) - 1)
        low, high = known[int(at)], known[min(int(at) + 1, len(known) - 1)]
        return f"{low + (high - low) * (at - int(at)):.{self.places}f}"


@dataclass(frozen=True)
class Copula:
    """A fitted table: columns, and the correlation (k, k) of their normal scores."""

    columns: tuple[TableColumn, ...]
    correlation: "Floats"
    rows: int

    def sample(self, count: int, seed: int = 0) -> dict[str, list[str]]:
        """New rows, as columns."""
        random = np.random.default_rng(seed)
        values, vectors = np.linalg.eigh(self.correlation)
        root = vectors * np.sqrt(np.maximum(values, 0))
        drawn = random.standard_normal((count, len(self.columns))) @ root.T
        return {c.name: c.from_scores(drawn[:, place]) for place, c in enumerate(self.columns)}


def fit_copula(table: Table, seed: int = 0) -> Copula:
    """Fit each column, and how they hang together.

    Raises:
        UsageError: There are fewer than 20 rows, or columns of different lengths.
    """
    count = _count_fit_rows(table)
    random = np.random.default_rng(seed)
    columns = tuple(_fit_column(name, [str(v) for v in values]) for name, values in table.items())
    scores = np.stack([c.to_scores([str(v) for v in table[c.name]], random) for c in columns])
    spread = scores.std(axis=1)
    safe = np.where(spread[:, None] > 1e-9, scores, random.standard_normal(scores.shape))
    return Copula(columns, np.atleast_2d(np.corrcoef(safe)), count)


@dataclass(frozen=True)
class Fidelity:
    """How like the real table the made one is."""

    columns: dict[str, float]
    """1 less the Kolmogorov-Smirnov distance of numbers, or the total variation of categories."""
    associations: float
    """1 less the mean difference of pairwise associations (rank correlation of codes)."""
    overall: float


@dataclass(frozen=True)
class RowPrivacy:
    """How much the made rows tell of single real ones."""

    copies: int
    """Made rows that are equal to a real one."""
    copies_expected: int
    """Held-out rows that are equal to a real one: what chance gives."""
    nearer_to_train: float
    """Share of made rows that are nearer to a training row than to any held-out one; 0.5 for no
    leak (with as many rows of both)."""
    membership_auc: float
    """How well the distance to the nearest made row tells training rows from held-out ones."""
    low: float
    high: float
    """95 % interval of it; 0.5 inside means that no leak is seen."""


def measure_fidelity(real: Table, made: Table) -> Fidelity:
    """Compare a made table with the real one."""
    numeric = {name: _is_numeric([str(v) for v in values]) for name, values in real.items()}
    found = {
        name: 1
        - (_ks_distance if numeric[name] else _total_variation)(list(real[name]), list(made[name]))
        for name in real
    }
    gap = abs(_measure_association(real, real) - _measure_association(made, real))
    upper = np.triu_indices(len(real), 1)
    associations = 1 - float(gap[upper].mean()) if len(real) > 1 else 1.0
    mean = float(np.mean(list(found.values())))
    return Fidelity(found, associations, (mean + associations) / 2)


def measure_privacy(train: Table, held_out: Table, made: Table, seed: int = 0) -> RowPrivacy:
    """Nearest-record distances and a membership test.

    Args:
        train: What the model was fitted on.
        held_out: Real rows it never saw; as many are compared of both.
        made: Its rows.
        seed: Of the draw where one has more rows.

    Raises:
        UsageError: There is no held-out row.
    """
    random = np.random.default_rng(seed)
    size = min(_count_rows(train), _count_rows(held_out), 1000)
    if not size:
        raise UsageError("Expected held-out rows to compare with, got none.")
    coder = _RowEncoder(train)
    a, b = (coder.encode(_draw_rows(each, size, random)) for each in (train, held_out))
    c = coder.encode(_draw_rows(made, min(_count_rows(made), 1000), random))
    to_a, to_b = _find_nearest(c, a, coder), _find_nearest(c, b, coder)
    nearer = float((to_a < to_b).mean() + 0.5 * (to_a == to_b).mean())
    members, others = _find_nearest(a, c, coder), _find_nearest(b, c, coder)
    auc, low, high = _estimate_auc(-members, -others, random)
    known = set(_to_tuples(train))
    return RowPrivacy(
        copies=sum(row in known for row in _to_tuples(made)),
        copies_expected=sum(row in known for row in _to_tuples(held_out)),
        nearer_to_train=nearer,
        membership_auc=auc,
        low=low,
        high=high,
    )


def _count_fit_rows(table: Table) -> int:
    sizes = {len(values) for values in table.values()}
    if len(sizes) != 1:
        raise UsageError(f"Expected columns of one length, got {sorted(sizes) or 'none'}.")
    (count,) = sizes
    if count < LEAST:
        raise UsageError(f"Expected {LEAST} rows or more to fit a distribution, got {count}.")
    return count


def _fit_column(name: str, values: list[str]) -> TableColumn:
    given = [value for value in values if value != ""]
    missing = 1 - len(given) / len(values)
    if given and _is_numeric(values):
        places = max(len(v.partition(".")[2]) if "e" not in v.lower() else 6 for v in given)
        ordered = tuple(sorted(given, key=float))
        return TableColumn(name, True, ordered, (), missing, min(places, 10))
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    ordered = tuple(sorted(counts, key=lambda value: (-counts[value], value)))
    shares = np.cumsum([counts[value] for value in ordered]) / len(values)
    return TableColumn(name, False, ordered, tuple(map(float, shares)), missing)


def _is_numeric(values: Sequence[str]) -> bool:
    given = [value for value in values if value != ""]
    try:
        numbers = {float(value) for value in given}
    except ValueError:
        return False
    return len(numbers) > FEW and all(map(np.isfinite, numbers))


def _ks_distance(real: Sequence[str], made: Sequence[str]) -> float:
    a, b = (np.sort([float(v) for v in each if v != ""]) for each in (real, made))
    if not len(a) or not len(b):
        return 1.0
    points = np.concatenate([a, b])
    gaps = np.searchsorted(a, points, "right") / len(a) - np.searchsorted(b, points, "right") / len(
        b
    )
    return float(abs(gaps).max())


def _total_variation(real: Sequence[str], made: Sequence[str]) -> float:
    names = set(real) | set(made)
    return 0.5 * sum(
        abs(list(real).count(name) / len(real) - list(made).count(name) / len(made))
        for name in names
    )


def _measure_association(table: Table, like: Table) -> "Floats":
    codes = np.stack([_rank_values(list(table[name]), list(like[name])) for name in like])
    spread = codes.std(axis=1)
    found = np.zeros((len(codes), len(codes)))
    varied = np.flatnonzero(spread > 1e-9)
    if len(varied) > 1:
        found[np.ix_(varied, varied)] = np.corrcoef(codes[varied])
    return found


def _rank_values(values: Sequence[str], like: Sequence[str]) -> "Floats":
    """Ranks of numbers, or codes of categories by how common they are in the real table."""
    if _is_numeric(like):
        numbers = np.array([float(v) if v != "" else np.nan for v in values])
        numbers = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
        order = np.unique(numbers, return_inverse=True, return_counts=True)
        ends = np.cumsum(order[2])
        return np.asarray((ends - (order[2] - 1) / 2)[order[1]], float)
    names = sorted(set(like), key=lambda name: (-list(like).count(name), name))
    place = {name: number for number, name in enumerate(names)}
    return np.array([place.get(value, len(names)) for value in values], float)


class _RowEncoder:
    """Rows as numbers for Gower's distance (1971, doi:10.2307/2528823)."""

    def __init__(self, table: Table) -> None:
        self.names = list(table)
        self.numeric = np.array([_is_numeric([str(v) for v in table[n]]) for n in self.names])
        self._codes: list[dict[str, int]] = [{} for _ in self.names]
        self.width = np.ones(len(self.names))
        for place, name in enumerate(self.names):
            if self.numeric[place]:
                known = [float(v) for v in table[name] if v != ""]
                self.width[place] = max(max(known) - min(known), 1e-12)

    def encode(self, table: Table) -> "Floats":
        """(rows, columns)."""
        columns = []
        for place, name in enumerate(self.names):
            if self.numeric[place]:
                columns.append([float(v) if v != "" else -1e9 for v in table[name]])
            else:
                known = self._codes[place]
                columns.append([known.setdefault(str(v), len(known)) for v in table[name]])
        return np.array(columns, float).T


def _find_nearest(rows: "Floats", others: "Floats", coder: _RowEncoder) -> "Floats":
    """(rows,) Gower's distance to the nearest of the others."""
    found = np.empty(len(rows))
    for place, row in enumerate(rows):
        gaps = abs(others - row)
        scaled = np.where(coder.numeric, np.minimum(gaps / coder.width, 1.0), gaps > 0)
        found[place] = scaled.mean(axis=1).min()
    return found


def _estimate_auc(
    positive: "Floats", negative: "Floats", random: np.random.Generator
) -> tuple[float, float, float]:
    def auc(a: "Floats", b: "Floats") -> float:
        below = np.searchsorted(np.sort(b), a, "left") + np.searchsorted(np.sort(b), a, "right")
        return float(below.mean() / (2 * len(b)))

    again = [
        auc(random.choice(positive, len(positive)), random.choice(negative, len(negative)))
        for _ in range(500)
    ]
    low, high = np.quantile(again, [0.025, 0.975])
    return auc(positive, negative), float(low), float(high)


def _count_rows(table: Table) -> int:
    return len(next(iter(table.values()), ()))


def _draw_rows(table: Table, size: int, random: np.random.Generator) -> dict[str, list[str]]:
    chosen = random.permutation(_count_rows(table))[:size]
    return {name: [str(values[place]) for place in chosen] for name, values in table.items()}


def _to_tuples(table: Table) -> list[tuple[str, ...]]:
    return list(zip(*([str(v) for v in values] for values in table.values()), strict=True))
