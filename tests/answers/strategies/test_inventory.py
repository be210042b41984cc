"""Questions about the collection are answered from the store, in the asker's rights."""

import numpy as np
import pytest
from tests.fixtures.library import DOCUMENTS, check_places

from genwright.answers.answerer import Answerer, drain
from genwright.answers.base import AnswerSetup, Question
from genwright.answers.strategies import inventory
from genwright.answers.strategies.inventory import (
    FORMATS,
    MOST_LISTED,
    InventoryStrategy,
    find_formats,
    find_subject,
)
from genwright.answers.understanding.subject import OF_ANY, names_subject
from genwright.library.ingest import DocumentIngester
from genwright.library.overview import list_entries
from genwright.prompts import load_prompt
from genwright.retrieval import EVERYWHERE, Scope
from genwright.types import Principal


def answer(runtime, text, scope=EVERYWHERE):
    strategy = InventoryStrategy(AnswerSetup(runtime, "extractive", load_prompt("answer")))
    return drain(strategy.stream(Question(text, scope)))


def add(runtime, name: str, text: str) -> None:
    DocumentIngester(runtime).add_bytes(text.encode(), name)


def test_asked_what_there_is_all_documents_are_listed_with_citations(library):
    runtime = library()
    found = Answerer(runtime, extractive=True).ask("list all documents")
    assert not found.refused
    assert all(name in found.answer for name in DOCUMENTS)
    assert [each.remark for each in found.sentences] == [True] + [False] * len(DOCUMENTS)
    assert all(each.citations for each in found.sentences[1:])
    check_places(runtime, found)


def test_the_answer_is_its_sentences_each_on_a_line(library):
    found = answer(library(), "which files are there")
    assert len(found.answer.splitlines()) == len(DOCUMENTS) + 1


def test_an_empty_collection_says_so(empty):
    found = answer(empty(), "how many documents are there")
    assert found.answer == "There are no documents here yet."
    assert found.sentences[0].remark


def test_who_may_read_nothing_is_told_of_nothing(library):
    stranger = Principal("stranger")
    found = answer(library(principal=stranger), "list all documents")
    assert found.answer == "There are no documents here yet."


def test_only_documents_of_the_scope_are_counted(library):
    scope = Scope(filters={"source": "boiler"})
    found = answer(library(), "list all documents", scope)
    assert "boiler.txt" in found.answer
    assert len(found.sentences) == 2


def test_a_format_is_counted_and_only_its_documents_are_listed(library):
    found = answer(library(), "How many text files are in here?")
    assert found.answer.startswith(f"3 of the {len(DOCUMENTS)} documents: 3 text files.")
    assert "pump.md" not in found.answer
    assert "boiler.txt" in found.answer


def test_a_subject_finds_the_documents_that_come_closest(library):
    runtime = library()
    found = answer(runtime, "do you have anything about the boiler of hall 3")
    assert f"of the {len(DOCUMENTS)} documents come closest" in found.sentences[0].text
    assert "boiler.txt" in found.sentences[1].text
    check_places(runtime, found)


def test_the_newest_is_the_one_with_the_latest_date(empty):
    runtime = empty()
    for year in (2019, 2023, 2021):
        add(runtime, f"minutes-{year}.txt", f"The board met in the spring of {year}.")
    assert "minutes-2023.txt, dated 2023" in answer(runtime, "which document is the newest").answer
    assert "minutes-2019.txt, dated 2019" in answer(runtime, "what is the oldest file").answer


def test_without_dates_the_one_added_last_is_said(library):
    *_, last = DOCUMENTS
    found = answer(library(), "which document is the newest")
    assert f"The one added last is {last}" in found.sentences[-1].text


def test_languages_are_counted(library):
    found = answer(library(), "what languages are the documents in")
    assert "German (1)" in found.answer
    assert "Chinese (1)" in found.answer


def test_a_long_list_ends_with_how_many_more_there_are(empty):
    runtime = empty()
    for number in range(MOST_LISTED + 3):
        add(runtime, f"note{number}.txt", f"Note {number} says that the pier is closed.")
    found = answer(runtime, "list all documents")
    assert found.sentences[-1].text == "… and 3 more."
    assert len(found.sentences) == MOST_LISTED + 2


@pytest.mark.parametrize(
    ("question", "formats"),
    [
        ("how many markdown files are there", {"markdown"}),
        ("which of these are text files", {"text"}),
        ("how many invoices are there", set()),
        ("are there any PDFs", set()),  # none is there
        ("", set()),
    ],
)
def test_formats_are_found_by_how_people_call_them(library, question, formats):
    _, entries = list_entries(library(), EVERYWHERE)
    assert find_formats(question, entries) == formats


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("do you have anything about solar panels?", "solar panels"),
        ("which pages deal with the fire drill", "the fire drill"),
        ("list all documents", ""),
        ("how many files are here", ""),
        ("", ""),
    ],
)
def test_the_subject_is_what_documents_are_to_be_about(question, subject):
    assert find_subject(question) == subject


def test_every_format_has_a_name():
    assert all(name for name, _ in FORMATS.values())


def test_the_oldest_of_a_format_is_told_and_not_all_of_them(empty):
    runtime = empty()
    add(runtime, "minutes-2019.txt", "The board met.")
    add(runtime, "minutes-2023.txt", "The board met again.")
    add(runtime, "rules-2001.md", "# Rules")
    found = answer(runtime, "Which is the oldest text file?").answer
    assert "minutes-2019.txt, dated 2019" in found
    assert "minutes-2023" not in found


@pytest.mark.parametrize(
    ("question", "newest", "oldest"),
    [
        ("what is the last file that was added", True, False),
        ("Welches ist das letzte Dokument?", True, False),
        ("the first report", False, True),
        ("which document mentions the last login", False, False),
        ("files about the first use of steam", False, False),
    ],
)
def test_what_is_last_or_first_is_an_age_only_where_it_is_a_document(question, newest, oldest):
    assert bool(inventory._NEWEST.search(question)) == newest
    assert bool(inventory._OLDEST.search(question)) == oldest


class Sides:
    """An embedder for which questions are near to those that they share a word with."""

    name = fingerprint = "multilingual-e5-small"

    def embed_queries(self, texts):
        return np.array([[float("taxes" in each or "über" in each), 1.0] for each in texts])


def test_a_subject_is_told_by_nearness_to_questions_that_name_one():
    assert names_subject(Sides(), "Gibt es etwas über Steuern?")
    assert not names_subject(Nearest(), "Welche Dokumente hast du?")


class Nearest:
    """An embedder for which the examples of any are nearest."""

    fingerprint = "nearest"

    def embed_queries(self, texts):
        return np.array([[1.0 if each in OF_ANY or len(texts) == 1 else 0.5] for each in texts])
