"""Sets of questions as people type them, in both forms."""

import json

import pytest

from genwright.errors import NotFound, UsageError
from genwright.evaluation.suites.questions import read_answer_set

WILD = {
    "id": "a", "collection": "pumps", "kind": "fact", "question": "How much?", "expect": "answer",
    "history": [{"role": "assistant", "content": "Oil."}],
    "nuggets": [{"text": "6 bar", "any": ["6 BAR"]}], "forbidden": [], "sources": ["p.txt"],
}  # fmt: skip
OWN = {
    "id": "b", "set": "mtrag", "question": "How much?", "expect": "refuse", "answers": ["None."],
    "history": [{"speaker": "agent", "text": "Oil."}],
    "documents": [{"id": "d", "title": "T", "text": "Six."}],
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write_rows(*rows):
        file = tmp_path / "questions.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)))
        return file

    return write_rows


def test_the_form_is_told_by_the_fields(write):
    [wild] = (read := read_answer_set(write(WILD))).cases
    assert (read.form, len(read.sha256), wild.collection) == ("wild", 64, "pumps")
    assert wild.nuggets[0].is_in("it is 6 bar") and wild.history[0].role == "assistant"
    [own] = (read := read_answer_set(write(OWN))).cases
    assert (read.form, own.collection, own.answers) == ("documents", "mtrag", ("None.",))
    assert own.history == wild.history and own.documents[0].text == "Six."


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((), "no questions"),
        ((WILD, WILD), "two questions"),
        (({**WILD, "expect": "luck"},), "luck"),
        (({**WILD, "nuggets": [{"any": ["("]}]},), "question 1"),
        (({**OWN, "documents": []},), "documents"),
        (({**OWN, "expect": "smalltalk"},), "answer, refuse"),
        ((WILD, OWN), "question 2"),
    ],
)
def test_what_is_not_in_the_form_is_named(write, rows, message):
    with pytest.raises(UsageError, match=message):
        read_answer_set(write(*rows))


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        read_answer_set(tmp_path / "none.jsonl")
