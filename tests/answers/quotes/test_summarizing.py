"""The most telling sentences of a text: prose only, within the size, in its order."""

import pytest
from tests.fixtures.hits import hit

from genwright.answers.quotes.summarizing import (
    MOST_SENTENCES,
    SHORTEST,
    TellingSentence,
    choose_telling,
    list_sentences,
)
from genwright.embeddings import embedders

PIERS = "The harbour has four piers of oak that were built by the town in one summer."
FEES = "Every ship that moors at one of the piers pays a fee of four crowns a day."
DOGS = "Dogs are welcome on every pier as long as their owners hold them on a leash."


@pytest.fixture(scope="module")
def embedder():
    return embedders.get("hashing")()


def tell(*texts: str, section: str = "") -> list[TellingSentence]:
    found = [hit(text, passage=place, section=section) for place, text in enumerate(texts)]
    return list_sentences(found)


def test_sentences_of_prose_are_listed_with_their_places():
    text = f"{PIERS} {FEES}"
    told = list_sentences([hit(text, start=90)])
    assert [each.text for each in told] == [PIERS, FEES]
    assert [text[each.start - 90 : each.end - 90] for each in told] == [PIERS, FEES]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# The harbour and everything that one should know about it",
        "| pier | fee of a day for each of the ships that moor there |",
        f"```\n{FEES}\n```",
        "author: Anna Kolb and others who work at the office of the harbour.",
        "[The harbour](a.html) and [its piers](b.html) and [its many fees](c.html).",
        "12 34 56 78 90 12 34 56 78 90 12 34 56 78 90 12 34 56 78 90.",
        "Too short to tell.",
        "It never ends and " * 40,
    ],
)
def test_what_is_no_prose_is_not_listed(text):
    assert tell(text) == []


def test_prose_of_a_dense_script_may_be_shorter():
    text = "这个港口有四个橡木码头供船只停靠。"
    assert len(text) < SHORTEST
    assert [each.text for each in tell(text)] == [text]


def test_the_first_sentence_of_each_section_opens_it():
    told = list_sentences(
        [
            hit(f"{PIERS} {FEES}", section="Piers"),
            hit(DOGS, passage=2, section="Dogs", start=300),
        ]
    )
    assert [each.opens for each in told] == [True, False, True]


def test_nothing_to_choose_from_gives_nothing(embedder):
    assert choose_telling([], embedder, 500) == []


def test_a_single_sentence_is_its_own_summary(embedder):
    told = tell(PIERS)
    assert choose_telling(told, embedder, 500) == told


def test_chosen_sentences_fit_and_keep_their_order(embedder):
    told = tell(*(f"{PIERS[:-1]} of the year {year}." for year in range(1800, 1840)), FEES, DOGS)
    chosen = choose_telling(told, embedder, 300)
    assert sum(len(each.text) for each in chosen) <= 300
    assert [told.index(each) for each in chosen] == sorted(told.index(each) for each in chosen)
    assert len(choose_telling(told, embedder, 10_000, most=3)) == 3


def test_a_sentence_longer_than_what_is_left_is_not_chosen(embedder):
    assert choose_telling(tell(PIERS), embedder, len(PIERS) - 1) == []


def test_what_is_asked_for_is_nearer_than_what_is_not(embedder):
    told = tell(PIERS, FEES, DOGS)
    (chosen,) = choose_telling(told, embedder, 500, "dogs on a leash", most=1)
    assert chosen.text == DOGS


def test_a_long_text_is_sampled_from_beginning_to_end(embedder):
    told = tell(*(f"{FEES[:-1]} in {year} or so." for year in range(2 * MOST_SENTENCES)))
    chosen = choose_telling(told, embedder, 10_000, "1 2 479 or so", most=MOST_SENTENCES)
    assert len(chosen) <= MOST_SENTENCES
    assert told.index(chosen[-1]) > MOST_SENTENCES
