"""What holds for every splitter, on any text."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.documents import Extract
from genwright.documents.markdown_blocks import find_markdown_blocks
from genwright.documents.splitters import splitters

LINE = st.one_of(
    st.text(alphabet="ab. !?\u00e9\u4e2d\u3002 ", max_size=60),
    st.sampled_from(["# Top", "## Below", "| a | b |", "|---|---|", "```", "- item", "1. one", ""]),
)
TEXT = st.lists(LINE, max_size=40).map("\n".join)


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def extract_of(text: str) -> Extract:
    return Extract(text, "title", "markdown", blocks=find_markdown_blocks(text))


@pytest.mark.parametrize("name", splitters.names())
@given(text=TEXT, size=st.integers(2, 30))
def test_passages_cover_the_text_in_order_within_the_budget(name, text, size):
    passages = splitters.get(name)(size=size, overlap=0).split(extract_of(text), words)

    covered = set()
    for passage in passages:
        assert 0 <= passage.start < passage.end <= len(text)
        piece = text[passage.start : passage.end]
        assert piece == piece.strip()
        assert len(words(piece)) <= size
        covered.update(range(passage.start, passage.end))
    assert all(char.isspace() or i in covered for i, char in enumerate(text))
    assert passages == sorted(passages, key=lambda each: (each.start, each.end))


@pytest.mark.parametrize("name", splitters.names())
def test_a_passage_knows_its_page_and_headings(name):
    from genwright.documents import Page

    text = "# Pumps\n\n## Oil\n\n" + "Take VG 46. " * 20
    half = len(text) // 2
    extract = Extract(
        text, "", "pdf", (Page(1, 0, half), Page(2, half, len(text))), find_markdown_blocks(text)
    )

    passages = splitters.get(name)(size=20, overlap=0).split(extract, words)

    assert passages[0].page == 1 and passages[-1].page == 2
    assert passages[-1].section == "Pumps > Oil"


def test_fixed_passages_share_their_overlap():
    text = " ".join(f"w{i}" for i in range(100))

    passages = splitters.get("fixed")(size=10, overlap=3).split(extract_of(text), words)

    for left, right in pairwise(passages):
        assert len(words(text[right.start : left.end])) == 3


def test_structure_keeps_tables_whole_where_they_fit():
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |"
    text = "# One\n\n" + "Word word word. " * 8 + f"\n\n{table}\n\nAfter."

    passages = splitters.get("structure")(size=35, overlap=0).split(extract_of(text), words)

    assert any(table in text[each.start : each.end] for each in passages)


def test_structure_does_not_cross_top_sections():
    text = "\n\n".join(f"## Part {i}\n\nSome words about part {i}." for i in range(5))

    passages = splitters.get("structure")(size=100, overlap=0).split(extract_of(text), words)

    assert [each.section for each in passages] == [f"Part {i}" for i in range(5)]


def test_structure_leaves_no_heading_at_the_end_of_a_passage():
    text = "Words here. " * 10 + "\n\n### Next\n\n" + "More words. " * 10

    passages = splitters.get("structure")(size=33, overlap=0).split(extract_of(text), words)

    assert not any(text[each.start : each.end].endswith("Next") for each in passages)
