"""How units belong together: records, tables, code with the sentence that says what it is for."""

import pytest
from tests.fixtures.hits import hit

from genwright.answers.quotes.blocks import complete_block, find_code, find_record, is_block
from genwright.grounding.passages import Unit, measure_substance, split_units, weigh_unit

ROWS = """ferries:
  - name: "Northern Star"
    harbour: "Velda"
    fee: 4 crowns
    sails:
      - "in the morning"
  - name: "Southern Star"
    harbour: "Runa"
    fee: 6 crowns
"""
FLAT = "ferry[0].name: Star\nferry[0].fee: 4\nferry[1].name: Moon\nferry[1].fee: 6"
TABLE = "The fees:\n\n| pier | fee |\n|---|---|\n| north | 4 crowns |\n| south | 6 crowns |\n\nPay."
STEPS = "Set up\n======\n\nFetch the gauge first.\n\n```sh\ngauge fetch\n```\n\nIt beeps."


def take(text: str, word: str) -> tuple[str, int, tuple[Unit, ...]]:
    found = hit(text)
    units = tuple(Unit(start, end, line, 0.5) for start, end, line in split_units(found))
    place = next(n for n, unit in enumerate(units) if word in unit.text)
    return found, place, units


def show(text: str, word: str) -> str:
    found, place, units = take(text, word)
    first, last = complete_block(found, units, place, place)
    return text[units[first].start : units[last].end].strip()


def test_a_field_brings_the_item_that_it_stands_under_and_no_other():
    shown = show(ROWS, "6 crowns")
    assert shown == ROWS[ROWS.index('- name: "Southern') :].strip()


def test_an_item_within_a_record_brings_the_record():
    assert show(ROWS, "in the morning").startswith('- name: "Northern Star"')


def test_lines_of_one_element_belong_together_and_those_of_another_do_not():
    found, place, units = take(FLAT, "Moon")
    first, last = find_record(found, units, place)
    assert [unit.text for unit in units[first : last + 1]] == FLAT.splitlines()[2:]


def test_a_row_brings_its_small_table_with_its_head():
    assert show(TABLE, "south").startswith("| pier | fee |")


def test_code_brings_the_sentence_before_it_and_no_heading():
    shown = show(STEPS, "gauge fetch")
    assert shown.startswith("Fetch the gauge first.")
    assert shown.endswith("```")


def test_a_passage_that_begins_within_code_is_code_up_to_the_fence():
    _, place, units = take("open the_gauge\n```\n\nIt beeps.", "open")
    assert find_code(units) == {place}


@pytest.mark.parametrize("text", [FLAT, "name: Star\nfee: 4 crowns"])
def test_lines_of_fields_keep_their_breaks(text):
    assert is_block(text)


@pytest.mark.parametrize(
    "text",
    [
        "[![Built][badge]][build]\n[![Version][version]][index]",
        "|Build| |Coverage| |Licence|",
        "[index]: https://example.org/gauge",
        "- [Oil](#oil)",
        "style=flat&label=gauge)](https://example.org/gauge) [![Read](https://example.org/i.svg)](x)",
        "See the section Oiling for details.",
        "Siehe Abschnitt 3.",
    ],
)
def test_links_pictures_and_pointers_count_less_than_what_they_lead_to(text):
    assert weigh_unit(text) < 0.5


@pytest.mark.parametrize(
    "text",
    ["Oil it with [this](oil.html) once a year.", "| north | 4 crowns |", "Ships see the light."],
)
def test_what_says_something_itself_counts_whole(text):
    assert weigh_unit(text) == 1.0


def test_a_passage_of_links_has_little_substance():
    _, _, links = take("- [Oil](#oil)\n- [Fees](#fees)", "Oil")
    _, _, words = take("Ships pay four crowns a day.", "pay")
    assert measure_substance(links) < 0.3 < measure_substance(words)
