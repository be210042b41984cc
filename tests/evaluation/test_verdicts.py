"""Verdicts on answers, and that they are those of the set's own script."""

import importlib.util
import json
import re

import pytest

from genwright.evaluation.suites.questions import AnswerCase, Nugget, read_answer_set
from genwright.evaluation.verdicts import (
    GivenAnswer,
    find_missing,
    is_source,
    judge_answer,
    normalize_reply,
)

SIX = Nugget("6 bar", (re.compile(r"\b6 bar\b", re.IGNORECASE),))
OIL = Nugget("grade 46", (re.compile("grade 46", re.IGNORECASE),))
EIGHT = Nugget("8 bar", (re.compile(r"\b8 bar\b", re.IGNORECASE),))


def case(**changes):
    known = {"nuggets": (SIX, OIL), "forbidden": (EIGHT,), "sources": ("pumps.txt",)}
    return AnswerCase("q", "How much?", **{"kind": "fact", "collection": "c", "expect": "answer"}
                      | known | changes)  # fmt: skip


def given(text, *cited, refused=False, id_="q"):
    return GivenAnswer(id_, text, refused, cited, 0.5)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (given("6 bar, **grade** 46. [1]", "/home/ada/pumps.txt"), "right"),
        (given("6 bar, grade 46.", "boilers.txt"), "partial"),
        (given("6 bar, grade 46.", "pumps.txt", refused=True), "refused"),
        (given("6 bar, grade 46, or 8 bar.", "pumps.txt"), "wrong"),
        (given("6 bar." + " More." * 200, "pumps.txt"), "partial"),
        (given("Nobody knows.", "pumps.txt"), "wrong"),
    ],
)
def test_an_answer_is_judged_by_what_it_says_cites_and_its_length(answer, verdict):
    assert judge_answer(case(), answer) == verdict


def test_what_keeps_an_answer_from_being_right_is_named():
    found = find_missing(case(), given("8 bar" + "." * 800))
    assert found == [
        "lacks: 6 bar", "lacks: grade 46", "says: 8 bar", "cites none of: pumps.txt",
        "805 characters",
    ]  # fmt: skip
    assert find_missing(case(), given("6 bar, grade 46", "pumps.txt")) == []


def test_a_reply_loses_markers_signs_and_double_blanks():
    assert normalize_reply("## Use\xa0`foreign_keys`【1:2】 [^1] [2\u20134]\n> now") == (
        "Use `foreignkeys` now"
    )


def test_a_citation_names_a_source_by_its_file_name():
    assert is_source("C:\\docs\\wal.html", ["manual/wal.html"])
    assert not is_source("", ["manual/wal.html"]) and not is_source("al.html", ["wal.html"])


@pytest.fixture(scope="module")
def wild(test_data):
    folder = test_data / "16-rag-answers" / "wild"
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set GENWRIGHT_TEST_DATA to a folder that has it")
    return folder


def make_up(row):
    """Answers of many kinds to a question: text, citations, refused."""
    sources = row.get("sources") or []
    said = [re.sub(r"\\\w|[\\^$()?*+{}\[\]|]", " ", each["any"][0]) for each in row["nuggets"]]
    texts = [each.get("text", "") for each in row["nuggets"]]
    banned = [re.sub(r"\\\w|[\\^$()?*+{}\[\]|]", " ", e["any"][0]) for e in row["forbidden"]]
    for words in (said, texts, said[:1], texts[: len(texts) // 2], banned, [*texts, *banned], []):
        text = "; ".join(words)
        for answer in (text, f"**{text}** [1] Is it?", text + " and so on" * 60, text + " m" * 900):
            for cited in (sources[:1], [f"/a/b/{each}" for each in sources[-1:]], ["else.txt"], []):
                for refused in (False, True):
                    yield answer, cited, refused


def test_every_verdict_is_that_of_the_set_s_own_script(wild):
    spec = importlib.util.spec_from_file_location("wild_score", wild / "score.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rows = [json.loads(line) for line in (wild / "questions.jsonl").read_text().splitlines()]
    cases = read_answer_set(wild / "questions.jsonl").cases
    assert len(rows) == len(cases) == 144
    seen = set()
    for row, each in zip(rows, cases, strict=True):
        for text, cited, refused in make_up(row):
            mine = judge_answer(each, given(text, *cited, refused=refused, id_=each.id))
            theirs = script.verdict(row, {"answer": text, "citations": cited, "refused": refused})
            assert mine == theirs, (each.id, text, cited, refused)
            seen.add(mine)
    assert seen == {"right", "partial", "wrong", "refused"}
