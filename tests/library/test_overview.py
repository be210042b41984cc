"""What documents there are, when they are from and what they say, in the rights of who asks."""

import pytest
from tests.fixtures.library import DOCUMENTS, PUMP, stored

from genwright.errors import NotFound
from genwright.library.ingest import DocumentIngester
from genwright.library.overview import (
    find_date,
    lengthen_hit,
    list_entries,
    read_before,
    read_document_passages,
)
from genwright.retrieval import EVERYWHERE, Scope
from genwright.types import Principal


def test_every_document_is_an_entry_with_its_first_passage_in_the_order_they_came(library):
    runtime = library()
    number, entries = list_entries(runtime, EVERYWHERE)
    assert number == len(DOCUMENTS)
    assert [each.source for each in entries] == list(DOCUMENTS)
    for each in entries:
        assert each.opening.document == each.id
        assert stored(runtime, each.id).startswith(each.opening.text, each.opening.start)
        assert not stored(runtime, each.id)[: each.opening.start].strip(" #\n")


def test_an_empty_workspace_has_no_entries(empty):
    assert list_entries(empty(), EVERYWHERE) == (0, [])


def test_a_single_document_is_one_entry_named_by_title_and_file(empty):
    runtime = empty()
    DocumentIngester(runtime).add_bytes(PUMP.encode(), "manuals/pump.md")
    number, (entry,) = list_entries(runtime, EVERYWHERE)
    assert number == 1
    assert entry.name == "The Velda pump (pump.md)"
    assert entry.format == "markdown"


def test_a_document_without_a_title_is_named_by_its_file(library):
    _, entries = list_entries(library(), EVERYWHERE)
    assert entries[1].name == "boiler.txt"


def test_the_scope_and_the_rights_are_kept(library):
    runtime = library()
    DocumentIngester(runtime, "halls").add_bytes(b"Hall 3 is heated to 19 degrees.", "hall.txt")
    number, entries = list_entries(runtime, Scope(("halls",)))
    assert (number, [each.source for each in entries]) == (1, ["hall.txt"])
    with pytest.raises(NotFound, match="nowhere"):
        list_entries(runtime, Scope(("nowhere",)))
    assert list_entries(library(principal=Principal("stranger")), EVERYWHERE) == (0, [])


def test_who_may_not_read_a_document_gets_nothing_of_it(library):
    _, (pump, *_) = list_entries(library(), EVERYWHERE)
    stranger = library(principal=Principal("stranger"))
    assert read_document_passages(stranger, pump.id) == []
    assert lengthen_hit(stranger, pump.opening) == pump.opening
    assert read_before(stranger, pump.opening, 50) == ""


def test_the_passages_of_a_document_come_in_order_with_their_headings(library):
    runtime = library()
    _, (pump, *_) = list_entries(runtime, EVERYWHERE)
    passages = read_document_passages(runtime, pump.id)
    assert [hit.start for hit in passages] == sorted(hit.start for hit in passages)
    assert any(hit.section.endswith("Noise") for hit in passages)
    assert len(read_document_passages(runtime, pump.id, most=1)) == 1


def test_a_hit_is_lengthened_by_the_passages_after_it(library):
    runtime = library()
    _, (pump, *_) = list_entries(runtime, EVERYWHERE)
    hits = read_document_passages(runtime, pump.id)
    longer = lengthen_hit(runtime, hits[0], passages=1)
    assert longer.text == stored(runtime, pump.id)[hits[0].start : longer.end]
    assert longer.end == hits[1].end
    assert lengthen_hit(runtime, hits[-1]) == hits[-1]


def test_what_stands_before_a_place_is_read_as_far_as_is_wanted(library):
    runtime = library()
    _, (pump, *_) = list_entries(runtime, EVERYWHERE)
    text = stored(runtime, pump.id)
    assert read_before(runtime, pump.opening, 60) == text[:60]
    assert read_before(runtime, pump.opening, 60, characters=9) == text[51:60]
    assert read_before(runtime, pump.opening, 0) == ""


@pytest.mark.parametrize(
    ("details", "source", "title", "dated"),
    [
        ({}, "/a/minutes-2021.txt", "", "2021"),
        ({}, "minutes_2021-03.txt", "", "2021-03"),
        ({}, "minutes-2021-45.txt", "", "2021"),  # no month has that number
        ({}, "minutes-2021-03-77.txt", "", "2021-03"),
        ({}, "a.txt", "Board of 2019.05.06", "2019-05-06"),
        ({"date": "2020-02-03T10:00:00"}, "a.txt", "", "2020-02-03"),
        ({"date": "Wed, 21 Dec 2022 10:28:53 -0600"}, "a.eml", "", "2022-12-21"),
        ({"creationdate": "D:20180704120000"}, "a.pdf", "", "2018-07-04"),
        ({"date": "soon", "modified_at": "2017-01-02"}, "a.txt", "", "2017-01-02"),
        ({"date": "2020-02-03"}, "minutes-2021.txt", "", "2021"),  # the name goes before
        ({"date": None}, "invoice-120219.txt", "Offer 99", ""),
        ({}, "", "", ""),
    ],
)
def test_a_date_is_that_of_the_name_or_title_or_else_what_the_file_carries(
    details, source, title, dated
):
    assert find_date(details, source, title) == dated
