"""What is quoted below an answer that a model wrote."""

import pytest

from genwright.answers.base import Question
from genwright.answers.strategies.rag import add_details
from genwright.grounding.citations import Sentence

QUOTED = [
    Sentence("Open the valve, then wait until the gauge stands at zero. " * 4, 1.0, before="\n\n"),
    Sentence("Close the cover and start the pump again. " * 4, 1.0, before="\n\n"),
]
SCANT = [Sentence("Open the valve.", 0.9)]
AMPLE = [Sentence("Open the valve and wait for the gauge to stand at zero. " * 4, 0.9)]
STEPS = Question("How do I bleed the pump?", kind="how-to", kinds={"how-to": 0.9, "fact": 0.02})


def test_steps_told_in_a_few_words_are_followed_by_what_the_sources_say():
    assert add_details(STEPS, SCANT, QUOTED) == QUOTED


def test_an_answer_that_says_enough_stands_alone():
    assert add_details(STEPS, AMPLE, QUOTED) == []


@pytest.mark.parametrize("kinds", [{"fact": 0.9}, {"fact": 0.35, "explanation": 0.6}])
def test_a_fact_needs_no_more(kinds):
    asked = Question("Which valve is it?", kind=max(kinds, key=kinds.get), kinds=kinds)
    assert add_details(asked, SCANT, QUOTED) == []


def test_what_is_too_long_together_is_left_out():
    long = [*QUOTED, Sentence("It may take an hour. " * 60, 1.0, before="\n\n")]
    assert add_details(STEPS, SCANT, long) == QUOTED
