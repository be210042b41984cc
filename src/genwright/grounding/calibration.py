"""The fitted numbers of evidence, answerability and support, and the model they belong to.

They are read from ``load_calibration.json``, which ``benchmarks/calibrate.py`` writes.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from genwright.types import Json


@dataclass(frozen=True)
class LogisticRegression:
    """Logistic regression: ``p = 1 / (1 + exp(-(bias + weights · x)))``."""

    weights: tuple[float, ...]
    bias: float

    def predict_probability(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of each row of features, shape (n, len(weights)) to (n,).

        Example:
            >>> model = LogisticRegression((1.0, -1.0), 0.0)
            >>> model.predict_probability(np.array([[2.0, 2.0]])).tolist()
            [0.5]
        """
        logits = features @ np.array(self.weights) + self.bias
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))))


@dataclass(frozen=True)
class Calibration:
    """The three models of the main job."""

    evidence: LogisticRegression
    """Whether a sentence holds the answer to a question."""
    answerable: LogisticRegression
    """Whether the passages answer a question at all."""
    support: LogisticRegression
    """Whether a span says what a sentence claims."""
    about: Json
    """What they were fitted on, and the figures on held-back data."""


@lru_cache(maxsize=1)
def load_calibration() -> Calibration:
    """The numbers that come with genwright."""
    file = files("genwright.grounding") / "calibration.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    models = {
        name: LogisticRegression(tuple(data[name]["weights"]), data[name]["bias"])
        for name in ("evidence", "answerable", "support")
    }
    return Calibration(**models, about=data["about"])
