"""An examination tells models that can write answers from those that cannot."""

import pytest
from tests.fixtures.library import Listening

from genwright.errors import EngineFailed
from genwright.models.examination import ITEMS, Examination, examine_engine, mark_replies

RIGHT = {
    "How long": "It is 388 metres long.",
    "kiln": "The water in it would turn to steam and burst the ware.",
    "difference": "The Basic plan is for 3 users, the Team plan for 25.",
    "List the things": "- a strap wrench\n- a drip tray\n- a new gasket",
    "Pellon": "```\npellon serve --port 9000\n```",
    "designed|looms": "I don't know.",
    "squares": "It has 81 squares.",
    "boil": "At 62 degrees Celsius.",
    "Riemen": "Sie werden alle 14 Wochen gewechselt.",
    "cerrado": "El museo cierra los martes.",
    "门票": "门票是35元。",
}


class Able(Listening):
    def _find_reply(self, prompt, last):
        return super()._find_reply(prompt, last.rpartition("Question: ")[2])


def test_who_answers_all_is_able():
    found = examine_engine(Able(RIGHT))
    assert found.right == 1.0 and found.able
    assert set(found.shares) == {"all", "answers", "format", "unknown", "source", "languages"}
    assert len(found.replies) == len(ITEMS)


def test_who_copies_is_not_able():
    assert not examine_engine(Listening()).able


def test_who_never_says_that_it_does_not_know_is_not_able():
    assert not examine_engine(Able({**RIGHT, "designed|looms": "Sir John Marn, 12 of them."})).able


def test_nothing_is_right_that_says_nothing():
    assert set(mark_replies([""] * len(ITEMS)).values()) == {0.0}


def test_who_takes_too_long_fails(monkeypatch):
    monkeypatch.setattr("genwright.models.examination.LIMIT_SECONDS", 0.0)
    with pytest.raises(EngineFailed, match="did not finish"):
        examine_engine(Able(RIGHT))


def test_an_examination_says_so_in_a_few_words():
    assert Examination({"all": 0.75, "unknown": 0.5}).describe() == "yes, 75 % right"
