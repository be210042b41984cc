"""Figures of a classifier of intents, out of logits of rows that it did not see."""

import numpy as np

from genwright.answers.understanding.intent import (
    KINDS,
    LEAST_FOLLOW_UP,
    LEAST_SPECIAL,
    SPECIAL,
    choose_kinds,
)
from genwright.types import Vectors

BINS = 10


def figure_kinds(logits: Vectors, kinds: Vectors) -> dict:
    """Accuracy, macro F1, calibration, confusion, and how special kinds fare at their threshold."""
    scores = logits[:, :-1] - np.logaddexp.reduce(logits[:, :-1], axis=1, keepdims=True)
    best, probabilities = scores.argmax(axis=1), np.exp(scores)
    confusion = np.zeros((len(KINDS), len(KINDS)), dtype=int)
    np.add.at(confusion, (kinds, best), 1)
    right = confusion.diagonal()
    f1 = 2 * right / np.maximum(1, confusion.sum(axis=0) + confusion.sum(axis=1))
    return {
        "rows": len(kinds),
        "accuracy": round(float((best == kinds).mean()), 3),
        "macro_f1": round(float(f1.mean()), 3),
        "log_loss": round(float(-scores[np.arange(len(kinds)), kinds].mean()), 3),
        "ece": round(expect_error(probabilities.max(axis=1), best == kinds), 3),
        "f1": {kind: round(float(each), 3) for kind, each in zip(KINDS, f1, strict=True)},
        "confusion": confusion.tolist(),
        "decided": figure_decisions(probabilities, kinds),
    }


def figure_decisions(probabilities: Vectors, kinds: Vectors) -> dict:
    """Precision and recall of each special kind as it is chosen, and ordinary rows lost to any."""
    chosen = choose_kinds(probabilities)
    ordinary = ~np.isin(kinds, [KINDS.index(each) for each in SPECIAL])
    taken = np.isin(chosen, [KINDS.index(each) for each in SPECIAL])
    found: dict = {
        "least": LEAST_SPECIAL,
        "accuracy": round(float((chosen == kinds).mean()), 3),
        "ordinary_taken_for_special": round(float(taken[ordinary].mean()), 4),
        "special_precision": round(float((chosen == kinds)[taken].mean()), 3),
    }
    for place, kind in enumerate(KINDS):
        if kind in SPECIAL:
            hits = int(((chosen == place) & (kinds == place)).sum())
            precision = hits / max(1, int((chosen == place).sum()))
            recall = hits / max(1, int((kinds == place).sum()))
            found[kind] = {"precision": round(precision, 3), "recall": round(recall, 3)}
    return found


def figure_follow_ups(logits: Vectors, follow: Vectors, languages: Vectors) -> dict:
    """Precision, recall, F1 and calibration of the head for follow-ups; recall by language."""
    probabilities = 1 / (1 + np.exp(-logits))
    said = probabilities >= LEAST_FOLLOW_UP
    hits = int((said & follow).sum())
    precision, recall = hits / max(1, int(said.sum())), hits / max(1, int(follow.sum()))
    sure = np.maximum(probabilities, 1 - probabilities)
    names = sorted(set(languages[follow].tolist()))
    return {
        "rows": len(follow),
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(2 * precision * recall / max(1e-9, precision + recall), 3),
        "ece": round(expect_error(sure, said == follow), 3),
        "recall_by_language": {
            name: round(float(said[follow & (languages == name)].mean()), 2) for name in names
        },
    }


def expect_error(sure: Vectors, right: Vectors) -> float:
    """Expected calibration error over ten equal bins (Naeini et al. 2015), 0 at best."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(float(sure[bins == each].mean()) - float(right[bins == each].mean()))
            * float((bins == each).mean()) for each in np.unique(bins)]  # fmt: skip
    return float(sum(gaps))
