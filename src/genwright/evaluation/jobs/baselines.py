"""What a base does without training, beside what it does after: the first rungs of the ladder.

A classifier's base has no head yet. A decoder is asked in words, with the classes named and with
examples; an encoder takes the class whose name, or whose examples, are nearest.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from genwright.engines import ChatMessage
from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean
from genwright.evaluation.tasks import TaskCase
from genwright.types import Json, Vectors

Embed = Callable[[Sequence[str]], Vectors]


def score_majority(train: Sequence[Json], test: Sequence[Json]) -> ConfidenceInterval:
    """Accuracy of always saying the commonest class."""
    commonest = Counter(str(row["label"]) for row in train).most_common(1)[0][0]
    return bootstrap_mean([float(str(row["label"]) == commonest) for row in test])


def score_zero_shot(
    labels: Sequence[str], test: Sequence[Json], embed: Embed
) -> ConfidenceInterval:
    """Accuracy of the class whose name is nearest to the text."""
    names = embed([label.replace("_", " ") for label in labels])
    best = (embed([row["text"] for row in test]) @ names.T).argmax(axis=1)
    return _score_labels([labels[place] for place in best], test)


def score_few_shot(
    train: Sequence[Json], test: Sequence[Json], embed: Embed, k: int
) -> ConfidenceInterval:
    """Accuracy of the class whose k examples are nearest on average (their mean vector)."""
    by_label: dict[str, list[str]] = {}
    for row in train:
        texts = by_label.setdefault(str(row["label"]), [])
        if len(texts) < k:
            texts.append(row["text"])
    labels = sorted(by_label)
    centres = np.stack([embed(by_label[label]).mean(axis=0) for label in labels])
    best = (embed([row["text"] for row in test]) @ centres.T).argmax(axis=1)
    return _score_labels([labels[place] for place in best], test)


def make_label_questions(rows: Sequence[Json], labels: Sequence[str]) -> list[TaskCase]:
    """Texts as questions to a chat model, with the classes named."""
    listed = ", ".join(labels)
    return [
        TaskCase(
            (ChatMessage("user", f"Text: {row['text']}\nWhich of these is it: {listed}?"),),
            (str(row["label"]),),
            str(row["label"]),
            number,
            tuple(labels),
        )
        for number, row in enumerate(rows, 1)
    ]


def pick_shot_rows(rows: Sequence[Json], labels: Sequence[str], number: int) -> list[int]:
    """Places of so many rows, one of each class in turn.

    Example:
        >>> pick_shot_rows([{"label": "a"}, {"label": "a"}, {"label": "b"}], ["a", "b"], 3)
        [0, 2, 1]
    """
    queues = [[i for i, row in enumerate(rows) if str(row["label"]) == each] for each in labels]
    found: list[int] = []
    while len(found) < number and any(queues):
        found += [queue.pop(0) for queue in queues if queue]
    return found[:number]


def _score_labels(said: Sequence[str], test: Sequence[Json]) -> ConfidenceInterval:
    pairs = zip(said, test, strict=True)
    return bootstrap_mean([float(label == str(row["label"])) for label, row in pairs])
