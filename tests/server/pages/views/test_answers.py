"""Sentences as pages lay them out: paragraphs, lists and blocks, quoted or worded."""

import pytest

from genwright.server.pages.views.answers import ChipNumbers, group_sentences, make_sentence_views
from genwright.types import Json

QUOTE = "Use grade 46. - oil it"


def say(text: str, before: str = " ", *, cited: bool = True, remark: bool = False) -> Json:
    place = {"document": 1, "source": "a.md", "page": None, "start": 0, "end": 9, "quote": QUOTE}
    return {
        "text": text,
        "before": before,
        "remark": remark,
        "citations": [place] if cited else [],
    }


def lay_out(*sentences: Json) -> list[tuple[str, int]]:
    """Form and number of sentences of each group."""
    groups = group_sentences(make_sentence_views(sentences, ChipNumbers()))
    return [(each[0].form, len(each)) for each in groups]


@pytest.mark.parametrize(
    ("sentences", "groups"),
    [
        ([say("One."), say("Two.")], [("phrase", 2)]),
        ([say("One."), say("Two.", "\n\n")], [("phrase", 1), ("phrase", 1)]),
        ([say("All:"), say("- a", "\n"), say("- b", "\n")], [("phrase", 1), ("item", 2)]),
        ([say("- a"), say("- b", "\n\n")], [("item", 1), ("item", 1)]),
        ([say("1. a"), say("2. b", "\n"), say("Done.", "\n")], [("step", 2), ("phrase", 1)]),
        ([say("So:\n\n    x = 1"), say("Done.")], [("block", 1), ("phrase", 1)]),
        ([say("Five"), say("- six is less.")], [("phrase", 2)]),
    ],
)
def test_sentences_are_grouped_as_they_are_parted(
    sentences: list[Json], groups: list[tuple[str, int]]
):
    assert lay_out(*sentences) == groups


def test_an_item_is_shown_without_its_mark_and_a_step_keeps_its_number():
    item, step = make_sentence_views([say("- *a*"), say("7) b", "\n")], ChipNumbers())
    assert (item.html, item.container) == ("<em>a</em>", "ul")
    assert (step.html, step.container, step.step) == ("b", "ol", 7)


def test_what_is_quoted_is_told_from_what_is_worded_and_from_remarks():
    told = [say("Use grade 46."), say("It needs oil."), say("Hello!", cited=False, remark=True)]
    quoted, worded, remark = make_sentence_views(told, ChipNumbers())
    assert (quoted.quoted, worded.quoted, remark.quoted) == (True, False, False)
    assert (quoted.remark, remark.remark, remark.supported) == (False, True, True)
