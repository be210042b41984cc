# ruff: noqa: RUF001 - punctuation of other scripts
"""A question that asks several things is taken apart; one that asks one thing stays whole."""

import pytest

from genwright.answers.understanding.parts import (
    MOST_PARTS,
    split_compared,
    split_parts,
    split_question,
)


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "When was the pier built, and who paid for it?",
            ["When was the pier built", "who paid for it?"],
        ),
        (
            "How deep is the harbour? Which ships may enter?",
            ["How deep is the harbour?", "Which ships may enter?"],
        ),
        (
            "Wann wurde der Pier gebaut und wer hat ihn bezahlt?",
            ["Wann wurde der Pier gebaut", "wer hat ihn bezahlt?"],
        ),
        (
            "Quand ouvre le port et combien coûte l'entrée ?",
            ["Quand ouvre le port", "combien coûte l'entrée ?"],
        ),
        ("What is oil and when is it changed?", ["What is oil", "when is it changed?"]),
        ("码头什么时候建成？谁出的钱？", ["码头什么时候建成？", "谁出的钱？"]),
    ],
)
def test_each_thing_asked_is_a_part(question, parts):
    assert split_parts(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Which ships and boats may enter the harbour?",
        "Who paid for the piers and the lighthouse?",
        "How deep is it",
        "The harbour has three piers. Which ones?",
        "Why? How?",
        "木造の桟橋はいつ建てられましたか",
        "",
        "   ",
    ],
)
def test_what_asks_one_thing_stays_as_it_is(question):
    assert split_parts(question) == [question]


def test_no_more_parts_than_are_worth_a_search_each():
    question = " ".join(f"How deep is harbour number {number}?" for number in range(9))
    assert len(split_parts(question)) == MOST_PARTS


def test_the_parts_are_words_of_the_question_in_its_order():
    question = "Where is the pier, what is it made of, and how long will it last?"
    parts = split_parts(question)
    assert len(parts) == 3
    places = [question.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("question", "compared"),
    [
        ("What is the difference between oak and pine?", ["oak", "pine"]),
        ("Was ist der Unterschied zwischen Eiche und Kiefer?", ["Eiche", "Kiefer"]),
        ("Quelle différence entre le chêne et le pin ?", ["le chêne", "le pin"]),
        ("oak vs. pine", ["oak", "pine"]),
        ("oak compared to pine", ["oak", "pine"]),
        ("oak vs pine: how old?", ["oak : how old?", "pine: how old?"]),
    ],
)
def test_what_is_compared_is_looked_for_on_either_side(question, compared):
    assert split_compared(question) == compared


@pytest.mark.parametrize(
    "question",
    [
        "Why is oak used?",
        "Is oak better than pine?",
        "How many piers are between the river and the lake?",
        "Wie viele Brücken gibt es zwischen Fluss und See?",
        "",
    ],
)
def test_without_words_of_comparison_there_are_no_sides(question):
    assert split_compared(question) == []


def test_a_question_is_the_sides_it_compares_or_else_its_parts_or_nothing():
    assert split_question("oak vs pine") == ["oak", "pine"]
    assert len(split_question("When was the pier built, and who paid for it?")) == 2
    assert split_question("When was the pier built?") == []
