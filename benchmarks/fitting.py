"""Logistic regression by Newton's method, and the figures of a fitted one."""

import numpy as np

from genwright.grounding.calibration import LogisticRegression

RIDGE = 1.0
STEPS = 30


def fit(rows: np.ndarray, labels: np.ndarray, balanced: bool = False) -> LogisticRegression:
    """Fit weights with a small L2 penalty on standardised features.

    Args:
        rows: Shape (n, features).
        labels: True or false, shape (n,).
        balanced: Weigh both labels alike, whatever their numbers.
    """
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale == 0] = 1
    x = np.hstack([(rows - centre) / scale, np.ones((len(rows), 1))])
    y = labels.astype(float)
    share = y.mean()
    weight = np.where(labels, 0.5 / share, 0.5 / (1 - share)) if balanced else np.ones(len(y))
    penalty = np.diag([RIDGE] * rows.shape[1] + [0.0])
    beta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (p - y)) + penalty @ beta
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(beta)), gradient)
        beta -= step
        if np.abs(step).max() < 1e-7:
            break
    weights = beta[:-1] / scale
    return LogisticRegression(tuple(map(float, weights)), float(beta[-1] - weights @ centre))


def report(chances: np.ndarray, labels: np.ndarray, least: float = 0.5) -> dict[str, object]:
    """Precision and recall from a probability on, area under the ROC curve, calibration error."""
    said = chances >= least
    hits = float((said & labels).sum())
    return {
        "precision": round(hits / max(1, int(said.sum())), 3),
        "recall": round(hits / max(1, int(labels.sum())), 3),
        "at": least,
        "auc": round(area(chances, labels), 3),
        "calibration_error": round(calibration_error(chances, labels), 3),
        "n": len(labels),
    }


def area(chances: np.ndarray, labels: np.ndarray) -> float:
    """Probability that a positive case ranks above a negative one (Mann and Whitney 1947)."""
    ranks = np.empty(len(chances))
    ranks[np.argsort(chances, kind="stable")] = np.arange(1, len(chances) + 1)
    positive = int(labels.sum())
    negative = len(labels) - positive
    above = ranks[labels].sum() - positive * (positive + 1) / 2
    return float(above / max(1, positive * negative))


def calibration_error(chances: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over equal bins (Guo et al. 2017, arXiv:1706.04599, eq. 3)."""
    place = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [
        abs(chances[place == b].mean() - labels[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))
