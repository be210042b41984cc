"""What was wanted, from feedback to a version that takes requests for what people said."""

from contextlib import contextmanager

import pytest

from genwright.answers.answerer import Answerer
from genwright.answers.assistants import open_assistant
from genwright.answers.chat import Chat
from genwright.answers.conversations import remove_conversation
from genwright.errors import NotFound
from genwright.feedback import Opinion, list_feedback, record_feedback
from genwright.improve.gate import GateGuard, GateTarget, decide
from genwright.improve.loop import (
    ImprovementRequest,
    open_assistants,
    open_runs,
    run_improvement,
    submit_improvement,
)
from genwright.improve.methods.intents import agree_on_kinds
from genwright.improve.provenance import format_lineage, trace_origin
from genwright.improve.results import ImprovementRecord
from genwright.library.ingest import DocumentIngester
from genwright.maintenance.erase import forget_trace, forget_user
from genwright.monitoring import read_trace
from genwright.runtime import Runtime
from genwright.types import OWNER, Principal
from genwright.workspace import create_workspace, open_workspace

OVERRIDES = {"embedding": {"model": "hashing"}, "answer": {"extractive": True}}
ANN = Principal("ann", role="admin")
ASKED = "our opening hours in August"
SAME = (ASKED, "Our opening hours in August?", "what are our opening hours in August")
OTHERS = ("why are our opening hours shorter in August", "list all documents", "thank you",
          "How long is the green hose?")  # fmt: skip
TAUGHT = ("about-collection", "inventory")


@contextmanager
def opened(root):
    workspace = open_workspace(root, OVERRIDES)
    with Runtime(workspace) as runtime:
        yield runtime
    workspace.close()


@pytest.fixture
def root(tmp_path):
    made = create_workspace(tmp_path / "workspace")
    with opened(made) as runtime:
        DocumentIngester(runtime).add_bytes(b"In August the shop opens at nine.", "hours.txt")
    return made


@pytest.fixture
def runtime(root):
    with opened(root) as made:
        yield made


def take(runtime, question, version=""):
    """Kind and way of a question, as its trace tells them."""
    answer = open_assistant(runtime, version).ask(question)
    known = read_trace(runtime.database, OWNER, answer.trace_id).attributes
    return known["genwright.intent"], known["genwright.strategy"]


def say(runtime, question, opinion, who=OWNER):
    answer = open_assistant(runtime.act_for(who)).ask(question)
    record_feedback(runtime.database, who, answer.trace_id, opinion)
    return answer.trace_id


def improve(runtime, **how):
    wanted = ImprovementRequest(**{"methods": ("intents",), "promote": True, **how})
    return run_improvement(runtime, submit_improvement(runtime, wanted))


def test_a_correction_is_learnt_gated_kept_and_taken_back(root):
    with opened(root) as runtime:
        before = {text: take(runtime, text) for text in OTHERS}
        assert {take(runtime, text)[0] for text in SAME} == {"fact"}
        trace = say(runtime, ASKED, Opinion(-1, intent="about-collection"))
        assert take(runtime, ASKED)[0] == "fact"  # nothing is learnt before the gate
        found = improve(runtime)
        assert (found.status, found.candidate) == ("promoted", "assistant@2")
        decision = found.decisions["intents"].decision
        assert (decision.target.live, decision.target.candidate) == (0, 1)
        held = {each.name: each for each in decision.guards}
        assert held["held-back requests taken for what they are"].cases == 500
        assert "held-back requests" in found.report.read_text()
        stored = ImprovementRecord.from_json(open_runs(runtime).get(found.run).results)
        assert stored.steps.propose["intents"].proposal.target.outright
        assert ASKED not in str(open_runs(runtime).get(found.run).results)
    with opened(root) as runtime:  # as after a restart
        assert [take(runtime, text) for text in SAME] == [TAUGHT] * 3
        assert {text: take(runtime, text) for text in OTHERS} == before
        tree = "\n".join(format_lineage(trace_origin(runtime.workspace, OWNER, "assistant@2")))
        assert trace in tree
        assert improve(runtime, all_feedback=True).status == "nothing"  # it is learnt already
        open_assistants(runtime).rollback(OWNER, "assistant")
        assert take(runtime, ASKED)[0] == "fact"
        assert take(runtime, ASKED, "assistant@2") == TAUGHT


def test_a_person_or_answer_that_is_forgotten_takes_along_what_it_taught(runtime):
    say(runtime, ASKED, Opinion(intent="about-collection"), ANN)
    other = "Who built the copper boiler?"
    trace = say(runtime, other, Opinion(intent="smalltalk"))
    improve(runtime)
    assert take(runtime, ASKED) == TAUGHT
    forget_user(runtime.database, OWNER, "ann")
    assert take(runtime, ASKED)[0] == "fact"
    assert take(runtime, other)[0] == "smalltalk"
    forget_trace(runtime.database, OWNER, trace)
    assert take(runtime, other)[0] == "fact"
    with pytest.raises(NotFound):
        forget_trace(runtime.database, OWNER, trace)


def test_a_conversation_that_is_removed_takes_along_what_was_learnt_of_it(runtime):
    talk = Chat(Answerer(runtime, extractive=True, assistant="assistant@1"))
    answer = talk.ask(ASKED)
    record_feedback(runtime.database, OWNER, answer.trace_id, Opinion(-1, intent="smalltalk"))
    improve(runtime)
    assert take(runtime, SAME[1])[0] == "smalltalk"
    remove_conversation(runtime, talk.id)
    assert take(runtime, SAME[1])[0] == "fact"
    assert [each.intent for each in list_feedback(runtime.database, OWNER)] == [""]
    assert improve(runtime, all_feedback=True).status == "nothing"  # nor is it learnt again


def test_what_was_liked_stands_against_a_correction_near_it(runtime):
    say(runtime, ASKED, Opinion(-1, intent="about-collection"))
    say(runtime, SAME[2], Opinion(1))
    found = improve(runtime)
    guards = {each.name: each for each in found.decisions["intents"].decision.guards}
    assert guards["requests of answers that were liked"].candidate == 1
    assert take(runtime, SAME[1]) == TAUGHT
    assert take(runtime, SAME[2])[0] == "fact"


def test_nothing_is_learnt_without_consent_or_agreement(runtime):
    say(runtime, ASKED, Opinion(intent="list", consent=False))
    assert improve(runtime, all_feedback=True).status == "nothing"
    say(runtime, SAME[1], Opinion(intent="list"))
    say(runtime, SAME[1], Opinion(intent="smalltalk"), ANN)
    found = improve(runtime)
    assert found.status == "nothing"
    said = open_runs(runtime).get(found.run).results["state"]["propose"]["intents"]["not"]
    assert "nobody has said" in said


def test_most_people_count():
    def row(label, people, number):
        told = {"kind": "intent", "traces": ["t"], "feedback": [number], "people": people}
        return {"text": "Any news?", "label": label, "lineage": told}

    found, disputed = agree_on_kinds([row("list", ["a", "b"], 1), row("fact", ["c"], 2)])
    assert [each["label"] for each in found.values()] == ["list"]
    assert disputed == 0
    assert agree_on_kinds([row("list", ["a"], 1), row("fact", ["c"], 2)]) == ({}, 1)
    assert agree_on_kinds([row("a kind that was", ["a"], 1)]) == ({}, 0)


def test_what_was_asked_for_outright_needs_no_sample_but_every_guard():
    asked = GateTarget("asked", [0.0], [1.0], outright=True)
    assert decide(asked, []).passed
    assert not decide(asked, [GateGuard("kept", [1.0] * 10, [0.5] * 10, 0.02)]).passed
    assert not decide(GateTarget("asked", [1.0], [1.0], outright=True), []).passed
