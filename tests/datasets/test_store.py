"""Data sets in the workspace: what was kept is found again, also under an earlier name."""

import hashlib
from contextlib import closing

import pytest
from sqlalchemy import update

from genwright.datasets import Dataset, check_dataset, read_stored_dataset, store_dataset
from genwright.datasets.base import canonicalize_row
from genwright.datasets.forms import convert_records
from genwright.datasets.store import list_stored_datasets
from genwright.errors import UsageError
from genwright.storage import Database, DataSet
from genwright.types import OWNER

ROW = {"document": "A long text.", "summaries": ["Text."]}


def test_rows_stored_under_the_earlier_name_of_their_form_are_read(tmp_path):
    dataset = Dataset("news", "summarization", (ROW,))
    earlier = hashlib.sha256(b"summarisation\n" + canonicalize_row(ROW)).hexdigest()
    assert dataset.sha256 == earlier, "what is stored keeps its digest"
    with closing(Database(tmp_path / "genwright.db")) as database:
        store_dataset(database, tmp_path, OWNER, dataset, check_dataset(dataset))
        with database.write(OWNER) as session:
            session.execute(update(DataSet).values(form="summarisation"))

        assert [each.form for each in list_stored_datasets(database, OWNER)] == ["summarization"]
    assert read_stored_dataset(tmp_path, earlier, "news", "summarisation") == dataset


def test_the_earlier_name_of_a_form_is_refused_with_the_present_one():
    with pytest.raises(UsageError, match=r"'summarisation' is called 'summarization' now"):
        convert_records([ROW], "summarisation", {}, "news.jsonl")
