"""Rows that are made: marked, new, checked, and never measured on."""

import json
import re

import numpy as np
import pytest
from tests.fixtures.library import DOCUMENTS, scripted

from genwright.datasets import Dataset, read_dataset, read_splits, split_dataset, write_dataset
from genwright.engines.scripted import ScriptedEngine
from genwright.errors import NotFound, Refused, UsageError
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.synthesis import is_synthetic
from genwright.synthesis.commands import SynthesisRequest, write_result
from genwright.synthesis.conversations import make_conversations
from genwright.synthesis.gain import measure_label_gain
from genwright.synthesis.instructions import make_instructions
from genwright.synthesis.paraphrases import make_paraphrases
from genwright.synthesis.preferences import Responder, make_preferences
from genwright.synthesis.questions import find_first_question, make_questions
from genwright.synthesis.recipes import Sieve, rouge_l
from genwright.workspace import create_workspace, open_workspace


@pytest.fixture
def runtime(tmp_path):
    workspace = open_workspace(create_workspace(tmp_path / "workspace"), scripted({}))
    with Runtime(workspace) as made:
        yield made
    workspace.close()


def embed(texts):
    """Vectors of letters: equal texts are equal, others are not."""
    made = np.array([[text.lower().count(c) + 0.01 for c in "abcdefghijklmnoprstuvw"]
                     for text in texts], "f4")  # fmt: skip
    return made / np.linalg.norm(made, axis=1, keepdims=True)


class Asking(ScriptedEngine):
    """Words a question of the text that it is shown: its first words, and whose they are."""

    def chat(self, request, cancel=None):
        text = re.search(r"Text: (.*)", request.messages[-1].content)
        words = text[1].rstrip(".").split() if text else ["what"]
        return ScriptedEngine([f"Is it true that {' '.join(words).lower()}?"]).chat(request, cancel)


def test_questions_have_answers_and_places(runtime):
    for name, text in DOCUMENTS.items():
        DocumentIngester(runtime).add_bytes(text.encode(), name)
    runtime.models.engines["scripted", "chat"] = Asking()
    made = make_questions(runtime, 5)
    assert len(made.dataset) > 0
    for row in made.dataset.rows:
        assert is_synthetic(row)
        assert row["answers"][0] in row["context"]
        assert row["context"][row["starts"][0] :].startswith(row["answers"][0])
        kind, level = row["slice"].split("/")
        assert kind in ("fact", "detail", "pair")
        assert level in ("easy", "medium", "hard")
        assert {"document", "start", "end", "passage"} <= set(row["lineage"])
    questions = [row["question"] for row in made.dataset.rows]
    assert len(set(questions)) == len(questions)
    assert make_questions(runtime, 5).dataset.sha256 == made.dataset.sha256  # by the seed


def test_questions_that_fail_the_round_trip_are_dropped(runtime):
    for name, text in DOCUMENTS.items():
        DocumentIngester(runtime).add_bytes(text.encode(), name)
    runtime.models.engines["scripted", "chat"] = ScriptedEngine(
        ["Who won the chess match of the moon people in Atlantis?", "Nothing to ask here."]
    )
    strict = runtime.settings.answer.model_copy(update={"min_answerable": 0.5})
    settings = runtime.settings.model_copy(update={"answer": strict})
    made = make_questions(runtime.act_for(runtime.principal, settings), 3)
    assert len(made.dataset) == 0
    assert "no question" in made.dropped
    with pytest.raises(Refused, match="No row was good enough"):
        write_result(runtime, made, SynthesisRequest(runtime.workspace.root / "q.jsonl"))


def test_no_documents_to_ask_about(runtime):
    with pytest.raises(NotFound, match="documents to ask about"):
        make_questions(runtime, 3)


def test_conversations_are_of_supported_answers(runtime):
    for name, text in DOCUMENTS.items():
        DocumentIngester(runtime).add_bytes(text.encode(), name)
    runtime.models.engines["scripted", "chat"] = Asking()
    quoting = runtime.settings.answer.model_copy(update={"extractive": True})
    settings = runtime.settings.model_copy(update={"answer": quoting})
    made = make_conversations(runtime.act_for(runtime.principal, settings), 3, turns=2)
    for row in made.dataset.rows:
        roles = [turn["role"] for turn in row["messages"]]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert row["lineage"]["traces"]
    assert len(made.dataset) > 0


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ('Sure! Here it is: "When was it built?"', "When was it built?"),
        ("1. How tall is it?\n2. How wide?", "How tall is it?"),
        ("No question at all.", ""),
    ],
)
def test_first_question(said, question):
    assert find_first_question(said) == question


def test_instructions_grow_from_seeds():
    seeds = [{"instruction": f"Name {n} kinds of fruit and say where they grow"} for n in range(3)]
    replies = [
        "Task 5: Explain how a bicycle stays upright", "It is the trail of the front wheel.",
        "Task 5: Name 2 kinds of fruit and say where they grow",  # like a seed
        "Draw a picture of a horse please",  # needs more than text
        "Write a short poem on rain in autumn", "Drops fall, leaves fall.",
    ]  # fmt: skip
    made = make_instructions(ScriptedEngine(replies), seeds, 2, model="scripted")
    assert [row["prompt"] for row in made.dataset.rows] == [
        "Explain how a bicycle stays upright", "Write a short poem on rain in autumn",
    ]  # fmt: skip
    assert made.dropped == {"like another one": 1, "needs more than text": 1}
    assert made.dataset.rows[0]["synthetic"] == "self-instruct"
    with pytest.raises(UsageError, match="seeds"):
        make_instructions(ScriptedEngine(), [{"x": 1}], 2)


def test_preferences_by_contrast():
    rows = [{"prompt": "How tall is it?"}, {"prompt": "How wide is it?"}]
    good = Responder(ScriptedEngine(["Two metres."]), "good")
    bad = Responder(ScriptedEngine(["Hard to say."]), "bad")
    made = make_preferences(rows, good, bad)
    assert [row["chosen"] for row in made.dataset.rows] == ["Two metres."] * 2
    assert made.dataset.rows[0]["lineage"]["worse"]["model"] == "bad"
    always_a = ScriptedEngine(["A"])  # a judge that looks at the order only confirms nothing
    made = make_preferences(rows, good, bad, judge=always_a, judge_name="j")
    assert (len(made.dataset), made.dropped) == (0, {"not confirmed by the judge": 2})
    with pytest.raises(UsageError, match="the same"):
        make_preferences(rows, good, good)


def test_paraphrases_fill_rare_labels():
    rows = [{"text": f"the pump is loud {n}", "label": "noise"} for n in range(4)]
    rows += [{"text": "oil drips from the valve", "label": "leak"}]
    engine = ScriptedEngine([
        "oil drips out of the valve", "the pump is loud", "oil drips from the valve",
        "from the valve drips the oil",
    ])  # fmt: skip
    data = Dataset("faults", "classification", tuple(rows))
    made = make_paraphrases(engine, data, embed, least=3)
    assert {row["label"] for row in made.dataset.rows} == {"leak"}
    assert len(made.dataset) <= 2
    assert made.dropped
    with pytest.raises(UsageError, match="classification"):
        make_paraphrases(engine, Dataset("x", "text", ({"text": "x"},)), embed)


def test_sieve_and_rouge():
    sieve = Sieve(["name three kinds of fruit"])
    assert not sieve.admit("Name three kinds of fruit")
    assert sieve.admit("explain the tides")
    assert not sieve.admit("explain the tides")
    assert rouge_l("a b c d".split(), "a b c d".split()) == 1
    assert rouge_l("a b".split(), "x y".split()) == 0


def rows_of(count, made=False):
    return tuple(
        {"text": f"text number {n} of {'made' if made else 'real'} {n * 7919}",
         "label": "ab"[n % 2], **({"synthetic": "paraphrase"} if made else {})}
        for n in range(count)
    )  # fmt: skip


def test_synthetic_rows_are_never_measured_on(tmp_path):
    data = Dataset("mixed", "classification", rows_of(40) + rows_of(20, made=True))
    runtime = split_dataset(data, validation=0.2, test=0.2)
    assert not any(map(is_synthetic, (*runtime.validation.rows, *runtime.test.rows)))
    assert sum(map(is_synthetic, runtime.train.rows)) == 20
    for name, rows in (("train", rows_of(20)), ("test", rows_of(5, made=True))):
        write_dataset(Dataset(name, "classification", rows), tmp_path / f"{name}.jsonl")
    with pytest.raises(UsageError, match="synthetic"):
        read_splits(tmp_path)


def test_gain_is_measured_on_real_rows():
    words = {"a": "apple orange", "b": "wheel motor"}
    real = tuple({"text": f"{words['ab'[n % 2]]} {n}", "label": "ab"[n % 2]} for n in range(60))
    train, test = (
        Dataset("t", "classification", real[:2]),
        Dataset("e", "classification", real[20:]),
    )
    made = Dataset("m", "classification", tuple(
        {"text": words[label] + " red", "label": label, "synthetic": "x"} for label in "ab" * 5
    ))  # fmt: skip
    found = measure_label_gain(train, made, test, embed)
    assert found["with"]["value"] >= found["without"]["value"]
    assert found["test"] == 40
    with pytest.raises(Refused, match="synthetic"):
        measure_label_gain(train, made, made, embed)
    with pytest.raises(UsageError, match="labels"):
        measure_label_gain(Dataset("t", "text", ({"text": "x"},)), made, test, embed)


def test_files_and_reports(runtime, tmp_path):
    rows = [{"prompt": "How tall is it?"}]
    made = make_preferences(
        rows, Responder(ScriptedEngine(["Two."]), "g"), Responder(ScriptedEngine(["No idea."]), "b")
    )
    report = write_result(runtime, made, SynthesisRequest(tmp_path / "p.jsonl", keep="contrast"))
    assert report["rows"] == 1
    assert report["diversity"]["texts"] == 1
    read = read_dataset(tmp_path / "p.jsonl")
    assert read.rows[0]["synthetic"] == "contrast"
    assert json.dumps(report)
    with pytest.raises(Refused, match="there already"):
        write_result(runtime, made, SynthesisRequest(tmp_path / "p.jsonl"))
