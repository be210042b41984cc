"""Train the classifier of intents, measure it on held-back groups, and write its weights.

    python -m benchmarks.intents.train E5_FOLDER READER_TRAINING_FOLDER --cache vectors.npz

E5_FOLDER is the pulled multilingual-e5-small;
READER_TRAINING_FOLDER the public question sets as ``*.jsonl.gz``, of which questions are read.
Prints its figures as JSON. Needs scikit-learn.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.intents.embedded import embed_requests
from benchmarks.intents.figures import figure_follow_ups, figure_kinds
from benchmarks.intents.rows import Request, read_public, read_requests
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array, issparse
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from genwright.answers.understanding.intent import (
    KINDS,
    TRAINED_WITH,
    WEIGHTS,
    average_kinds,
    count_ngrams,
)
from genwright.types import Vectors

FOLDS = 5
STRENGTHS = {"vectors": 60.0, "ngrams": 20.0}
"""Inverse of the L2 penalty, of the best by log loss on held-back groups."""


@dataclass(frozen=True)
class Trained:
    """Logits are ``features @ weights + biases``; the last column is for follow-ups."""

    weights: Vectors
    biases: Vectors

    def score(self, features: Vectors) -> Vectors:
        """Logits, (n, 11)."""
        return features @ self.weights + self.biases


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("public", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("intent-vectors.npz"))
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    parser.add_argument("--strengths", action="store_true", help="try strengths of the penalty")
    options = parser.parse_args()
    requests = read_requests() + read_public(options.public)
    texts = [each.text for each in requests]
    vectors = embed_requests(texts, options.model, options.cache)
    spaces = {
        "vectors": vectors,
        "ngrams": csr_array(np.stack([count_ngrams(text) for text in texts]).astype(np.float64)),
    }
    if options.strengths:
        try_strengths(spaces, requests)
        return
    results = {name: measure(found, requests, name) for name, found in spaces.items()}
    heat, results["mean"] = measure_mean(spaces, requests)
    kept = {
        "heat": np.array(heat),
        "about": np.array(json.dumps(describe_rows(requests) | {"figures": results})),
    }
    for space, features in spaces.items():
        trained = train(features, requests, STRENGTHS[space])
        kept |= quantize(trained, results[space]["temperatures"], space)
    np.savez_compressed(options.output, **kept)
    print(json.dumps(results, indent=1, ensure_ascii=False))
    print(describe_rows(requests), options.output.stat().st_size, "bytes")


def describe_rows(requests: Sequence[Request]) -> dict[str, object]:
    """What was learned from, in numbers."""
    return {
        "trained_with": TRAINED_WITH,
        "rows": len(requests),
        "own": sum(each.own for each in requests),
        "kinds": dict(Counter(each.kind for each in requests)),
        "languages": dict(Counter(each.language for each in requests).most_common()),
        "follow_ups": sum(each.follow_up for each in requests),
    }


def train(features: Vectors, requests: Sequence[Request], strength: float) -> Trained:
    """Both heads; the mean of dense features goes into the biases, so that it is not penalized.

    A follow-up teaches its kind at half weight: alone it says little of it.
    """
    mean = np.zeros(features.shape[1]) if issparse(features) else features.mean(axis=0)
    centered = features if issparse(features) else features - mean
    kinds = np.array([KINDS.index(each.kind) for each in requests])
    follow = np.array([each.follow_up for each in requests])
    weight = np.where(follow, 0.5, 1.0)
    classes = LogisticRegression(C=strength, max_iter=150).fit(centered, kinds, weight)
    sigmoid = LogisticRegression(C=strength, max_iter=150).fit(centered, follow)
    weights = np.vstack([classes.coef_, sigmoid.coef_]).T
    biases = np.concatenate([classes.intercept_, sigmoid.intercept_]) - mean @ weights
    return Trained(weights, biases)


def split(requests: Sequence[Request]) -> list[tuple[Vectors, Vectors]]:
    """Rows to learn from and held-back ones, five times; a domain or template is never in both."""
    kinds = [each.kind for each in requests]
    groups = [each.group for each in requests]
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    return list(folds.split(np.zeros(len(requests)), kinds, groups))


def score_held_back(
    features: Vectors, requests: Sequence[Request], strength: float, language: str = ""
) -> tuple[Vectors, Vectors]:
    """Logits of every row by heads that did not see its group, and its fold.

    With a language only rows in it are learned from.
    """
    logits, folds = np.zeros((len(requests), len(KINDS) + 1)), np.zeros(len(requests), dtype=int)
    for number, (seen, held) in enumerate(split(requests)):
        rows = [row for row in seen if not language or requests[row].language == language]
        trained = train(features[rows], [requests[row] for row in rows], strength)
        logits[held], folds[held] = trained.score(features[held]), number
    return logits, folds


def calibrate(logits: Vectors, folds: Vectors, kinds: Vectors, follow: Vectors) -> Vectors:
    """Logits, those of each fold over the temperatures of the others."""
    calibrated = np.zeros_like(logits)
    for fold in range(FOLDS):
        here, others = folds == fold, folds != fold
        warmth = fit_temperatures(logits[others], kinds[others], follow[others])
        calibrated[here] = logits[here] / warmth
    return calibrated


def measure_mean(spaces: dict[str, Vectors], requests: Sequence[Request]) -> tuple[float, dict]:
    """The temperature of the geometric mean of both spaces, and its figures on held-back rows.

    Its follow-ups are those of the vectors.
    """
    kinds = np.array([KINDS.index(each.kind) for each in requests])
    follow = np.array([each.follow_up for each in requests])
    standing = np.array([each.own and not each.follow_up for each in requests])
    halves = []
    for name in ("vectors", "ngrams"):
        logits, folds = score_held_back(spaces[name], requests, STRENGTHS[name])
        logits = calibrate(logits, folds, kinds, follow)
        halves.append(softmax(logits[:, :-1], axis=1))
    mean = np.column_stack([np.log(average_kinds(*halves)), np.zeros(len(requests))])
    calibrated = calibrate(mean, folds, kinds, follow)
    languages = np.array([each.language for each in requests])
    heat = round(float(fit_temperatures(mean, kinds, follow)[0]), 4)
    return heat, {
        "temperature": heat,
        "kinds": figure_kinds(calibrated[standing], kinds[standing]),
        "ece_uncalibrated": figure_kinds(mean[standing], kinds[standing])["ece"],
        "languages": accuracy_by(languages, calibrated, kinds, standing),
    }


def measure(features: Vectors, requests: Sequence[Request], name: str) -> dict:
    """Figures of held-back rows; those of kinds are over our own ones that stand alone."""
    strength = STRENGTHS[name]
    logits, folds = score_held_back(features, requests, strength)
    standing = np.array([each.own and not each.follow_up for each in requests])
    own = np.array([each.own for each in requests])
    kinds = np.array([KINDS.index(each.kind) for each in requests])
    follow = np.array([each.follow_up for each in requests])
    calibrated = calibrate(logits, folds, kinds, follow)
    languages = np.array([each.language for each in requests])
    english, _ = score_held_back(features, requests, strength, "en")
    temperatures = fit_temperatures(logits, kinds, follow)
    return {
        "temperatures": [round(float(each), 4) for each in temperatures[-2:]],
        "kinds": figure_kinds(calibrated[standing], kinds[standing]),
        "ece_uncalibrated": figure_kinds(logits[standing], kinds[standing])["ece"],
        "follow_up": figure_follow_ups(calibrated[own, -1], follow[own], languages[own]),
        "languages": accuracy_by(languages, calibrated, kinds, standing),
        "learned_from_english": accuracy_by(languages, english, kinds, standing),
    }


def accuracy_by(languages: Vectors, logits: Vectors, kinds: Vectors, rows: Vectors) -> dict:
    """Share of right kinds in each language, and in all but English."""
    right = logits[:, :-1].argmax(axis=1) == kinds
    chosen = {each: rows & (languages == each) for each in sorted(set(languages[rows].tolist()))}
    chosen["all but en"] = rows & (languages != "en")
    return {name: round(float(right[where].mean()), 3) for name, where in chosen.items()}


def fit_temperatures(logits: Vectors, kinds: Vectors, follow: Vectors) -> Vectors:
    """The divisor of each column that makes the log loss least: one for kinds, one for the rest."""

    def lose_kinds(heat: float) -> float:
        scaled = logits[:, :-1] / heat
        right = scaled[np.arange(len(kinds)), kinds]
        return float((np.logaddexp.reduce(scaled, axis=1) - right).mean())

    def lose_follow(heat: float) -> float:
        return float(np.logaddexp(0, np.where(follow, -1, 1) * logits[:, -1] / heat).mean())

    found = [minimize_scalar(each, (0.1, 5), (0.1, 5), method="bounded").x
             for each in (lose_kinds, lose_follow)]  # fmt: skip
    return np.array([found[0]] * len(KINDS) + [found[1]])


def try_strengths(spaces: dict[str, Vectors], requests: Sequence[Request]) -> None:
    """Print accuracy, macro F1 and log loss of several strengths of the penalty."""
    standing = np.array([each.own and not each.follow_up for each in requests])
    kinds = np.array([KINDS.index(each.kind) for each in requests])
    for name, features in spaces.items():
        for strength in (3, 12, 30, 60, 150):
            logits, _ = score_held_back(features, requests, strength)
            found = figure_kinds(logits[standing], kinds[standing])
            print(name, strength, *(found[each] for each in ("accuracy", "macro_f1", "log_loss")))


def quantize(trained: Trained, temperatures: Sequence[float], space: str) -> dict[str, Vectors]:
    """Weights as int8 with a scale a column; temperatures go into scales and biases."""
    heat = np.array([temperatures[0]] * len(KINDS) + [temperatures[1]])
    weights = trained.weights / heat
    scales = np.abs(weights).max(axis=0) / 127
    return {
        f"{space}_weights": np.round(weights / scales).astype(np.int8),
        f"{space}_scales": scales,
        f"{space}_biases": trained.biases / heat,
    }


if __name__ == "__main__":
    main()
