"""What a run keeps of a tuning's evaluation is read back as it was."""

import json
import math

from genwright.evaluation.intervals import ConfidenceInterval
from genwright.evaluation.paired import Difference, compare_cases
from genwright.tuning.steps.results import TuneEvaluation


def make_evaluation() -> TuneEvaluation:
    table = {"token_f1": ConfidenceInterval(0.5, 0.25, 0.75)}
    return TuneEvaluation(
        "token_f1", table, table, {"token_f1": ConfidenceInterval(math.nan, math.nan, math.nan)},
        {"base": compare_cases([1, 1, 0, 1] * 9, [0, 1, 0, 0] * 9)}, {"short": {}},
        {"first_token_p50": 0.1}, {"q8_0": {"bytes": 1}}, ({"row": 1},), ({"row": 2},), (),
    )  # fmt: skip


def test_an_evaluation_is_read_back_as_it_was():
    made = make_evaluation()
    stored = json.dumps(made.json(), allow_nan=False)
    again = TuneEvaluation.from_json(json.loads(stored), made.cases)
    assert again.json() == made.json()
    assert again.cases == made.cases and again.test == made.test


def test_an_evaluation_without_a_live_version_is_read():
    made = TuneEvaluation("token_f1")
    assert "live" not in made.json()
    assert TuneEvaluation.from_json(made.json()).json() == made.json()


def test_a_difference_stays_on_its_side_of_the_level():
    nothing = ConfidenceInterval(0.0, 0.0, 0.0)
    for p in (500 / 10_001, 501 / 10_001):
        made = Difference(nothing, p, 1, 1, 0)
        assert Difference.from_json(made.json()).is_distinguishable == made.is_distinguishable
