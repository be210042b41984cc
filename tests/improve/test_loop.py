"""The loop over a small workspace: from feedback to a promoted version, and back."""

import json
import time

import pytest

from genwright.answers.answerer import Answerer
from genwright.answers.assistants import open_assistant
from genwright.engines.scripted import ScriptedEngine
from genwright.errors import (
    EngineFailed,
    GenwrightError,
    NotFound,
    Refused,
    RunStopped,
    UsageError,
)
from genwright.feedback import Opinion, record_feedback
from genwright.grounding.citations import Answer
from genwright.improve.canaries import (
    compare_canary,
    end_canary,
    end_worse_canaries,
    list_canaries,
    route_conversation,
    start_canary,
)
from genwright.improve.loop import (
    ImprovementRequest,
    open_assistants,
    open_runs,
    run_improvement,
    submit_improvement,
)
from genwright.improve.methods import methods
from genwright.improve.provenance import format_lineage, trace_origin
from genwright.improve.questions import HeldOutQuestion, find_question, is_held_out, read_questions
from genwright.improve.regression import run_suite
from genwright.improve.rollback import roll_back_promotions
from genwright.improve.suites import (
    RegressionCase,
    add_case,
    add_from_trace,
    check_case,
    list_cases,
    remove_case,
    score_quality,
)
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.storage import Alert
from genwright.types import OWNER, Principal
from genwright.workspace import create_workspace, open_workspace

FACTS = [
    ("pump", "The red pump holds 2.5 bar at the outlet.", "What pressure does the red pump hold?"),
    ("valve", "The blue valve opens at 80 degrees.", "At what temperature does the valve open?"),
    ("tank", "The steel tank takes 400 litres of oil.", "How much oil does the tank take?"),
    ("motor", "The electric motor turns 1450 times a minute.", "How fast does the motor turn?"),
    ("belt", "The rubber belt was made in Turin in 1987.", "Where was the rubber belt made?"),
    ("filter", "The paper filter lasts 600 hours of work.", "How long does the filter last?"),
    ("fan", "The ceiling fan has five wooden blades.", "How many blades has the ceiling fan?"),
    ("gauge", "The brass gauge was read by Mr Keller.", "Who read the brass gauge?"),
    ("hose", "The green hose is twelve metres long.", "How long is the green hose?"),
    (
        "boiler",
        "The copper boiler heats water to 95 degrees.",
        "How hot does the boiler get?",
    ),
    ("crane", "The yellow crane lifts 3 tonnes.", "How much does the yellow crane lift?"),
    ("lamp", "The desk lamp needs a 40 watt bulb.", "Which bulb does the desk lamp need?"),
]


@pytest.fixture
def runtime(tmp_path):
    overrides = {
        "embedding": {"model": "hashing"},
        "answer": {"extractive": True, "min_answerable": 0.05},
        "improve": {"min_feedback": 1},
    }
    workspace = open_workspace(create_workspace(tmp_path / "workspace"), overrides)
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text, _ in FACTS:
        (folder / f"{name}.txt").write_text(text)
    with Runtime(workspace) as made:
        DocumentIngester(made).add_paths([folder])
        yield made
    workspace.close()


@pytest.fixture
def questions(tmp_path):
    file = tmp_path / "questions.jsonl"
    rows = [{"question": asked, "answer": text} for _, text, asked in FACTS]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def ask(runtime, question, version=""):
    return open_assistant(runtime, version).ask(question)


def with_feedback(runtime, count=8):
    for _, text, asked in FACTS[:count]:
        answer = ask(runtime, asked)
        record_feedback(runtime.database, OWNER, answer.trace_id, Opinion(-1, correction=text))


def spoilt(runtime):
    """Live is a version that refuses everything; the good one is what a method can find."""
    assistants = open_assistants(runtime)
    assistants.list_assistants(OWNER)
    assistants.revise(OWNER, "assistant", {"answer": {"min_answerable": 0.99}})
    assistants.promote(OWNER, "assistant")
    return assistants


class Lenient:
    """A method of the tests: answers again."""

    def propose(self, material):
        from genwright.improve.methods import Proposal

        changes = {"answer": {"min_answerable": 0.05}}
        return Proposal("lenient", changes, "it refuses less")


class Sabotage:
    """A method of the tests: refuses everything."""

    def propose(self, material):
        from genwright.improve.methods import Proposal

        return Proposal("sabotage", {"answer": {"min_answerable": 1.0}}, "it refuses all")


@pytest.fixture(autouse=True)
def own_methods():
    methods._classes.setdefault("lenient", Lenient)
    methods._classes.setdefault("sabotage", Sabotage)
    yield
    methods._classes.pop("lenient", None)
    methods._classes.pop("sabotage", None)


def test_a_better_version_is_found_gated_promoted_and_taken_back(runtime, questions):
    assistants = spoilt(runtime)
    with_feedback(runtime)
    wanted = ImprovementRequest(
        methods=("lenient", "sabotage"), questions=str(questions), promote=True
    )
    run = submit_improvement(runtime, wanted)
    found = run_improvement(runtime, run)
    assert found.status == "promoted"
    assert found.decisions["lenient"].passed
    assert not found.decisions["sabotage"].passed
    assert assistants.resolve(OWNER, "assistant").label == found.candidate == "assistant@3"
    assert not ask(runtime, FACTS[0][2]).refused
    page = found.report.read_text()
    assert "The better version is live" in page
    assert "it refuses less" in page
    assert "<svg" in page
    took = time.monotonic()
    back = assistants.rollback(OWNER, "assistant")
    assert time.monotonic() - took < 5
    assert back.label == "assistant@2"
    again = run_improvement(runtime, submit_improvement(runtime, wanted))
    assert again.status == "nothing"  # all feedback was used
    assert "are needed" in open_runs(runtime).get(again.run).message


def test_it_goes_on_where_it_was_interrupted(runtime, questions):
    spoilt(runtime)
    with_feedback(runtime)
    wanted = ImprovementRequest(methods=("lenient",), questions=str(questions), promote=False)
    run = submit_improvement(runtime, wanted)
    seen = []

    def progress(done, total, what):
        seen.append(what)
        if "questions" in what and "lenient" in what:
            raise KeyboardInterrupt

    stopped = runtime.act_for(OWNER, progress=progress)
    with pytest.raises(KeyboardInterrupt):
        run_improvement(stopped, run)
    row = open_runs(runtime).get(run)
    assert row.status == "stopped"
    assert set(row.results["state"]) >= {"collect", "check", "propose"}
    found = run_improvement(runtime, run)
    assert found.status == "waiting"
    assert found.candidate == "assistant@3"
    assert open_assistants(runtime).resolve(OWNER, "assistant").label == "assistant@2"
    with pytest.raises(GenwrightError):
        open_assistants(runtime).promote(OWNER, "assistant", "candidate")
        run_improvement(runtime, run)


def test_a_bug_in_a_step_ends_the_run_as_failed(runtime, questions):
    class Broken:
        def propose(self, material):
            raise TypeError("a number was expected")

    methods._classes["broken"] = Broken
    try:
        with_feedback(runtime, 2)
        wanted = ImprovementRequest(methods=("broken",), questions=str(questions))
        run = submit_improvement(runtime, wanted)
        with pytest.raises(TypeError):
            run_improvement(runtime, run)
    finally:
        methods._classes.pop("broken")
    row = open_runs(runtime).get(run)
    assert (row.status, row.message) == ("failed", "TypeError: a number was expected")


def test_a_stop_event_ends_it_before_its_next_step(runtime, questions):
    with_feedback(runtime, 2)
    wanted = ImprovementRequest(methods=("sabotage",), questions=str(questions))
    run = submit_improvement(runtime, wanted)

    def stop(done, total, what):
        if what.startswith("sabotage"):
            runtime.stop.set()

    with pytest.raises(RunStopped, match=f"genwright improve --resume {run}"):
        run_improvement(runtime.act_for(OWNER, progress=stop), run)
    row = open_runs(runtime).get(run)
    assert row.status == "stopped"
    assert set(row.results["state"]) == {"collect", "check", "propose"}
    runtime.stop.clear()
    assert run_improvement(runtime, run).status == "rejected"


def test_nothing_is_promoted_that_did_not_pass(runtime, questions):
    with_feedback(runtime)
    wanted = ImprovementRequest(methods=("sabotage",), questions=str(questions), promote=True)
    found = run_improvement(runtime, submit_improvement(runtime, wanted))
    assert found.status == "rejected"
    assert open_assistants(runtime).resolve(OWNER, "assistant").label == "assistant@1"
    assert "everything stays as it is" in found.report.read_text()


def test_a_candidate_whose_model_is_gone_does_not_pass(runtime, questions):
    class Gone:
        def propose(self, material):
            from genwright.improve.methods import Proposal

            changes = {"answer": {"model": "removed@1", "extractive": False}}
            return Proposal("gone", changes, "a model that was removed")

    methods._classes["gone"] = Gone
    try:
        with_feedback(runtime)
        wanted = ImprovementRequest(methods=("gone",), questions=str(questions), promote=True)
        found = run_improvement(runtime, submit_improvement(runtime, wanted))
    finally:
        methods._classes.pop("gone")
    assert found.status == "rejected"
    assert "it does not answer" in found.decisions["gone"].reasons[0]
    assert open_assistants(runtime).resolve(OWNER, "assistant").label == "assistant@1"


def test_a_judge_that_answers_rubbish_promotes_nothing(runtime, questions):
    spoilt(runtime)
    with_feedback(runtime)
    wanted = ImprovementRequest(
        methods=("lenient",), questions=str(questions), promote=True, judge="scripted"
    )
    run = submit_improvement(runtime, wanted)
    with pytest.raises(EngineFailed, match="gave no verdict"):
        run_improvement(runtime, run)
    assert open_runs(runtime).get(run).status == "failed"
    assert open_assistants(runtime).resolve(OWNER, "assistant").label == "assistant@2"


def test_a_judge_that_prefers_the_candidate_is_heard(runtime, questions):
    spoilt(runtime)
    with_feedback(runtime)
    runtime.models.engines["scripted", "chat"] = ScriptedEngine(["B", "A"])  # the candidate
    wanted = ImprovementRequest(
        methods=("lenient",), questions=str(questions), promote=True, judge="scripted"
    )
    found = run_improvement(runtime, submit_improvement(runtime, wanted))
    guards = {each.name: each for each in found.decisions["lenient"].decision.guards}
    assert guards["win rate by the judge"].candidate == 1.0
    assert found.status == "promoted"


def test_methods_say_why_they_do_nothing(runtime, questions):
    with_feedback(runtime, 2)
    wanted = ImprovementRequest(methods=("shots", "prompt", "reranker", "retrieval", "sft"),
                    questions=str(questions))  # fmt: skip
    found = run_improvement(runtime, submit_improvement(runtime, wanted))
    assert found.status == "nothing"
    said = open_runs(runtime).get(found.run).results["state"]["propose"]
    assert "quotes and asks no model" in said["shots"]["not"]
    assert "no other reranker" in said["reranker"]["not"]
    assert "are needed" in said["retrieval"]["not"]


def test_bad_requests(runtime, tmp_path):
    for wanted, error in (
        (ImprovementRequest(methods=("magic",)), UsageError),
        (ImprovementRequest(assistant="nobody"), NotFound),
        (ImprovementRequest(questions=str(tmp_path / "none.jsonl")), NotFound),
    ):
        with pytest.raises(error):
            submit_improvement(runtime, wanted)
    file = tmp_path / "made.jsonl"
    file.write_text('{"question": "Why?", "answer": "So.", "synthetic": "questions"}\n')
    with pytest.raises(Refused, match="synthetic"):
        read_questions(file)


def test_held_out_questions_stay_held_out():
    assert is_held_out("How tall is it?") == is_held_out("  how TALL is  it? ")
    share = sum(is_held_out(f"Question {n}?") for n in range(2000)) / 2000
    assert 0.36 < share < 0.44
    row = {"prompt": [{"role": "user", "content": "<passage>x</passage>\nQuestion: How tall?"}]}
    assert find_question(row) == "How tall?"


def test_suite_cases_from_traces(runtime):
    database = runtime.database
    good = ask(runtime, FACTS[0][2])
    case = add_from_trace(database, OWNER, good.trace_id)
    assert check_case(case, good).passed
    assert add_from_trace(database, OWNER, good.trace_id).id == case.id  # kept once
    bad = add_from_trace(database, OWNER, good.trace_id, bad=True, reference="Seven bar, at most.")
    verdict = check_case(bad, good)
    assert not verdict.passed
    assert "Seven bar" in verdict.why
    told = run_suite(runtime)
    assert (told["total"], told["passed"]) == (2, 1)
    remove_case(database, OWNER, bad.id)
    assert [each.id for each in list_cases(database, OWNER)] == [case.id]
    with pytest.raises(NotFound):
        remove_case(database, OWNER, bad.id)
    with pytest.raises(UsageError, match="needs"):
        add_case(database, OWNER, RegressionCase(0, "Why?"))


def test_rules_of_cases():
    refusal = Answer("", True, (), (), "m", "", 0.1)
    words = Answer("It holds 2.5 bar.", False, (), (), "m", "", 0.9)
    assert check_case(RegressionCase(1, "q", refuse=True), refusal).passed
    assert not check_case(RegressionCase(1, "q", refuse=True), words).passed
    assert not check_case(RegressionCase(1, "q", reference="x"), refusal).passed
    assert check_case(RegressionCase(1, "q", reference="2.5 bar"), words).passed
    assert not check_case(RegressionCase(1, "q", avoid="It holds 2.5 bar."), words).passed
    assert not check_case(
        RegressionCase(1, "q", source={"document": 1, "start": 0, "end": 5}), words
    ).passed
    assert score_quality("", "x") == 0
    assert HeldOutQuestion("q", "a").refuse is False


def test_canary_runs_sticks_and_ends_when_worse(runtime):
    assistants, database = open_assistants(runtime), runtime.database
    assistants.list_assistants(OWNER)
    assistants.revise(OWNER, "assistant", {"answer": {"min_answerable": 1.0}})
    canary = start_canary(database, OWNER, assistants, "assistant", share=0.5)
    live = assistants.resolve(OWNER, "assistant")
    went = {route_conversation(database, assistants, live, OWNER, str(n)).label for n in range(40)}
    assert went == {"assistant@1", "assistant@2"}
    with pytest.raises(Refused, match="runs"):
        start_canary(database, OWNER, assistants, "assistant")
    for n in range(24):
        for label, thumb in (("assistant@1", 1), ("assistant@2", -1)):
            answer = ask(runtime, FACTS[n % 12][2], label)
            record_feedback(database, OWNER, answer.trace_id, Opinion(thumb), per_minute=1000)
    found = compare_canary(database, canary, 1)
    assert (found.live, found.candidate, found.thumbs_down) == (24, 24, (0, 24))
    assert found.is_worse
    (ended,) = end_worse_canaries(database, assistants)
    assert "worse with confidence" in ended.reason
    assert list_canaries(database, OWNER) == []
    assert route_conversation(database, assistants, live, OWNER, "1") is live
    with pytest.raises(NotFound):
        end_canary(database, OWNER, "assistant", "")
    for share in (0, 0.9):
        with pytest.raises(UsageError):
            start_canary(database, OWNER, assistants, "assistant", share=share)
    with pytest.raises(Refused, match="is live"):
        start_canary(database, OWNER, assistants, "assistant", "live")


def test_an_alert_takes_a_promotion_back(runtime, questions):
    assistants = spoilt(runtime)
    with_feedback(runtime)
    wanted = ImprovementRequest(methods=("lenient",), questions=str(questions), promote=True)
    run_improvement(runtime, submit_improvement(runtime, wanted))
    database = runtime.database
    assert roll_back_promotions(database, assistants) == []
    with database.write(OWNER) as session:
        session.add(Alert(rule="errors", severity="critical", summary="", value=1.0))
    (told,) = roll_back_promotions(database, assistants)
    assert (told.before, told.after, told.alert) == ("assistant@3", "assistant@2", "errors")
    assert assistants.resolve(OWNER, "assistant").label == "assistant@2"
    assert roll_back_promotions(database, assistants) == []


def test_why_names_people_to_those_who_may_know(runtime, tmp_path):
    answer = ask(runtime, FACTS[0][2])
    tree = "\n".join(format_lineage(trace_origin(runtime.workspace, OWNER, answer.trace_id)))
    assert "assistant assistant@1" in tree
    with pytest.raises(NotFound):
        trace_origin(runtime.workspace, Principal("eve", role="reader"), answer.trace_id)
    assert Answerer  # the answer came from it
