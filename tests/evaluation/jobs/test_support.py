"""Claims whose truth is known are checked, set by set."""

import json
import math

import numpy as np
import pytest

from genwright.errors import NotFound, UsageError
from genwright.evaluation.jobs.support import (
    CheckedCase,
    measure_area,
    run_support_trial,
    summarize_sets,
)
from genwright.workspace import create_workspace, open_workspace

ROWS = [
    {
        "claim": "The pump opens at 6 bar.",
        "source": "The pump opens at 6 bar.",
        "label": "supported",
    },
    {"claim": "Grass is blue.", "source": "The pump opens at 6 bar.", "label": "not"},
    {"claim": "The mill is red.", "source": "The pump opens at 6 bar.", "label": "partly"},
]


@pytest.fixture
def sets(tmp_path):
    for name in ("near", "far"):
        (tmp_path / "sets" / name).mkdir(parents=True)
        file = tmp_path / "sets" / name / "dev.jsonl"
        file.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return tmp_path / "sets"


@pytest.fixture
def workspace(tmp_path):
    made = open_workspace(create_workspace(tmp_path / "own"), {"embedding": {"model": "hashing"}})
    yield made
    made.close()


def test_a_copy_passes_and_another_subject_does_not(workspace, sets):
    made = run_support_trial(workspace, sets)["results"]
    assert made["check"] == "wording"
    assert set(made["sets"]) == {"near", "far"}
    assert (
        made["mean"]["balanced_accuracy"] == made["mean"]["auc"] == made["mean"]["passing"] == 1.0
    )


def test_milliseconds_are_told_by_set_and_over_all_sentences():
    fast = [CheckedCase(n % 2 == 0, n / 20, 0.5, (float(n), float(n))) for n in range(20)]
    slow = [CheckedCase(n == 0, 0.5, 0.5, (100.0,)) for n in range(2)]
    made = summarize_sets({"fast": fast, "slow": slow}, 0.5)
    assert made["sets"]["fast"]["milliseconds"] == {"median": 9.5, "p95": 18.0}
    assert made["sets"]["slow"]["milliseconds"] == {"median": 100.0, "p95": 100.0}
    assert made["milliseconds"]["median"] == 10.0


def test_one_set_and_each_second_row(workspace, sets):
    made = run_support_trial(workspace, sets, names=["near"], every=2)
    assert made["data"]["rows"] == 2
    assert list(made["results"]["sets"]) == ["near"]


def test_an_unknown_set_is_told_with_those_there_are(workspace, sets):
    with pytest.raises(NotFound, match="Known: far, near"):
        run_support_trial(workspace, sets, names=["nearer"])


def test_a_row_without_a_label_is_told_by_its_number(workspace, sets):
    (sets / "near" / "dev.jsonl").write_text('{"claim": "A", "source": "B"}', encoding="utf-8")
    with pytest.raises(UsageError, match="row 1"):
        run_support_trial(workspace, sets)


def test_scores_that_say_nothing_have_half_the_area():
    assert measure_area(np.full(4, 0.5), np.array([True, False, True, False])) == 0.5
    assert math.isnan(measure_area(np.ones(2), np.ones(2, bool)))
