"""Spans of a passage lie where the document has them."""

from tests.fixtures.hits import hit

from genwright.grounding.spans import list_support_spans


def test_sentences_and_neighbours_are_spans():
    found = list_support_spans([hit("One comes. Two goes. Three.", start=100)])
    assert [span.text for span in found if not span.pair] == ["One comes.", "Two goes.", "Three."]
    assert [span.text for span in found if span.pair] == [
        "One comes. Two goes.",
        "Two goes. Three.",
    ]
    assert all(span.text == span.hit.text[span.start - 100 : span.end - 100] for span in found)
