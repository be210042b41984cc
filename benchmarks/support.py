"""Fits the check by meaning, and judges it on sets that the fit never saw.

    python benchmarks/support.py --data DIR [--models DIR] [--rows N] [--cache FILE] [--write]

The claims of each set are read with the shipped reader as ``genwright.grounding.meaning`` does it.
A logistic regression over what is seen is fitted on all sets but one and judged on that one, set
by set: these are the figures. ``--write`` then stores the one fitted on all of them, with the
figures, in ``src/genwright/grounding/support.json``. Every set and label weighs the same, so 0.5
is where both kinds of mistake cost alike. Run it after every change of the checker.
"""

import argparse
import hashlib
import json
import pickle
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fitting import area, calibration_error

from genwright.embeddings import open_embedder
from genwright.evaluation.suites.claims import ClaimCase, draw_cases, read_claim_sets
from genwright.grounding import meaning
from genwright.grounding.calibration import LogisticRegression
from genwright.grounding.claims import make_hit, split_claims
from genwright.grounding.reading import BASE, CHECKER, open_reader

ROOT = Path(__file__).parent.parent
RIDGE, STEPS, ROUNDS = 0.02, 30, 3


@dataclass
class SeenCase:
    """A text as the check sees it: for each claim the features of its candidates; none: a copy."""

    claims: list[np.ndarray]
    supported: bool
    seconds: float


def main() -> None:
    """Read, fit, judge, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/17-groundedness")
    parser.add_argument("--models", type=Path, default=ROOT / ".models")
    parser.add_argument("--rows", type=int, default=60, help="of each set")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="keeps what the reader saw")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    seen = read_all(given)
    about = judge_each(seen)
    print(json.dumps(about, indent=1))
    if given.write:
        model = fit_all(list(seen.values()))
        content = {
            "about": about
            | {
                "checker": digest(CHECKER),
                "fitted on": "all of the sets above, after they were judged",
            },
            "weights": [round(each, 5) for each in model.weights],
            "bias": round(model.bias, 5),
        }
        target = ROOT / "src/genwright/grounding/support.json"
        target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def digest(file: Path) -> str:
    """Of a shipped file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def read_all(given: argparse.Namespace) -> dict[str, list[SeenCase]]:
    """What the check sees of each set; taken from the cache where that is of this reader."""
    key = (digest(CHECKER), given.rows)
    known: dict[str, list[SeenCase]] = {}
    if given.cache and given.cache.is_file():
        held, found = pickle.loads(given.cache.read_bytes())
        known = found if held == key else {}
    folder = given.models / BASE
    embedder = open_embedder(folder, name=BASE, threads=given.threads, batch_tokens=4096)
    pairs = open_reader(folder, given.threads)
    for each in read_claim_sets(given.data):
        if each.name not in known:
            cases = draw_cases(each, given.rows)
            known[each.name] = [see(case, embedder, pairs) for case in cases]
            if given.cache:
                given.cache.write_bytes(pickle.dumps((key, known)))
        rows = known[each.name]
        scores = np.array(
            [min((c[:, 0].max() for c in row.claims if len(c)), default=9.0) for row in rows]
        )
        print(
            f"{each.name:<20} {len(rows)} rows, AUC of the reader alone "
            f"{area(scores, np.array([row.supported for row in rows])):.3f}",
            flush=True,
        )
    embedder.close()
    return known


def see(case: ClaimCase, embedder, pairs) -> SeenCase:
    """One row."""
    began = time.perf_counter()
    check = meaning.MeaningCheck(case.question, [make_hit(case.source)], embedder, pairs)
    claims = [
        np.array([each.features for each in check.list_candidates(claim, {})])
        if not check._find_copy(claim)
        else np.empty((0, 0))
        for claim in split_claims(case.claim)
    ]
    return SeenCase(claims, case.supported, (time.perf_counter() - began) / len(claims))


def judge_each(seen: dict[str, list[SeenCase]]) -> dict[str, object]:
    """Each set by the model that is fitted on the others."""
    figures, pooled = {}, []
    for name, rows in seen.items():
        model = fit_all([other for key, other in seen.items() if key != name])
        chances = np.array([score(row, model) for row in rows])
        figures[name] = describe(chances, rows)
        pooled += zip(chances, (row.supported for row in rows), strict=True)
    mean = {
        key: round(float(np.mean([each[key] for each in figures.values()])), 3)
        for key in ("balanced_accuracy", "auc", "passing")
    }
    chances, labels = (np.array(each) for each in zip(*pooled, strict=True))
    mean["calibration_error"] = round(calibration_error(chances, labels), 3)
    return {"left one set out": figures, "mean": mean, "at": 0.5}


def describe(chances: np.ndarray, rows: list[SeenCase]) -> dict[str, float]:
    """The figures of one set."""
    labels, said = np.array([row.supported for row in rows]), chances >= 0.5
    right, kept = float(said[labels].mean()), float((~said[~labels]).mean())
    return {
        "rows": len(rows), "balanced_accuracy": round((right + kept) / 2, 3),
        "auc": round(area(chances, labels), 3), "passing": round(right, 3),
        "seconds": round(float(np.median([row.seconds for row in rows])), 3),
    }  # fmt: skip


def score(row: SeenCase, model: LogisticRegression) -> float:
    """A text is supported as far as its weakest claim is."""
    return min(
        float(meaning.cap(c, model.predict_probability(c)).max()) if len(c) else 1.0
        for c in row.claims
    )


def decisive(row: SeenCase, model: LogisticRegression) -> np.ndarray | None:
    """Features of the best candidate of the weakest claim."""
    best = [c[int(np.argmax(model.predict_probability(c)))] for c in row.claims if len(c)]
    if not best:
        return None
    return best[int(np.argmin(model.predict_probability(np.array(best))))]


def fit_all(sets: list[list[SeenCase]]) -> LogisticRegression:
    """Every set weighs the same, and so do both labels within it."""
    width = next(c.shape[1] for row in sets[0] for c in row.claims if len(c))
    model = LogisticRegression((1.0, *[0.0] * (width - 1)), 0.0)
    for _ in range(ROUNDS):
        x, y, weight = [], [], []
        for rows in sets:
            found = [(d, row.supported) for row in rows if (d := decisive(row, model)) is not None]
            labels = np.array([label for _, label in found])
            x += [each for each, _ in found]
            y += [*labels]
            weight += [1 / max(1, int((labels == label).sum())) for label in labels]
        model = fit_weighted(np.array(x), np.array(y, float), np.array(weight) / len(sets) / 2)
    return model


def fit_weighted(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, ridge: float = RIDGE
) -> LogisticRegression:
    """Newton's method on standardised features; weights of rows sum to 1."""
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1
    z = np.hstack([(x - centre) / scale, np.ones((len(x), 1))])
    penalty = np.diag([ridge] * x.shape[1] + [0.0])
    beta = np.zeros(z.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(z @ beta, -30, 30)))
        gradient = z.T @ (weight * (p - y)) + penalty @ beta
        step = np.linalg.solve(
            (z * (weight * p * (1 - p))[:, None]).T @ z + penalty + 1e-9 * np.eye(len(beta)),
            gradient,
        )
        beta -= step
        if np.abs(step).max() < 1e-7:
            break
    weights = beta[:-1] / scale
    return LogisticRegression(tuple(map(float, weights)), float(beta[-1] - weights @ centre))


if __name__ == "__main__":
    main()
