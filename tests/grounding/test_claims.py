"""A text is taken apart into what it claims."""

from genwright.grounding.claims import make_hit, split_claims


def test_a_question_alone_is_one_claim():
    assert split_claims("Who built it?") == ["Who built it?"]


def test_a_text_as_a_hit_begins_at_nothing():
    found = make_hit("Some words.")
    assert (found.start, found.end, found.text) == (0, 11, "Some words.")
