"""What synthetic rows are worth: training with them against training without, on real rows.

Classification is measured by a ridge classifier over the embedder's vectors, which takes seconds;
other rows by two tunings with the same settings, each measured on the same test rows.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from genwright.datasets import Dataset
from genwright.errors import Refused, UsageError
from genwright.evaluation.intervals import bootstrap_mean
from genwright.evaluation.paired import compare_cases
from genwright.synthesis.recipes import is_synthetic
from genwright.types import Json

if TYPE_CHECKING:
    from genwright.types import Vectors

RIDGE = 1.0


def measure_label_gain(
    train: Dataset,
    made: Dataset,
    test: Dataset,
    embed: "Callable[[Sequence[str]], Vectors]",
) -> Json:
    """Accuracy on real test rows with the made ones and without.

    Raises:
        UsageError: The rows have no labels, or there are none.
        Refused: The test rows hold synthetic ones: they would measure themselves.
    """
    if {train.form, made.form, test.form} != {"classification"}:
        raise UsageError("The quick measure is for rows with labels: text and label.")
    if not len(test) or not len(train):
        raise UsageError("Expected rows to train on and rows to test on.")
    if any(map(is_synthetic, test.rows)):
        raise Refused("The test rows hold synthetic ones: measure on real rows only.")
    wanted = [str(row["label"]) for row in test.rows]
    asked = embed([str(row["text"]) for row in test.rows])
    right = {}
    for name, rows in (("without", train.rows), ("with", (*train.rows, *made.rows))):
        labels = [str(row["label"]) for row in rows]
        found = _predict_labels(embed([str(row["text"]) for row in rows]), labels, asked)
        right[name] = [float(a == b) for a, b in zip(found, wanted, strict=True)]
    difference = compare_cases(right["with"], right["without"])
    return {
        "metric": "accuracy",
        "without": bootstrap_mean(right["without"]).json(),
        "with": bootstrap_mean(right["with"]).json(),
        "gain": difference.json(),
        "train": len(train),
        "synthetic": len(made),
        "test": len(test),
    }


def _predict_labels(vectors: "Vectors", labels: Sequence[str], asked: "Vectors") -> list[str]:
    """Ridge regression onto the labels (Hoerl and Kennard 1970), the largest one wins."""
    names = sorted(set(labels))
    target = np.array([[label == name for name in names] for label in labels], float)
    # Each label weighs alike, however many rows it has.
    weights = 1 / target.sum(axis=0)[target.argmax(axis=1)]
    x = np.hstack([vectors, np.ones((len(vectors), 1))]).astype(float)
    left = x.T @ (x * weights[:, None]) + RIDGE / len(x) * np.eye(x.shape[1])
    map_ = np.linalg.solve(left, x.T @ (target * weights[:, None]))
    scores = np.hstack([asked, np.ones((len(asked), 1))]) @ map_
    return [names[place] for place in scores.argmax(axis=1)]
