"""Parts are made when they are asked for, and what cannot be made says what to do."""

from pathlib import Path

import pytest

from genwright.errors import NotFound, UnknownName
from genwright.grounding.passages import WordingReader
from genwright.library.ingest import DocumentIngester
from genwright.library.search import find_passages
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.workspace import Workspace, create_workspace, open_workspace


@pytest.fixture
def workspace(tmp_path: Path):
    overrides = {
        "embedding": {"model": "hashing"},
        "answer": {"model": "scripted"},
        "servers": {"near": {"base_url": "http://127.0.0.1:9/v1"}},
    }
    opened = open_workspace(create_workspace(tmp_path), overrides)
    yield opened
    opened.close()


def test_an_engine_is_loaded_once_and_found_by_each_kind_of_name(workspace: Workspace):
    with Runtime(workspace) as runtime:
        assert runtime.models.get_engine(
            runtime.settings.answer.model
        ) is runtime.models.get_engine("scripted")
        assert runtime.models.get_engine("near/some/model").name == "near/some/model"


def test_a_server_that_no_setting_names_is_not_found(workspace: Workspace):
    with Runtime(workspace) as runtime, pytest.raises(NotFound, match=r"known: near.*servers\.far"):
        runtime.models.get_engine("far/model")


def test_a_model_that_nobody_knows_is_not_found(workspace: Workspace):
    with Runtime(workspace) as runtime, pytest.raises(UnknownName, match="models list"):
        runtime.models.get_engine("no-such-model")


def test_a_larger_model_is_not_pulled_unasked(workspace: Workspace):
    with Runtime(workspace) as runtime:
        larger = next(
            each.name
            for each in runtime.models.catalog.list_models()
            if each.kind == "chat" and not each.embedded and not each.pulled
        )
        with pytest.raises(NotFound, match=f"genwright models pull {larger}"):
            runtime.models.get_engine(larger)


def test_a_search_in_a_collection_that_is_not_there_is_not_found(workspace: Workspace):
    with Runtime(workspace) as runtime, pytest.raises(NotFound, match="none yet"):
        find_passages(runtime, "words", scope=Scope(("manuals",)))


def test_a_query_that_is_no_utf8_finds_what_its_words_find(workspace: Workspace):
    with Runtime(workspace) as runtime:
        DocumentIngester(runtime).add_bytes(b"The pump is blue.", "pump.txt")
        [hit] = find_passages(runtime, "pump \udcff", scope=Scope())
        assert hit.text == "The pump is blue."


def test_closing_again_does_nothing(workspace: Workspace):
    runtime = Runtime(workspace)
    runtime.models.get_engine(runtime.settings.answer.model)
    runtime.close()
    runtime.close()


def test_the_embedded_models_open(tmp_path: Path, models_dir: Path):
    workspace = open_workspace(create_workspace(tmp_path), {"models_dir": models_dir})
    with Runtime(workspace) as runtime:
        vectors = runtime.models.embedder.embed(
            ["A pump needs oil.", "Lubricate it.", "Stars are far."]
        )
        assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    workspace.close()


def test_beside_the_stub_embedder_passages_are_read_without_a_model(workspace: Workspace):
    with Runtime(workspace) as runtime:
        assert isinstance(runtime.models.reader, WordingReader)
