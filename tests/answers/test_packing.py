"""What is packed fits, says something, and says nothing twice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.hits import evidence, hit

from genwright.answers.packing import ENOUGH, pack_excerpts, pack_passages, pack_quotable
from genwright.answers.quotes.excerpts import Excerpt
from genwright.grounding.evidence import Evidence

PACKERS = [pack_excerpts, pack_passages]


def count(texts):
    return [len(text.split()) for text in texts]


def letters(texts):
    return [len(text) for text in texts]


passages = st.lists(
    st.tuples(
        st.lists(st.sampled_from("oil pump valve 46 Brenner".split()), min_size=1, max_size=30),
        st.sampled_from(["", "Pumps"]),
        st.floats(0.01, 0.99),
    ),
    min_size=1,
    max_size=8,
)


@st.composite
def found(draw) -> list[Evidence]:
    made = []
    for number, (said, title, score) in enumerate(draw(passages)):
        text = " ".join(said)
        place = hit(text, passage=number, document=number // 2, start=number * 1000, title=title)
        made.append(evidence(place, text[: draw(st.integers(1, len(text)))], score))
    return sorted(made, key=lambda each: -each.score)


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("measure", [count, letters])
@given(evidence=found(), budget=st.integers(1, 200))
def test_the_budget_is_kept_and_something_is_packed(pack, measure, evidence, budget):
    packed = pack(evidence, budget, measure)
    assert packed.texts and packed.texts[0]
    assert sum(measure(packed.texts)) <= budget
    assert len(packed.texts) == len(packed.evidence)
    assert packed.evidence[0] == evidence[0]


@given(evidence=found())
def test_excerpts_stop_when_they_are_probably_enough(evidence):
    packed = pack_excerpts(evidence, 10_000, count)
    missing = 1.0
    for each in packed.evidence[:-1]:
        missing *= 1 - each.score
    assert missing > 1 - ENOUGH


def test_excerpts_that_overlap_are_packed_once():
    text = hit("Oil it. Use grade 46. Mind the valve.")
    packed = pack_excerpts(
        [
            evidence(text, "Use grade 46.", 0.3),
            evidence(text, "Use grade 46. Mind the valve.", 0.2),
            evidence(text, "Oil it.", 0.1),
        ],
        100,
        count,
    )
    assert packed.texts == ("Use grade 46.", "Oil it.")


def test_passages_are_whole_and_packed_once():
    text = hit("Oil it. Use grade 46.", title="Pumps", section="Oil")
    packed = pack_passages([evidence(text, "Oil it."), evidence(text, "Use grade 46.")], 100, count)
    assert packed.texts == ("[Pumps > Oil] Oil it. Use grade 46.",)


def test_a_passage_that_does_not_fit_gives_way_to_one_that_does():
    first, second, third = (
        hit(text, passage=number, document=number)
        for number, text in enumerate(["one two three.", "word " * 50, "four five."])
    )
    packed = pack_passages(
        [evidence(first, "one"), evidence(second, "word"), evidence(third, "four")], 6, count
    )
    assert packed.texts == ("one two three.", "four five.")


def test_a_passage_larger_than_the_budget_is_told_by_its_excerpt():
    text = hit("word " * 50 + "Use grade 46.")
    packed = pack_passages([evidence(text, "Use grade 46.")], 5, count)
    assert packed.texts == ("Use grade 46.",)


LINES = "Oil it first. Then wait for an hour. Then start it."


def excerpt(place, text: str) -> Excerpt:
    start = place.start + place.text.index(text)
    return Excerpt(place, start, start + len(text), text, 0.9)


def test_what_would_be_quoted_is_read_however_long_it_takes():
    place = hit(LINES, title="")
    packed = pack_quotable([excerpt(place, LINES)], [], 100, 1, count)
    assert packed.texts == (LINES,) and not packed.is_scarce


def test_what_stands_between_two_stretches_is_read_too():
    place = hit(LINES, title="", start=40)
    stretches = [excerpt(place, "Then start it."), excerpt(place, "Oil it first.")]
    assert pack_quotable(stretches, [], 100, 100, count).texts == (LINES,)
    first, last = (
        hit("Oil it first. Then wait", title=""),
        hit("Start it.", title="", passage=2, start=24),
    )
    stretches = [excerpt(first, "Oil it first."), excerpt(last, "Start it.")]
    packed = pack_quotable(stretches, [], 100, 100, count)
    assert packed.texts == ("Oil it first. Then wait Start it.",)


def test_stretches_that_are_far_apart_stay_apart():
    place = hit(f"Oil it. {'Wait. ' * 99}Start it.", title="")
    stretches = [excerpt(place, "Oil it."), excerpt(place, "Start it.")]
    assert pack_quotable(stretches, [], 100, 100, count).texts == ("Oil it.", "Start it.")
    other = hit("Start it.", title="", document=7, start=8)
    stretches = [excerpt(hit("Oil it.", title=""), "Oil it."), excerpt(other, "Start it.")]
    assert pack_quotable(stretches, [], 100, 100, count).texts == ("Oil it.", "Start it.")


def test_further_passages_follow_while_there_is_time():
    quoted = hit("Oil it.", title="")
    more = [evidence(hit(f"Wait {n}.", title="", document=n), f"Wait {n}.") for n in (5, 6, 7)]
    packed = pack_quotable([excerpt(quoted, "Oil it.")], more, 100, 6, count)
    assert packed.texts == ("Oil it.", "Wait 5.", "Wait 6.")


def test_a_heading_is_said_once_and_links_lose_their_targets():
    text = "See [the manual](https://example.com/manual?page=1)."
    place = replace(hit(text, title="Pumps"), section="Pumps > [Oil](oil.html)")
    assert pack_passages([evidence(place, text)], 100, count).texts == (
        "[Pumps > Oil] See the manual.",
    )
