"""Feedback: one voice each, limits, agreement, queues, and the data sets made of it."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from genwright.arena.matches import ask_match, begin_match, cast_vote, store_answer
from genwright.datasets import check_dataset, read_dataset, write_dataset
from genwright.errors import NotFound, Refused, TooMany, UsageError
from genwright.feedback import Opinion, list_feedback, merge_voices, read_voices, record_feedback
from genwright.feedback.agreement import alpha, measure_rater_agreement
from genwright.feedback.citations import parse_citation
from genwright.feedback.exchanges import read_exchange
from genwright.feedback.queues import LOOKED_AT, list_rating_queue
from genwright.feedback.to_datasets import collect
from genwright.monitoring import Tracing
from genwright.monitoring.tracing import read_trace_id
from genwright.privacy import Privacy
from genwright.settings import PrivacySettings
from genwright.storage import Collection, Database, Document, Feedback, Span
from genwright.types import OWNER, Principal

ANN, BOB = Principal("ann", role="reader"), Principal("bob", role="admin")
KEEP = Privacy(PrivacySettings())


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "genwright.db")
    yield made
    made.close()


def answered(database, question, answer, chance=0.9, who=ANN, assistant="faq@1", messages=None):
    tracing = Tracing(database, who)
    known = {"genwright.question": question, "genwright.assistant": assistant}
    with tracing.start_span("ask extractive", known) as span:
        if messages:
            told = [
                {"role": role, "parts": [{"type": "text", "content": text}]}
                for role, text in messages
            ]
            with tracing.start_span("chat m", {"gen_ai.input.messages": json.dumps(told),
                                         "gen_ai.response.model": "m"}):  # fmt: skip
                pass
        span.set_attribute("genwright.answerable", chance)
        span.set_attribute("genwright.answer", answer)
        span.set_attribute("genwright.refused", False)
        return read_trace_id(span)


def test_the_last_word_of_each_kind_counts(database):
    trace = answered(database, "How tall?", "Ten.")
    record_feedback(database, ANN, trace, Opinion(thumb=1))
    record_feedback(database, ANN, trace, Opinion(rating=2, correction="Twelve."))
    record_feedback(database, ANN, trace, Opinion(thumb=-1))
    record_feedback(database, BOB, trace, Opinion(thumb=1))
    anns, bobs = read_voices(database, BOB)
    assert (anns.thumb, anns.rating, anns.correction) == (-1, 2, "Twelve.")
    assert len(anns.ids) == 3
    assert bobs.thumb == 1
    assert [each.owner for each in read_voices(database, ANN)] == ["ann"]


def test_the_same_again_adds_nothing(database):
    trace = answered(database, "How tall?", "Ten.")
    first = record_feedback(database, ANN, trace, Opinion(thumb=1))
    assert record_feedback(database, ANN, trace, Opinion(thumb=1)).id == first.id
    assert len(list_feedback(database, ANN)) == 1


def test_limits_and_rights(database):
    trace = answered(database, "How tall?", "Ten.", who=BOB)
    with pytest.raises(NotFound):
        record_feedback(database, ANN, trace, Opinion(thumb=1))
    for rating in (1, 2):
        record_feedback(database, BOB, trace, Opinion(rating=rating), per_minute=2)
    with pytest.raises(TooMany, match="in a minute"):
        record_feedback(database, BOB, trace, Opinion(rating=3), per_minute=2)


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"thumb": 0}, {"thumb": 2}, {"rating": 6}, {"comment": "x" * 20_001},
        {"citation": {"document": 1}}, {"citation": {"document": 1, "start": 5, "end": 5}},
        {"intent": "poem"},
    ],
)  # fmt: skip
def test_bad_opinions_are_refused(bad):
    with pytest.raises(UsageError, match="Expected"):
        Opinion(**bad)


def test_what_was_wanted_is_one_of_the_kinds_and_on_ones_own_answers(database):
    trace = answered(database, "How tall?", "Ten.")
    with pytest.raises(UsageError, match=r"one of fact, .*, smalltalk; got 'poem'"):
        Opinion(intent="poem")
    with pytest.raises(NotFound):
        record_feedback(database, Principal("eve"), trace, Opinion(intent="list"))
    record_feedback(database, ANN, trace, Opinion(intent="list"))
    record_feedback(database, ANN, trace, Opinion(thumb=-1))
    assert [each.intent for each in read_voices(database, ANN)] == ["list"]
    found = collect(database, OWNER, KEEP)
    (row,) = found.intents
    assert (row["text"], row["label"], found.told) == ("How tall?", "list", 1)
    assert row["lineage"]["people"] == ["ann"]
    assert found.make_dataset("intents", "x").form == "classification"


def test_better_citations(database):
    with database.write(OWNER) as session:
        collection = Collection(name="default", owner="owner")
        session.add(collection)
        session.flush()
        session.add(
            Document(
                collection_id=collection.id, owner="owner", source="a", title="a", format="text",
                sha256="0" * 64, recipe="", characters=20, pages=[], details={}, warnings=[],
                text="The pump holds 2 bar",
            )
        )  # fmt: skip
    found = parse_citation(database, OWNER, "1:4-8")
    assert found == {"document": 1, "start": 4, "end": 8, "text": "pump"}
    Opinion(citation=found)
    for bad, error in (("1", UsageError), ("1:4-99", UsageError), ("7:1-2", NotFound)):
        with pytest.raises(error):
            parse_citation(database, OWNER, bad)
    with pytest.raises(NotFound):
        parse_citation(database, Principal("eve", role="reader"), "1:4-8")


def test_published_value_of_alpha():
    """Krippendorff 2011, section C: four observers, twelve units, with gaps; nominal 0.743."""
    rows = (
        (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
        (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
        (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
        (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
    )
    units = [[v for v in unit if v is not None] for unit in zip(*rows, strict=True)]
    assert alpha(units, lambda a, b: float(a != b)) == pytest.approx(0.743, abs=0.0005)
    assert alpha(units) == pytest.approx(0.849, abs=0.0005)  # interval, the same page


@given(st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=4), min_size=2, max_size=9))
def test_alpha_is_one_for_agreement_and_does_not_mind_order(units):
    found = alpha(units)
    assert found is None or found <= 1
    assert alpha([[unit[0]] * len(unit) for unit in units]) in (None, 1.0)
    assert alpha([unit[::-1] for unit in units]) == found


def test_agreement_of_people(database):
    traces = [answered(database, f"Question {n}?", "So.", who=BOB) for n in range(4)]
    for n, trace in enumerate(traces):
        for who in (BOB, Principal("cid", role="admin")):
            record_feedback(database, who, trace, Opinion(thumb=1 if n % 2 else -1, rating=n + 1))
    thumbs, ratings = measure_rater_agreement(read_voices(database, BOB))
    assert (thumbs.answers, thumbs.raters, thumbs.alpha, thumbs.same) == (4, 2, 1.0, 1.0)
    assert ratings.json()["alpha"] == 1.0


def test_exchanges_have_what_the_model_read(database):
    messages = [("system", "Be brief."), ("user", "Q: How tall?")]
    trace = answered(database, "How tall?", "Ten.", messages=messages)
    found = read_exchange(database, ANN, trace)
    assert (found.question, found.answer, found.model) == ("How tall?", "Ten.", "m")
    assert found.prompt == [{"role": r, "content": t} for r, t in messages]
    bare = read_exchange(database, ANN, answered(database, "How wide?", "Two."))
    assert bare.prompt == "How wide?"


def rows_of(database, privacy=KEEP, **named):
    return collect(database, BOB, privacy, **named)


def test_pairs_thumbs_and_good_rows(database):
    edited = answered(database, "How tall?", "Ten.")
    good = answered(database, "How wide?", "Two metres.")
    worse = answered(database, "how  wide?", "I guess wide.")
    record_feedback(database, ANN, edited, Opinion(thumb=-1, correction="Twelve metres."))
    record_feedback(database, ANN, good, Opinion(rating=5))
    record_feedback(database, ANN, worse, Opinion(rating=2))
    match = begin_match(database, ANN, ("faq@1", "faq@2"))
    ask_match(database, ANN, match.id, "Why?")
    side = {"trace": "", "refused": False, "sentences": []}
    store_answer(database, ANN, match.id, "left", {**side, "text": "Because."})
    store_answer(database, ANN, match.id, "right", {**side, "text": "No idea."})
    cast_vote(database, ANN, match.id, 0)
    found = rows_of(database)
    kinds = [row["lineage"]["kind"] for row in found.pairs]
    assert kinds == ["correction", "rating", "vote"]
    assert found.pairs[0]["chosen"] == "Twelve metres."
    assert found.pairs[0]["lineage"]["traces"] == [edited]
    assert (found.pairs[1]["chosen"], found.pairs[1]["rejected"]) == (
        "Two metres.", "I guess wide.",
    )  # fmt: skip
    assert (found.pairs[2]["chosen"], found.pairs[2]["rejected"]) == ("Because.", "No idea.")
    assert [row["label"] for row in found.thumbs] == [False, True, False]
    assert [row["messages"][-1]["content"] for row in found.good] == [
        "Twelve metres.", "Two metres.",
    ]  # fmt: skip
    again = rows_of(database, after=found.last, after_vote=found.last_vote)
    assert (again.pairs, again.thumbs, again.last) == ([], [], found.last)
    assert rows_of(database, assistant="other").pairs == []


def test_consent_and_privacy_are_respected(database):
    trace = answered(database, "Who is it?", "Write to jo@example.com.")
    record_feedback(database, ANN, trace, Opinion(thumb=1, consent=False))
    found = rows_of(database)
    assert (found.thumbs, found.refused) == ([], 1)
    record_feedback(database, BOB, trace, Opinion(thumb=1))
    assert "jo@example.com" in rows_of(database).thumbs[0]["completion"]
    redacted = rows_of(database, Privacy(PrivacySettings(prompts="redact")))
    assert "jo@example.com" not in json.dumps(redacted.thumbs)
    blocked = rows_of(database, Privacy(PrivacySettings(prompts="refuse")))
    assert (blocked.thumbs, blocked.refused) == ([], 3)  # no consent, thumb, good row


def test_rows_go_through_files_and_checks(database, tmp_path):
    messages = [("system", "Be brief."), ("user", "How tall?")]
    trace = answered(database, "How tall?", "Ten.", messages=messages)
    record_feedback(database, ANN, trace, Opinion(thumb=1, correction="Twelve."))
    found = rows_of(database)
    for what in ("pairs", "thumbs", "good"):
        made = found.make_dataset(what, what)
        write_dataset(made, tmp_path / f"{what}.jsonl")
        read = read_dataset(tmp_path / f"{what}.jsonl")
        assert (read.form, read.sha256) == (made.form, made.sha256)
        assert not check_dataset(read).list_bad_rows()


def test_queues(database):
    def embed(texts):
        made = np.array([[("wide" in t) + 0.1, ("tall" in t) + 0.1, 0.2] for t in texts], "f4")
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    sure = answered(database, "How tall is it?", "Ten.", chance=0.99)
    unsure = answered(database, "How tall is that?", "Two.", chance=0.55)
    other = answered(database, "How wide?", "Two.", chance=0.9)
    assert next(w.trace_id for w in list_rating_queue(database, ANN, "uncertain", embed)) == unsure
    record_feedback(database, ANN, sure, Opinion(thumb=1))
    queue = list_rating_queue(database, ANN, "coverage", embed)
    assert [w.trace_id for w in queue] == [other, unsure]
    assert list_rating_queue(database, ANN, "drift", embed)[0].trace_id == other
    assert list_rating_queue(database, Principal("eve", role="reader"), "coverage", embed) == []
    with pytest.raises(UsageError, match="queue"):
        list_rating_queue(database, ANN, "best", embed)


def test_answers_that_somebody_has_rated_do_not_hide_older_ones(database):
    older = answered(database, "How deep?", "Two.", chance=0.55)
    with database.write(ANN) as session:
        [one] = session.scalars(select(Span).where(Span.trace_id == older)).all()
        for number in range(1, LOOKED_AT + 1):
            trace = f"{number:032x}"
            session.add(Span(
                id=f"{number:016x}", trace_id=trace, parent_id="", name=one.name, owner=one.owner,
                start_ns=one.start_ns + number, end_ns=one.end_ns, status=one.status,
                attributes=one.attributes,
            ))  # fmt: skip
            session.add(Feedback(owner="ann", trace_id=trace, thumb=1))
    queue = list_rating_queue(database, ANN, "uncertain", lambda texts: np.zeros((len(texts), 1)))
    assert [each.trace_id for each in queue] == [older]


def test_voices_do_not_mind_the_order(database):
    trace = answered(database, "How tall?", "Ten.")
    for thumb in (1, -1, 1):
        record_feedback(database, ANN, trace, Opinion(thumb=thumb))
    given_ = list_feedback(database, ANN)
    assert merge_voices(given_) == merge_voices(given_[::-1])


def test_export(tmp_path):
    from genwright.feedback.job import export_feedback
    from genwright.runtime import Runtime
    from genwright.workspace import create_workspace, open_workspace

    workspace = open_workspace(
        create_workspace(tmp_path / "w"), {"embedding": {"model": "hashing"}}
    )
    with Runtime(workspace) as runtime:
        with pytest.raises(Refused, match="No feedback"):
            export_feedback(runtime, tmp_path / "pairs.jsonl")
        trace = answered(workspace.database, "How tall?", "Ten.", who=OWNER)
        record_feedback(workspace.database, OWNER, trace, Opinion(correction="Twelve."))
        assert export_feedback(runtime, tmp_path / "pairs.jsonl", keep="edits") == 1
        assert export_feedback(runtime, tmp_path / "all.jsonl", "all") == 1
        with pytest.raises(Refused, match="there already"):
            export_feedback(runtime, tmp_path / "all.jsonl", "all")
        with pytest.raises(UsageError, match="one of"):
            export_feedback(runtime, tmp_path / "x.jsonl", "best")
    workspace.close()
