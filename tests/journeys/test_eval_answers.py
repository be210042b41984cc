"""``genwright eval answers`` over a small collection, and over documents that rows bring."""

import json

import pytest

PUMPS = "The Velda pump needs grade 46 oil. Change the oil of the Velda pump every 400 hours."
WILD = [
    {
        "id": "oil", "kind": "fact", "collection": "pumps", "expect": "answer",
        "question": "Which oil does the Velda pump need?", "sources": ["velda.txt"],
        "nuggets": [{"text": "grade 46", "any": ["grade 46"]}], "forbidden": [],
    },
    {
        "id": "how-often", "kind": "follow-up", "collection": "pumps", "expect": "answer",
        "question": "And when is it changed?", "sources": ["velda.txt"],
        "history": [{"role": "user", "content": "Which oil does the Velda pump need?"}],
        "nuggets": [{"text": "400 hours", "any": ["400 hours"]}], "forbidden": [],
    },
    {
        "id": "price", "kind": "unanswerable", "collection": "elsewhere", "expect": "refuse",
        "question": "Who won the election in Norway in 1977?", "nuggets": [],
    },
]  # fmt: skip
OWN = [
    {
        "id": "one", "question": "Which oil does the Velda pump need?", "expect": "answer",
        "answers": ["grade 46 oil"], "documents": [{"id": "d1", "title": "Velda", "text": PUMPS}],
    },
    {
        "id": "two", "question": "Which oil does the Velda pump need?", "expect": "refuse",
        "documents": [{"id": "d2", "title": "Ravens", "text": "Ravens live in pairs."}],
    },
]  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write_rows(rows):
        file = tmp_path / "questions.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)))
        return file

    return write_rows


@pytest.fixture
def filled(genwright, tmp_path):
    (tmp_path / "velda.txt").write_text(PUMPS)
    genwright("add", tmp_path / "velda.txt", "--collection", "pumps")
    return genwright


def test_questions_are_asked_where_they_belong_and_kept_as_a_run(filled, write, tmp_path):
    file, given = write(WILD), tmp_path / "given.jsonl"
    options = ("--questions", file, "--extractive", "--answers", given)
    made = filled.json("eval", "answers", *options)
    assert [each["verdict"] for each in made["answers"]] == ["right"] * 3
    assert made["results"]["overall"]["right_share"]["value"] == 1
    assert set(made["results"]["kinds"]) == {"fact", "follow-up", "unanswerable"}
    rows = [json.loads(line) for line in given.read_text().splitlines()]
    assert [each["id"] for each in rows] == ["oil", "how-often", "price"]
    assert rows[0]["citations"][0].endswith("velda.txt") and not rows[0]["refused"]
    [run] = filled.json("eval", "runs")
    assert (run["kind"], run["data"]["questions"]) == ("eval.answers", 3)
    assert run["config"]["model"] == "extractive"


def test_a_part_is_asked_and_the_table_is_for_people(filled, write):
    options = ("--questions", write(WILD), "--extractive", "--only", "pumps", "--every", 2)
    shown = filled("eval", "answers", *options).stdout
    assert "1 of 3 questions" in shown and "follow-up" not in shown and "share right" in shown
    none = filled("eval", "answers", "--questions", write(WILD), "--only", "boilers", status=2)
    assert "elsewhere, pumps" in none.stderr
    both = ("--assistant", "assistant", "--extractive")
    filled("eval", "answers", "--questions", write(WILD), *both, status=2)


def test_rows_are_asked_over_their_own_documents_or_over_all(filled, write):
    options = ("--questions", write(OWN), "--extractive")
    made = filled.json("eval", "answers", *options)
    assert [each["verdict"] for each in made["answers"]] == ["right", "right"]
    assert made["results"]["measures"]["token_f1"]["value"] > 0
    assert made["data"]["documents"] == 2 and filled.json("status")["documents"] == 1
    pooled = filled.json("eval", "answers", *options, "--pool")
    assert [each["verdict"] for each in pooled["answers"]] == ["right", "wrong"]
