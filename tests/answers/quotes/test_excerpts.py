"""Which stretches of passages are shown: whole lists and blocks, within the size asked for."""

import pytest
from tests.fixtures.hits import hit

from genwright.answers.quotes.blocks import find_header, lacks_header
from genwright.answers.quotes.excerpts import (
    SIZES,
    Excerpt,
    Size,
    breaks_off,
    choose_excerpts,
    continue_block,
    drop_overlaps,
)
from genwright.grounding.passages import ReadPassage, Unit, split_units

PROSE = (
    "The harbour lies in a bay. Its piers are of oak. Ships pay four crowns a day. "
    "Fishers pay nothing at all. The office closes at six. Dogs are welcome on the piers."
)
LIST = (
    "The office has a stove.\n\nBring these along:\n\n- a passport\n- two photographs\n"
    "- the fee of four crowns\n\nThe queue is long on Mondays."
)
CODE = "Read the gauge so:\n\n```python\ngauge = open_gauge()\nprint(gauge.value)\n```\n\nIt beeps."
TABLE = "| pier | fee |\n|---|---|\n| north | 4 crowns |\n| south | 6 crowns |"
SMALL = Size(120, 2, 10, 140)


def read(text: str, *marked: str, rank: float = 0.9, **place) -> ReadPassage:
    """A passage whose units that contain one of the words marked answer."""
    found = hit(text, **place)
    units = tuple(
        Unit(start, end, line, 0.9 if any(word in line for word in marked) else 0.01)
        for start, end, line in split_units(found)
    )
    return ReadPassage(found, rank, units, rank)


def show(*passages: ReadPassage, size: Size = SMALL) -> list[str]:
    return [each.text for each in choose_excerpts(passages, size)]


def whole(text: str, **place) -> Excerpt:
    found = hit(text, **place)
    return Excerpt(found, found.start, found.end, text, 0.9)


def test_nothing_read_shows_nothing():
    assert choose_excerpts([], SIZES["fact"]) == []


def test_the_unit_that_answers_is_shown_alone_where_it_is_long_enough():
    assert show(read(PROSE, "four crowns")) == ["Ships pay four crowns a day."]


def test_a_short_unit_is_shown_with_what_stands_around_it():
    (text,) = show(read(PROSE, "four crowns"), size=Size(200, 1, 80, 250))
    assert "Ships pay four crowns a day." in text
    assert len(text) >= 80


def test_a_gap_of_one_unit_between_answers_is_filled():
    (text,) = show(read(PROSE, "four crowns", "closes"), size=Size(200, 1, 10, 250))
    assert text == PROSE[PROSE.index("Ships") : PROSE.index(" Dogs")]


@pytest.mark.parametrize("item", ["a passport", "two photographs", "the fee"])
def test_an_item_brings_its_list_and_the_line_that_introduces_it(item):
    (text,) = show(read(LIST, item))
    assert text == LIST[LIST.index("Bring") : LIST.index("\n\nThe queue")]


def test_the_line_that_introduces_a_list_brings_it():
    (text,) = show(read(LIST, "Bring"))
    assert text.endswith("- the fee of four crowns")


def test_a_line_of_code_brings_its_whole_block():
    (text,) = show(read(CODE, "print"))
    assert text.count("```") == 2
    assert "gauge = open_gauge()" in text


def test_a_heading_is_answered_by_what_follows_it_and_does_not_begin_a_stretch():
    (text,) = show(read(f"# Fees\n\n{PROSE}", "# Fees"))
    assert text.startswith("The harbour lies")


def test_a_question_in_the_source_is_answered_by_what_follows_it():
    (text,) = show(read("What is the fee? It is four crowns a day. Dogs go free.", "What is"))
    assert text == "What is the fee? It is four crowns a day."


def test_a_less_likely_passage_of_another_document_is_not_shown():
    best = read(PROSE, "four crowns")
    far = read("Cats are welcome in the stove room.", "Cats", rank=0.3, passage=2, document=2)
    assert show(best, far) == ["Ships pay four crowns a day."]


def test_an_equally_likely_passage_of_another_document_is_shown_after_the_best():
    best = read(PROSE, "four crowns")
    other = read("Barges pay nine crowns a week.", "Barges", rank=0.89, passage=2, document=2)
    assert show(best, other) == ["Ships pay four crowns a day.", "Barges pay nine crowns a week."]


def test_what_was_shown_is_not_shown_again():
    best = read(PROSE, "four crowns")
    copy = read("Ships pay four crowns a day.", "Ships", rank=0.9, passage=2, document=2)
    assert show(best, copy) == ["Ships pay four crowns a day."]


def test_stretches_of_one_document_are_shown_in_its_order():
    late = read("Barges pay nine crowns a week.", "Barges", rank=0.9, passage=2, start=500)
    early = read(PROSE, "four crowns", rank=0.85)
    assert show(late, early) == ["Ships pay four crowns a day.", "Barges pay nine crowns a week."]


@pytest.mark.parametrize("text", [PROSE, LIST, CODE, f"{TABLE}\n\n{PROSE}"])
@pytest.mark.parametrize("kind", SIZES)
def test_an_excerpt_is_the_text_at_its_place_and_no_larger_than_allowed(text, kind):
    shown = choose_excerpts([read(text, "crowns", "gauge", start=700)], SIZES[kind])
    assert 1 <= len(shown) <= SIZES[kind].stretches
    assert sum(each.end - each.start for each in shown) <= SIZES[kind].characters
    for each in shown:
        assert text[each.start - 700 : each.end - 700] == each.text


def test_a_list_longer_than_allowed_is_cut_at_an_item_and_keeps_the_one_that_answers():
    items = "\n".join(f"- thing number {number} of many" for number in range(40))
    (text,) = show(read(f"Bring these:\n\n{items}", "number 20 "), size=Size(200, 1, 10, 250))
    assert len(text) <= 200
    assert "- thing number 20 of many" in text.splitlines()


def test_a_list_that_its_passage_breaks_off_in_goes_on_until_it_ends():
    first, rest = "Bring:\n- a passport\n", "- two photographs\n- the fee\nThe queue is long.\n"
    shown = Excerpt(hit(first), 0, len(first.rstrip()), first.rstrip(), 0.9)
    longer = continue_block(shown, hit(first + rest), 500)
    assert longer.text == "Bring:\n- a passport\n- two photographs\n- the fee"
    assert (longer.start, longer.end) == (0, len(longer.text))


def test_code_goes_on_to_the_end_of_its_block_and_no_farther():
    first = "Run:\n```\nopen\n"
    shown = Excerpt(hit(first), 0, len(first), first, 0.9)
    longer = continue_block(shown, hit(f"{first}read\nclose\n```\nIt beeps.\n"), 500)
    assert longer.text.endswith("close\n```")


def test_a_list_does_not_go_on_beyond_the_most_characters():
    first, rest = "Bring:\n- a passport\n", "- two photographs\n- the fee\n"
    shown = Excerpt(hit(first), 0, len(first), first, 0.9)
    assert continue_block(shown, hit(first + rest), len(first) + 20).text.endswith("photographs")


def test_of_overlapping_excerpts_the_first_is_kept():
    one, other = whole("a" * 50), whole("b" * 50, start=40)
    beside, elsewhere = whole("c" * 50, start=50), whole("d" * 50, document=2)
    assert drop_overlaps([one, other, beside, elsewhere]) == [one, beside, elsewhere]


def test_rows_without_the_head_of_their_table_lack_it():
    assert lacks_header("| north | 4 crowns |\n| south | 6 crowns |")
    assert not lacks_header(TABLE)
    assert not lacks_header(PROSE)


@pytest.mark.parametrize(
    ("before", "header"),
    [
        (f"Fees\n\n{TABLE}\n", "| pier | fee |\n|---|---|"),
        (f"{TABLE}\n\nFees of the piers:", ""),
        ("| north | 4 crowns |", ""),
        ("", ""),
    ],
)
def test_the_head_is_that_of_the_table_a_text_ends_in(before, header):
    assert find_header(before) == header


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Bring these along:", True),
        ("Bring:\n- a passport", True),
        ("Run:\n```\nopen", True),
        ("Run:\n```\nopen\n```\nIt beeps then. It is loud.", False),
        (PROSE, False),
        ("", False),
    ],
)
def test_an_excerpt_breaks_off_in_a_list_in_code_or_before_what_it_announces(text, broken):
    assert breaks_off(whole(text)) == broken


def test_an_excerpt_within_its_passage_does_not_break_off():
    found = hit(LIST)
    assert not breaks_off(Excerpt(found, 0, 40, LIST[:40], 0.9))


@pytest.mark.parametrize(
    ("text", "block"), [(LIST, True), (CODE, True), (TABLE, True), (PROSE, False), ("", False)]
)
def test_lists_tables_and_code_are_blocks(text, block):
    assert whole(text).is_block == block


def test_where_one_place_surely_states_a_fact_another_must_rank_nearly_as_high():
    sure = read(PROSE, "four crowns", rank=0.95)
    other = read(
        "The office sells maps. Maps cost a crown.", "crown", rank=0.8, start=900, passage=2
    )
    fact = Size(400, 2, 20, 500, is_fact=True)
    assert len(show(sure, other, size=fact)) == 1
    assert len(show(sure, other, size=Size(400, 2, 20, 500))) == 2


def test_a_passage_that_is_nothing_but_its_heading_is_not_shown():
    assert show(read("## Fees of the piers", "Fees")) == []


def test_a_command_that_follows_what_is_shown_comes_along():
    text = "Dogs may come.\n\nFetch the gauge first.\n\n```sh\ngauge fetch\n```\n\nIt beeps."
    assert show(read(text, "Fetch")) == [text[text.index("Fetch") : text.index("\n\nIt beeps")]]
