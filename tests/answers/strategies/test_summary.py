"""Summaries of a document and of the collection: the sources' own sentences, each cited."""

import pytest
from tests.fixtures.hits import hit
from tests.fixtures.library import DOCUMENTS, check_places

from genwright.answers.answerer import Answerer, drain
from genwright.answers.base import AnswerSetup, Question
from genwright.answers.strategies.summary import (
    CHARACTERS,
    CollectionSummaryStrategy,
    DocumentSummaryStrategy,
    find_keywords,
    find_meant,
    shorten,
)
from genwright.library.ingest import DocumentIngester
from genwright.library.overview import list_entries
from genwright.prompts import load_prompt
from genwright.retrieval import EVERYWHERE
from genwright.types import Principal

STRANGER = Principal("stranger")


def answer(strategy, runtime, text):
    made = strategy(AnswerSetup(runtime, "extractive", load_prompt("answer")))
    return drain(made.stream(Question(text)))


@pytest.mark.parametrize("text", ["summarise the boiler file", "tl;dr of boiler.txt"])
def test_the_document_that_is_named_is_summed_up_with_citations(library, text):
    runtime = library()
    found = answer(DocumentSummaryStrategy, runtime, text)
    assert not found.refused
    title, *told = found.sentences
    assert title.remark
    assert told
    assert {each.citations[0].source for each in told} == {"boiler.txt"}
    assert sum(len(each.text) for each in told) <= CHARACTERS + len("- ") * len(told)
    check_places(runtime, found)


def test_asked_for_a_summary_the_way_is_the_summary(library):
    found = Answerer(library(), extractive=True).ask("summarise the document on the Velda pump")
    assert found.answer.startswith("**The Velda pump**\n- ")


@pytest.mark.parametrize("principal", [None, STRANGER])
def test_a_summary_of_what_is_not_there_is_refused(empty, library, principal):
    runtime = library(principal=principal) if principal else empty()
    found = answer(DocumentSummaryStrategy, runtime, "summarise the boiler file")
    assert found.refused
    assert found.sentences == ()
    assert found.answer == "There is nothing in the documents about this."


def test_a_document_without_prose_is_refused_with_what_was_found(empty):
    runtime = empty()
    fees = "| pier | fee |\n|---|---|\n" + "| north | 4 |\n" * 80
    DocumentIngester(runtime).add_bytes(fees.encode(), "fees.md")
    found = answer(DocumentSummaryStrategy, runtime, "summarise the fees of the pier")
    assert found.refused
    assert found.hits


def test_nothing_found_means_no_document():
    assert find_meant("summarise the minutes", []) is None


def test_a_name_counts_more_than_what_is_found():
    first = hit("The minutes say that the board met.", source="/a/notes.md", score=0.9)
    named = hit("We met.", passage=2, document=2, source="/a/board_minutes.md", score=0.4)
    assert find_meant("summarise the board minutes", [first, named]) == 2
    assert find_meant("what was decided", [first, named]) == 1


def test_the_collection_is_summed_up_by_a_line_of_each_document(library):
    runtime = library()
    found = Answerer(runtime, extractive=True).ask("summarise all documents")
    first, *lines = found.sentences
    assert first.text.startswith(f"There are {len(DOCUMENTS)} documents")
    assert first.remark
    assert {each.citations[0].source for each in lines} == set(DOCUMENTS)
    check_places(runtime, found)


def test_a_collection_of_one_document_is_summed_up_as_it(empty):
    runtime = empty()
    DocumentIngester(runtime).add_bytes(DOCUMENTS["boiler.txt"].encode(), "boiler.txt")
    found = answer(CollectionSummaryStrategy, runtime, "summarise everything")
    assert found.sentences[0].remark
    assert len(found.sentences) > 1
    assert found.answer.startswith("boiler.txt:\n- ")
    check_places(runtime, found)


def test_of_many_documents_the_typical_ones_are_shown(empty):
    runtime = empty()
    for number in range(9):
        text = f"Pump {number} of the works is oiled by its owner every {number + 2} weeks or so."
        DocumentIngester(runtime).add_bytes(text.encode(), f"pump{number}.txt")
    found = answer(CollectionSummaryStrategy, runtime, "summarise everything")
    assert found.sentences[0].text.startswith("There are 9 documents")
    assert 1 < len(found.sentences) <= 7


@pytest.mark.parametrize("principal", [None, STRANGER])
def test_an_empty_collection_says_so(empty, library, principal):
    runtime = library(principal=principal) if principal else empty()
    found = answer(CollectionSummaryStrategy, runtime, "summarise everything")
    assert found.answer == "There are no documents here yet."


def test_keywords_are_shared_by_titles_and_headings_but_not_by_all(empty):
    runtime = empty()
    for name, title in (("a", "Oil of pumps"), ("b", "Oil of boilers"), ("c", "Noise")):
        text = f"# {title}\n\nWhat stands here is about that and about nothing else.\n"
        DocumentIngester(runtime).add_bytes(text.encode(), f"{name}.md")
    _, entries = list_entries(runtime, EVERYWHERE)
    assert find_keywords(entries) == ["oil"]
    assert find_keywords([]) == []


@pytest.mark.parametrize(
    ("text", "short"),
    [("one two", "one two"), ("one, two three", "one …"), ("unbreakable", "unbreaka …"), ("", "")],
)
def test_a_text_is_cut_between_words_where_it_has_any(text, short):
    assert shorten(text, 8) == short


def test_a_short_document_of_hardly_a_sentence_is_its_own_summary(empty):
    runtime = empty()
    text = "Harbour notes\n\n- bring rope\n- bring a lamp\n"
    DocumentIngester(runtime).add_bytes(text.encode(), "notes.txt")
    found = answer(DocumentSummaryStrategy, runtime, "summarise the harbour notes")
    assert "bring rope" in found.answer
    assert "bring a lamp" in found.answer
    check_places(runtime, found)


def test_asked_for_the_gist_of_a_document_by_its_title_it_is_not_that_of_all(library):
    found = answer(CollectionSummaryStrategy, library(), "the main points of the Velda pump")
    assert found.answer.startswith("**The Velda pump**")
