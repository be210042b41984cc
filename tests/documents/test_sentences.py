import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.documents import split_sentences

ONE = [
    "Dr. Smith met J. R. R. Tolkien at 5 p.m. on Jan. 3, 1950.",
    "The U.S. Government paid 3.5 million for Acme Inc. shares.",
    "See Fig. 3 and No. 5 (cf. Eq. 2).",
    "Smith et al. (2019) showed it.",
    "This wraps\nover two lines that are not short at all.",
    "Use one tool, e.g. a hammer, i.e. not a screw.",
    "Prof. Dr. Herrlich hat z.B. am 3. Januar gesprochen.",
    "Visit example.com for more.",
    "He waited... and then left.",
]
MANY = [
    (["It works.", "We left."], " "),
    (["He said \u201cStop!\u201d", "Then he left."], " "),
    (["They won.", "(They always do.)", "Nobody cared."], " "),
    (["He lived in the U.S.", "It was far."], " "),
    (["\u4eca\u5929\u5f88\u597d\u3002", "\u662f\u5417\uff1f", "\u662f\u3002"], ""),
    (
        ["\u0647\u0644 \u0623\u0646\u062a \u0628\u062e\u064a\u0631\u061f", "\u0646\u0639\u0645."],
        " ",
    ),
    (["\u092f\u0939 \u090f\u0915 \u0939\u0948\u0964", "\u0926\u094b \u0939\u0948\u0964"], " "),
    (["# Heading", "Text under it."], "\n"),
    (["1. First item", "2. Second item"], "\n"),
    (["- one thing", "- another thing"], "\n"),
    (["A paragraph without a stop", "another one"], "\n\n"),
]


@pytest.mark.parametrize("text", ONE)
def test_a_stop_inside_a_sentence_does_not_end_it(text):
    assert split_sentences(text) == [(0, len(text))]


@pytest.mark.parametrize(("parts", "between"), MANY)
def test_sentences_are_parted_where_a_reader_parts_them(parts, between):
    text = between.join(parts)

    assert [text[start:end] for start, end in split_sentences(text)] == parts


@given(st.text(alphabet="aB1. \n!?\"')(\u3002-#|:", max_size=200) | st.text(max_size=100))
def test_sentences_are_trimmed_and_cover_all_that_is_not_blank(text):
    spans = split_sentences(text)

    position = 0
    for start, end in spans:
        assert not text[position:start].strip()
        assert start < end and text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()
