"""A workspace, a runtime over it, and small data."""

import pytest

pytest.importorskip("torch", reason="needs the train extra: pip install 'genwright[train]'")

from genwright.datasets import Dataset, Splits
from genwright.runtime import Runtime
from genwright.workspace import create_workspace, open_workspace


@pytest.fixture
def runtime(tmp_path):
    folder = create_workspace(tmp_path / "workspace")
    overrides = {"embedding": {"model": "hashing"}, "engine": {"threads": 1, "context": 256}}
    workspace = open_workspace(folder, overrides)
    with Runtime(workspace) as made:
        yield made
    workspace.close()


def classes(count: int, start: int = 0) -> tuple[dict, ...]:
    words = {"good": "the red pump is good", "bad": "the blue pump is bad"}
    labels = sorted(words)
    return tuple(
        {"text": f"{words[labels[i % 2]]} {'one two three four five'.split()[i % 5]} {i + start}",
         "label": labels[i % 2]}
        for i in range(count)
    )  # fmt: skip


def pairs(count: int, start: int = 0) -> tuple[dict, ...]:
    numbers = "one two three four five six seven eight nine ten".split()
    return tuple(
        {"prompt": f"say {numbers[(i + start) % 10]} {i + start}",
         "completion": numbers[(i + start) % 10]}
        for i in range(count)
    )  # fmt: skip


def data_for(objective: str, train: int = 12, others: int = 4) -> Splits:
    form, rows = {
        "classification": ("classification", classes),
        "generation": ("prompt_completion", pairs),
    }[objective]
    return Splits(
        Dataset("tiny-train", form, rows(train)),
        Dataset("tiny-validation", form, rows(others, 100)),
        Dataset("tiny-test", form, rows(others, 200)),
    )
