"""Checks find what is planted, and nothing in clean rows; mending and splitting keep their word."""

import json
import random

import pytest

from genwright.datasets import (
    Dataset,
    LengthLimits,
    check_dataset,
    list_stored_datasets,
    read_stored_dataset,
    repair_dataset,
    split_dataset,
    store_dataset,
)
from genwright.datasets.checks import find_turn_problem, sign_test
from genwright.datasets.near_duplicates import compute_signatures, group_near_duplicates
from genwright.datasets.scan import repair_text
from genwright.datasets.secrets import find_secret, measure_entropy
from genwright.errors import NotFound, UsageError
from genwright.storage import Database
from genwright.types import OWNER, Principal

pytest.importorskip("rensa", reason="needs the train extra")
WORDS = ("valve pump boiler oil filter hall pressure door bridge river winter engine lamp wire "
         "cable roof wall stone glass paper").split()  # fmt: skip


def sentence(i: int) -> str:
    return " ".join(random.Random(i).choices(WORDS, k=9)) + f" {i}"


def labelled(count: int = 40) -> list[dict]:
    return [{"text": sentence(i), "label": "up" if i % 2 else "down"} for i in range(count)]


def found(rows: list[dict], form: str = "classification", **options) -> dict:
    report = check_dataset(Dataset("d", form, tuple(rows)), **options)
    return {each.check: each for each in report.findings}


def test_clean_rows_have_no_findings():
    assert found(labelled()) == {}
    pairs = [{"prompt": sentence(i), "chosen": "a" * (5 + i % 3), "rejected": "b" * (6 - i % 3)}
             for i in range(30)]  # fmt: skip
    assert found(pairs, "preference") == {}


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("", "empty"),
        ("mail ann.miller@example.com now", "pii_email"),
        ("my key is AKIAABCDEFGHIJKLMNOP, keep it", "secrets"),
        ('password = "x9Kf82jQpL0aZ7tR"', "secrets"),
        ("-----BEGIN RSA PRIVATE KEY-----", "secrets"),
        ("the cafÃ© is open", "encoding"),
        ("a broken \ufffd sign", "encoding"),
        ("a bell \x07 rings", "encoding"),
    ],
)
def test_a_planted_fault_is_found_in_its_row(text, check):
    rows = labelled()
    rows[7] = {"text": text, "label": "up"}
    findings = found(rows)
    assert findings[check].rows == (8,)
    assert findings[check].mend and findings[check].says
    assert set(findings) <= {check, "contradictions"}


def test_secrets_are_not_repeated_in_the_report():
    rows = labelled()
    rows[3]["text"] = "use sk-abcdefghijklmnopqrstuvwx today"
    [example] = found(rows)["secrets"].examples
    assert "sk-abc" not in example and "***" in example
    assert find_secret("the token: of appreciation given to all") is None
    assert measure_entropy("aaaa") == 0


def test_repeats_near_repeats_and_contradictions_are_told_apart():
    rows = labelled()
    rows.append(dict(rows[0]))
    rows.append({"text": rows[1]["text"] + " please", "label": rows[1]["label"]})
    rows.append({"text": rows[2]["text"], "label": "up"})
    findings = found(rows)
    assert findings["exact_duplicates"].rows == (41,)
    assert 42 in findings["near_duplicates"].rows
    assert set(findings["contradictions"].rows) == {3, 43}
    groups = group_near_duplicates(
        compute_signatures(["a b c d e f g h", "x y z u v w", "a b c d e f g h"])
    )
    assert groups == [0, 1, 0]


def test_labels_that_are_rare_uneven_or_all_the_same():
    rows = [*labelled(40), {"text": "something else here", "label": "odd"}]
    findings = found(rows)
    assert findings["rare_labels"].rows == (41,)
    assert "imbalance" in findings
    one = [{**row, "label": "up"} for row in labelled()]
    assert check_dataset(Dataset("d", "classification", tuple(one))).is_refused()


def test_pairs_that_teach_length_or_nothing():
    rows = [{"prompt": sentence(i), "chosen": "long answer here", "rejected": "no"}
            for i in range(30)]  # fmt: skip
    rows[4]["rejected"] = rows[4]["chosen"]
    findings = found(rows, "preference")
    assert findings["identical_pairs"].rows == (5,)
    assert "longer_is_chosen" in findings
    assert sign_test(50, 50) == pytest.approx(1.0)
    assert sign_test(0, 10) == pytest.approx(2 / 1024)
    assert sign_test(700, 400) < 1e-9


def test_turns_out_of_order_are_named():
    assert find_turn_problem([{"role": r} for r in ("system", "user", "assistant")]) == ""
    assert find_turn_problem([{"role": "user"}, {"role": "user"}]).startswith("No turn")
    said = {"content": "x"}
    rows = [{"messages": [{"role": r, **said} for r in roles]} for roles in (
        ("user", "assistant"), ("assistant", "user"), ("user", "user", "assistant"),
        ("user", "system", "assistant"), ("user", "assistant", "tool", "assistant"))]  # fmt: skip
    report = check_dataset(Dataset("d", "messages", tuple(rows)), near=False)
    assert report.list_bad_rows() == {2, 3, 4}


def test_rows_over_length_and_overlap_with_an_evaluation_set():
    rows = labelled()
    long = " ".join(WORDS * 2)
    rows[5]["text"] = long
    limits = LengthLimits(lambda texts: [len(text.split()) for text in texts], 20)
    held_out = Dataset("held", "classification", ({"text": f"{long} too", "label": "up"},))
    findings = found(rows, limits=limits, against=[held_out])
    assert findings["over_length"].rows == findings["overlap"].rows == (6,)
    import numpy as np

    def embed(texts):
        return np.eye(4, dtype=np.float32)[[0 if "meaning" in text else 1 for text in texts]]

    rows[9]["text"] = "of the same meaning"
    other = Dataset("o", "classification", ({"text": "its meaning is alike", "label": "up"},))
    assert found(rows, against=[other], embed=embed)["same_meaning"].rows == (10,)


def test_the_threshold_decides():
    rows = labelled(100)
    for place in range(4):
        rows[place]["text"] = ""
    report = check_dataset(Dataset("d", "classification", tuple(rows)))
    assert not report.is_refused(0.05) and report.is_refused(0.03)
    assert json.dumps(report.json())


def test_a_mended_copy_has_no_faults_and_says_where_rows_came_from():
    rows = labelled(30)
    rows[2]["text"] = ""
    rows[4]["text"] = "the cafÃ© is open in winter"
    rows.append(dict(rows[0]))
    dataset = Dataset("d", "classification", tuple(rows))
    better = repair_dataset(dataset, check_dataset(dataset))
    assert len(better) == 29
    assert better.rows[3]["text"] == "the café is open in winter"
    assert better.rows[3]["lineage"] == {
        "dataset": dataset.sha256, "row": 5, "mended": ["encoding"]}  # fmt: skip
    report = check_dataset(better)
    assert not report.list_bad_rows()
    assert repair_text("naÃ¯ve â€œquotesâ€\x9d") == "naïve “quotes”"


def test_a_split_is_the_same_each_time_in_proportion_and_leaks_nothing():
    rows = labelled(200)
    rows += [{"text": row["text"] + " please", "label": row["label"]} for row in rows[:40]]
    dataset = Dataset("d", "classification", tuple(rows))
    parts, again = split_dataset(dataset, seed=3), split_dataset(dataset, seed=3)
    assert [p.sha256 for p in parts.all().values()] == [p.sha256 for p in again.all().values()]
    assert split_dataset(dataset, seed=4).test.sha256 != parts.test.sha256
    assert sum(map(len, parts.all().values())) == 240
    for part in parts.all().values():
        up = sum(row["label"] == "up" for row in part.rows) / len(part)
        assert up == pytest.approx(0.5, abs=0.12)
    home = {row["text"]: name for name, part in parts.all().items() for row in part.rows}
    for row in rows[:40]:
        assert home[row["text"]] == home[row["text"] + " please"]
    with pytest.raises(UsageError, match="too few for a"):
        split_dataset(Dataset("d", "text", ({"text": "a"}, {"text": "b"})))
    with pytest.raises(UsageError, match="nothing is left"):
        split_dataset(dataset, validation=0.5, test=0.5)


def test_the_digest_is_of_what_is_learnt():
    one = Dataset("a", "text", ({"text": "x", "lineage": {"row": 1}},))
    assert one.sha256 == Dataset("b", "text", ({"text": "x"},)).sha256
    assert one.sha256 != Dataset("a", "text", ({"text": "y"},)).sha256


def test_kept_sets_come_back_and_are_their_owners(tmp_path):
    database = Database(tmp_path / "genwright.db")
    dataset = Dataset("d", "classification", tuple(labelled(6)))
    report = check_dataset(dataset)
    ann = Principal("ann")
    first = store_dataset(database, tmp_path / "data", ann, dataset, report)
    assert store_dataset(database, tmp_path / "data", ann, dataset, report) == first
    assert read_stored_dataset(tmp_path / "data", dataset.sha256, "d", "classification") == dataset
    assert [each.name for each in list_stored_datasets(database, OWNER)] == ["d"]
    assert list_stored_datasets(database, Principal("bob")) == []
    with pytest.raises(NotFound):
        read_stored_dataset(tmp_path / "data", "0" * 64)
    database.close()
