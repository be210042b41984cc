"""What a run keeps of an improvement is read back as it was, also what an earlier version kept."""

import json

from genwright.improve.gate import GateGuard, GateTarget, decide
from genwright.improve.methods import Proposal
from genwright.improve.results import (
    AnswerExample,
    CheckedRows,
    CollectedFeedback,
    DataCheck,
    GateResult,
    ImprovementRecord,
    ImprovementSteps,
    KeptRows,
    PreparedCandidate,
    Promotion,
    TakenBack,
    TrialSummary,
    TriedMethod,
)

EARLIER = {
    "state": {
        "collect": {
            "new": 3, "last": 7, "last_vote": 2, "pairs": 1, "thumbs": 0, "good": 2, "voices": 3,
            "votes": 1, "refused": 0,
            "kept": {"pairs": {"sha256": "ab", "rows": 1, "form": "preference", "bad": 1},
                     "thumbs": {"sha256": "", "rows": 0}},
        },
        "live": {"quality": 0.5, "supported": 1.0, "refused": 0.0, "seconds": 0.1, "suite": None,
                 "safe": 1.0, "questions": 9, "failures": []},
        "check": {"pairs": {"rows": 1, "bad": 1}, "thumbs": {"rows": 0, "bad": 0}},
        "propose": {
            "shots": {"changes": {"answer": {"history": 2}}, "reason": "two shots", "facts": {}},
            "sft": {"changes": {}, "reason": "trained", "facts": {"run": 5}},
            "dpo": {"run": 6}, "prompt": {"not": "no rows"},
        },
        "gate": {"sft": {"passed": False, "reasons": ["it does not answer: gone"]}},
        "promote": {"label": "faq@2", "at": 12.5},
    },
    "outcome": "promoted",
    "rolled_back": {"assistant": "faq", "from": "faq@2", "to": "faq@1", "alert": "errors"},
}  # fmt: skip


def keep(record: ImprovementRecord) -> ImprovementRecord:
    """The record after a way through the store."""
    return ImprovementRecord.from_json(json.loads(json.dumps(record.json())))


def make_record() -> ImprovementRecord:
    guard = GateGuard("safe", [1.0], [1.0], 0.0)
    decision = decide(GateTarget("quality", [0.25, 0.5] * 20, [0.5, 0.75] * 20), [guard])
    tried = TrialSummary(0.5, 1.0, 0.0, 0.1, None, 1.0, 40, ("case 1: refused",))
    example = AnswerExample("Why?", "So.", "", "So.", 1.0)
    kept = {"pairs": KeptRows("ab", 3, "preference", 1), "good": KeptRows()}
    steps = ImprovementSteps(
        CollectedFeedback(4, kept, 9, 2, 4, 1, 3, 0, 0, 1),
        DataCheck({"pairs": CheckedRows(3, 1)}),
        {"shots": TriedMethod(Proposal("shots", {"answer": {"history": 2}}, "shots", {"n": 1})),
         "prompt": TriedMethod(left=""), "sft": TriedMethod(run=3), "kto": TriedMethod()},
        tried,
        {"shots": GateResult(decision, "", tried, (example,)), "sft": GateResult(failure="gone")},
        PreparedCandidate("faq@2", "shots"), Promotion("faq@2", 12.5, 0.1),
    )  # fmt: skip
    return ImprovementRecord(steps, "promoted", TakenBack("faq", "faq@2", "faq@1", "errors"), 0.1)


def test_what_is_kept_is_read_back_as_it_was():
    kept = keep(make_record())
    assert kept.json() == keep(kept).json() == make_record().json()
    assert keep(kept) == kept
    assert kept.steps.gate["shots"].passed and not kept.steps.gate["sft"].passed


def test_a_run_of_which_nothing_is_done_keeps_nothing():
    assert keep(ImprovementRecord()) == ImprovementRecord()
    assert ImprovementRecord().json() == {}


def test_too_few_cases_are_kept_as_no_number():
    undecided = GateResult(decide(GateTarget("quality", [0.1], [0.2]), []))
    stored = json.dumps(undecided.json(), allow_nan=False)
    assert "cases decide nothing" in GateResult.from_json(json.loads(stored)).reasons[0]


def test_a_method_is_over_when_it_has_found_a_change_or_said_why_not():
    tried = keep(make_record()).steps.propose
    assert {name for name, each in tried.items() if each.is_over} == {"shots", "prompt"}
    assert tried["sft"].describe() == "in training"


def test_what_an_earlier_version_kept_is_read():
    record = ImprovementRecord.from_json(EARLIER)
    steps = record.steps
    assert (record.outcome, record.taken_back.after) == ("promoted", "faq@1")
    assert steps.collect.kept["pairs"].bad == 1 and steps.collect.kept["thumbs"] == KeptRows()
    assert [each.run for each in steps.propose.values()] == [None, 5, 6, None]
    assert steps.gate["sft"].reasons == ["it does not answer: gone"]
    assert (steps.live.quality, steps.live.nats) == (0.5, None)
    assert steps.promote == Promotion("faq@2", 12.5)
    assert [each["step"] for each in steps.list_steps()] == [
        "collect", "check", "propose", "gate", "promote",
    ]  # fmt: skip
