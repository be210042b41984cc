"""Settings: merged once from four places, refused where they are wrong."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from genwright.catalog.entries import CatalogEntry
from genwright.catalog.manifest import Manifest
from genwright.errors import SettingsError, UsageError
from genwright.registry import DataFacts, VersionFacts
from genwright.settings import STORED, Section, Settings, explain_errors, load_settings
from genwright.training.pretrain import build_pretrain_config
from genwright.tuning.config import build_tune_config


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("GENWRIGHT_")]:
        monkeypatch.delenv(name)
    yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "genwright.toml"


def test_without_anything_said_the_defaults_hold(file):
    assert load_settings() == load_settings(file) == Settings()


def test_flags_win_over_the_environment_and_that_over_the_file(file, monkeypatch):
    file.write_text("[retrieval]\ntop_k = 3\nvector_weight = 0.1\ncandidates = 77\n")
    monkeypatch.setenv("GENWRIGHT_RETRIEVAL__TOP_K", "4")
    monkeypatch.setenv("GENWRIGHT_RETRIEVAL__VECTOR_WEIGHT", "0.2")

    found = load_settings(file, {"retrieval": {"top_k": 5}}).retrieval

    assert (found.top_k, found.vector_weight, found.candidates) == (5, 0.2, 77)
    assert found.mode == Settings().retrieval.mode


def test_a_server_is_a_table_of_its_own(file, monkeypatch):
    file.write_text('[servers.box]\nbase_url = "http://box/v1"\n')
    monkeypatch.setenv("GENWRIGHT_SERVERS__HOSTED__BASE_URL", "https://hosted/v1")
    servers = load_settings(file).servers
    assert servers["box"].base_url == "http://box/v1"
    assert servers["hosted"].base_url == "https://hosted/v1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[retreival]\nk = 3", "retreival"),
        ("[retrieval]\nkk = 3", "retrieval.kk"),
        ("[retrieval]\ntop_k = 0", "retrieval.top_k = 0"),
        ("[retrieval]\nmode = 'telepathy'", "'keyword', 'vector' or 'hybrid'"),
        (
            "[documents]\nchunk_tokens = 100\nchunk_overlap = 100",
            "chunk_overlap (100) must be less than chunk_tokens (100)",
        ),
        ("[servers.box]\ncontext = 4096", "servers.box.base_url"),
        ("[retrieval\nk = 3", "not valid TOML"),
        ("retrieval = 3", "retrieval"),
    ],
)
def test_a_wrong_file_is_named_with_the_place_and_what_was_expected(file, text, said):
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize("content", [b"\xff\xfe", "collection = 'caf\xe9'".encode("latin-1")])
def test_a_file_that_is_not_utf_8_is_said_to_be_so(file, content):
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(file)


def test_a_file_that_cannot_be_read_is_said_to_be_so(file):
    file.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(file)


@pytest.mark.parametrize(
    ("name", "value"),
    [("RETRIEVAL__K", "many"), ("RETRIEVAL__KK", "3"), ("RETRIEVAL", "{no json"), ("ENGINE", "3")],
)
def test_a_wrong_variable_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"GENWRIGHT_{name}", value)
    with pytest.raises(SettingsError, match=r"[Ee]nvironment"):
        load_settings()


def test_a_wrong_flag_is_refused():
    with pytest.raises(SettingsError, match=r"answer\.temperature"):
        load_settings(overrides={"answer": {"temperature": 3}})


def test_settings_do_not_change():
    settings = load_settings()
    for change in (
        lambda: setattr(settings, "collection", "x"),
        lambda: setattr(settings.retrieval, "top_k", 3),
    ):
        with pytest.raises(ValueError, match="frozen"):
            change()


def test_every_setting_says_what_it_means():
    schema = Settings.model_json_schema()
    for title, section in {"Settings": schema, **schema["$defs"]}.items():
        for name, field in section["properties"].items():
            assert "description" in field or "$ref" in field, f"{title}.{name}"


def list_sections(above: type[Section] = Section) -> Iterator[type[Section]]:
    """Every table of settings and parameters, also those of trainings."""
    for each in above.__subclasses__():
        yield each
        yield from list_sections(each)


def make_required(section: type[Section]) -> dict[str, Any]:
    """A value for each field of a table that must have one."""
    file = {"name": "a.gguf", "size": 1, "sha256": "a" * 64}
    special = {"texts": ["x"], "files": [file], "fetched": [file], "sources": [{"path": "x"}],
               "rows": 1, "context": 1}  # fmt: skip
    return {
        name: special.get(name, next(iter(get_args(field.annotation)), "x"))
        for name, field in section.model_fields.items()
        if field.is_required()
    }


RENAMED = [
    (section, old, new) for section in list_sections() for old, new in section.renamed.items()
]


@pytest.mark.parametrize(("section", "old", "new"), RENAMED)
def test_an_earlier_name_is_refused_with_the_present_one_and_read_where_it_was_stored(
    section, old, new
):
    values = make_required(section)
    values[old] = values.pop(new, section.model_fields[new].default)

    assert old not in section.model_fields
    with pytest.raises(ValidationError) as caught:
        section(**values)
    assert explain_errors(caught.value) == f"{old} is called {new} now"
    assert getattr(section.model_validate(values, context=STORED), new) == values[old]


RENAMED_VALUES = [
    (section, key, old, new)
    for section in list_sections()
    for key, names in section.renamed_values.items()
    for old, new in names.items()
]


@pytest.mark.parametrize(("section", "key", "old", "new"), RENAMED_VALUES)
def test_an_earlier_value_is_refused_with_the_present_one_and_read_where_it_was_stored(
    section, key, old, new
):
    values = make_required(section) | {key: old}

    with pytest.raises(ValidationError) as caught:
        section(**values)
    assert explain_errors(caught.value) == f"{old!r} is called {new!r} now"
    assert getattr(section.model_validate(values, context=STORED), key) == new


def test_what_is_known_of_models_has_earlier_names():
    assert {CatalogEntry, Manifest, VersionFacts} <= {each[0] for each in RENAMED}
    assert {DataFacts, VersionFacts} <= {each[0] for each in RENAMED_VALUES}


def test_settings_and_parameters_of_trainings_have_earlier_names():
    assert {section.__name__ for section, _, _ in RENAMED} >= {
        "DocumentSettings", "RetrievalSettings", "EngineSettings", "ServerSettings",
        "ArenaSettings", "RetentionSettings", "ImproveSettings", "TrainConfig",
        "MethodConfig", "TuneConfig", "PretrainConfig",
    }  # fmt: skip


@pytest.mark.parametrize("door", ["file", "environment", "flag"])
def test_an_earlier_name_says_the_present_one_at_every_door(file, monkeypatch, door):
    flags = {"documents": {"size": "100"}} if door == "flag" else {}
    if door == "file":
        file.write_text("[documents]\nsize = 100\n")
    if door == "environment":
        monkeypatch.setenv("GENWRIGHT_DOCUMENTS__SIZE", "100")
    with pytest.raises(SettingsError, match=r"documents\.size is called documents\.chunk_tokens"):
        load_settings(file, flags)


@pytest.mark.parametrize(
    "build",
    [
        lambda sets: build_tune_config({"base": "x"}, sets),
        lambda sets: build_pretrain_config({"texts": ["x"]}, sets),
    ],
)
def test_an_earlier_parameter_of_a_training_says_the_present_one(build):
    with pytest.raises(UsageError, match=r"is called train\.gradient_accumulation_steps"):
        build({"accumulate": "2"})
