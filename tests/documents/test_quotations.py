"""Words are a quotation where the source has them in the same order, whatever the layout."""

import pytest

from genwright.documents.quotations import is_quotation

QUOTE = "Use **grade\n46** oil, see [the table](oils.html). Never 32."


@pytest.mark.parametrize(
    "text",
    ["Use grade 46 oil, see the table.", "**Oil, grades:** Never 32.", "- Never 32."],
)
def test_layout_and_labels_do_not_count(text: str):
    assert is_quotation(text, "Another quote.", QUOTE)


@pytest.mark.parametrize("text", ["Use grade 32.", "", "**", "ever 32."])
def test_other_words_halves_of_words_and_no_words_are_no_quotation(text: str):
    assert not is_quotation(text, QUOTE)
