# ruff: noqa: RUF001 - the sign between headings
"""Excerpts as sentences: their words as they read, a label of their place, an exact citation."""

import pytest
from tests.fixtures.hits import evidence, hit

from genwright.answers.quotes.excerpts import Excerpt
from genwright.answers.quotes.quoting import quote_evidence, quote_excerpts, strip_links

FEES = "Ships pay four crowns a day."


def excerpt(text: str, header: str = "", **more) -> Excerpt:
    found = hit(text, start=300, **more)
    return Excerpt(found, found.start, found.end, text, 0.9, header)


def quote(text: str, label: bool = False, **more) -> str:
    (sentence,) = quote_excerpts([excerpt(text, **more)], label)
    return sentence.text


def test_no_excerpts_are_no_sentences():
    assert quote_excerpts([]) == []


def test_each_excerpt_is_a_paragraph_that_cites_its_exact_place():
    sentences = quote_excerpts([excerpt(FEES), excerpt("> Dogs\n> go free.", document=2)])
    assert [each.before for each in sentences] == ["\n\n", "\n\n"]
    assert [each.remark for each in sentences] == [False, False]
    (cited,) = sentences[1].citations
    assert (cited.document, cited.start, cited.quote) == (2, 300, "> Dogs\n> go free.")


def test_line_breaks_of_prose_are_left_out_and_those_of_a_list_stay():
    assert quote("Ships pay\n  four crowns\na day.") == FEES
    assert quote("Bring:\n- a passport\n- the fee") == "Bring:\n- a passport\n- the fee"


def test_blank_lines_of_a_block_are_no_more_than_one_break():
    assert quote("Bring:\n\n\n\n- a passport") == "Bring:\n\n- a passport"


def test_marks_of_quotation_and_targets_of_links_are_left_out():
    assert quote("> > Ships pay [four crowns](fees.html#day) a day.") == FEES


def test_the_head_of_a_table_stands_before_its_rows():
    head = "| pier | fee |\n|---|---|"
    assert quote("| north | 4 |", header=head) == f"{head}\n| north | 4 |"


def test_title_and_last_heading_are_said_where_the_words_do_not_say_them():
    place = {"title": "Harbour", "section": "Harbour > Prices > Mooring"}
    assert quote(FEES, True, **place) == f"**Harbour › Mooring:** {FEES}"
    assert quote(FEES, False, **place) == FEES


@pytest.mark.parametrize(
    "title",
    ["", "Ships", "ships and crowns", "8f14e45fceea167a5a36dedd", "--- 12 ---", "long " * 30],
)
def test_a_label_that_tells_nothing_is_left_out(title):
    assert quote(FEES, True, title=title) == FEES


def test_a_title_that_is_also_the_heading_is_said_once():
    assert quote(FEES, True, title="Mooring", section="Mooring") == f"**Mooring:** {FEES}"


def test_the_label_of_a_block_stands_on_a_line_of_its_own():
    assert quote("- a passport\n- the fee", True, title="Papers").startswith("**Papers:**\n- a")


def test_evidence_is_quoted_on_one_line_and_cited_as_it_stands():
    found = hit("Dogs go free. Ships pay\nfour crowns a day.")
    sentence = quote_evidence(evidence(found, "Ships pay\nfour crowns a day."))
    assert sentence.text == FEES
    assert sentence.citations[0].quote == "Ships pay\nfour crowns a day."


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("See [the (new) manual](a_(b).html).", "See the (new) manual."),
        ("![a pier](pier.png)", "a pier"),
        ("f[0](1) costs 4", "f0 costs 4"),
        ("No [link] here (at all).", "No [link] here (at all)."),
        ("", ""),
    ],
)
def test_a_link_is_its_words(text, bare):
    assert strip_links(text) == bare


def test_a_placeholder_in_angle_brackets_stays_and_a_tag_goes():
    (sentence,) = quote_excerpts([excerpt("Call <b>gauge</b> with `<name>` and <width>.")])
    assert "Call gauge with `<name>` and <width>." in sentence.text


@pytest.mark.parametrize("title", ["x − y, x − yi to the pier.", "f : X → Y (∀ x ∈ X)"])
def test_a_line_of_a_formula_is_no_label(title):
    (sentence,) = quote_excerpts([excerpt("Ships pay four crowns.", title=title)])
    assert sentence.text == "Ships pay four crowns."
