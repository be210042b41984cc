"""Shots: named, picked per question, counted in the version, kept by an assistant."""

import json

import numpy as np
import pytest

from genwright.engines import engines
from genwright.errors import SettingsError, UnknownName, UsageError
from genwright.evaluation.prompt_comparison import compare_prompts, list_variants
from genwright.evaluation.tasks import TaskCase
from genwright.prompts import Picker, Prompt, Shot, load_prompt, read_prompt
from genwright.registry.config import read_prompt_text

POOL = [Shot(f"animal {i}", "cat", "cat") for i in range(5)] + [
    Shot(f"machine {i}", "pump", "pump") for i in range(5)
]


def embed(texts):
    rows = []
    for place, text in enumerate(texts):
        number = int(text.split()[-1]) if text.split()[-1].isdigit() else place
        kind = [1.0, 0.0] if "animal" in text else [0.0, 1.0]
        rows.append([*kind, 0.05 * number])
    made = np.array(rows, dtype=np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def test_the_nearest_stands_last():
    picked = Picker(POOL, "nearest", embed).pick("an animal 3", 3)
    assert all(shot.label == "cat" for shot in picked)
    assert picked[-1].user == "animal 3"


def test_mmr_takes_others_in_and_balanced_one_of_each():
    angles = {"q": 0.0, "a": 0.3, "a again": 0.31, "b": -0.6}

    def by_angle(texts):
        return np.array([[np.cos(angles[t]), np.sin(angles[t])] for t in texts], dtype=np.float32)

    pool = [Shot(text, text) for text in ("a", "a again", "b")]
    assert {s.user for s in Picker(pool, "nearest", by_angle).pick("q", 2)} == {"a", "a again"}
    assert {s.user for s in Picker(pool, "mmr", by_angle).pick("q", 2)} == {"a", "b"}
    balanced = Picker(POOL, "balanced").pick("anything", 4)
    assert sorted(s.label for s in balanced) == ["cat", "cat", "pump", "pump"]


def test_draws_depend_on_the_question_and_the_seed_alone():
    for how in ("random", "balanced"):
        one, two = Picker(POOL, how, seed=1), Picker(POOL, how, seed=1)
        assert one.pick("q", 3) == two.pick("q", 3)
    assert len(Picker(POOL, "random").pick("q", 99)) == 10
    assert Picker(POOL, "fixed").pick("q", 2) == POOL[:2]


def test_mistakes_are_said():
    with pytest.raises(UnknownName, match="fixed, random, nearest"):
        Picker(POOL, "closest")
    with pytest.raises(UsageError, match="needs an embedder"):
        Picker(POOL, "nearest")


def write(tmp_path, front: str, rows=({"text": "a", "label": "x"},)):
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    path = tmp_path / "sort.md"
    path.write_text(f"---\ndescription: Sorts.\nsystem: Sort.\n{front}\n---\n{{{{ question }}}}\n")
    return path


EXAMPLES = """examples:
  from: rows.jsonl
  k: 2
  picker: balanced
  user: "T: {{ text }}"
  assistant: "{{ label }}"
"""


def test_a_prompt_file_names_shots_and_where_examples_come_from(tmp_path):
    front = "shots:\n  - {name: first, user: u, assistant: a}\n" + EXAMPLES
    prompt = read_prompt(write(tmp_path, front))
    assert prompt.names == ("first",) and prompt.shots == (("u", "a"),)
    assert prompt.examples.pool == (Shot("T: a", "x", "x"),)
    version = prompt.version
    again = read_prompt(write(tmp_path, front, [{"text": "b", "label": "x"}]))
    assert again.version != version, "other examples are another version"
    kept = read_prompt_text(prompt).build_prompt()
    assert kept.version == version and kept.examples == prompt.examples


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("examples: {k: 2}", "needs from"),
        ("examples: {from: none.jsonl}", "not there"),
        ("examples: {from: rows.jsonl, picker: closest}", "picker is 'closest'"),
        ("examples: {from: rows.jsonl, user: '{{ nobody }}', assistant: x}", "does not fit"),
    ],
)
def test_a_block_that_is_wrong_is_said(front, said, tmp_path):
    with pytest.raises(SettingsError, match=said):
        read_prompt(write(tmp_path, front))


def test_variants_are_compared_with_intervals_tokens_and_time():
    engine = engines.get("scripted")(replies={"animal": "cat"})
    cases = [TaskCase((_user(f"animal {i}"),), ("cat",), "", i) for i in range(8)]
    variants = list_variants(
        [Prompt("p", "", "Sort.", "{{ question }}")], [0, 2], ["fixed", "nearest"]
    )
    assert [v.label for v in variants] == ["p, 0 shots", "p, 2 fixed", "p, 2 nearest"]
    rows = compare_prompts(
        engine, variants, cases, POOL, "accuracy", embed=embed,
        render=lambda prompt, case: prompt.render(question=case.messages[-1].content),
    )  # fmt: skip
    assert [row["accuracy"]["value"] for row in rows] == [1.0, 1.0, 1.0]
    assert rows[1]["prompt_tokens"] > rows[0]["prompt_tokens"]
    assert rows[0]["against_first"] is None and rows[1]["against_first"]["distinguishable"] is False


def _user(text):
    from genwright.engines import ChatMessage

    return ChatMessage("user", text)


def test_the_built_in_classifier_prompt_names_labels():
    system, user = load_prompt("classify").render(labels=["a", "b"], text="hi")
    assert "a, b" in user and "hi" in user and system
