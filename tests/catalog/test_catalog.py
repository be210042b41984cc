import os
from pathlib import Path

import pytest
from tests.fixtures.tiny_gguf import make_bert, make_lora

from genwright.catalog import Catalog
from genwright.catalog.entries import load
from genwright.errors import (
    NotFound,
    Refused,
    SettingsError,
    UnknownName,
    UntrustedWeights,
    UsageError,
)


@pytest.fixture
def gguf(tmp_path):
    return make_bert(tmp_path / "Tiny Bert.gguf")


def test_the_catalog_has_the_embedded_two_and_larger_ones(catalog):
    models = catalog.list_models()
    chat = [model for model in models if model.kind == "chat" and not model.embedded]
    embed = [model for model in models if model.kind == "embed" and not model.embedded]
    assert catalog.list_embedded() == ["smollm2-135m-instruct", "multilingual-e5-small"]
    assert len(chat) >= 6
    assert len(embed) >= 2
    assert any(model.kind == "rerank" for model in models)


def test_every_entry_states_its_licence_size_and_memory(catalog):
    for entry in catalog.entries.values():
        assert entry.license
        assert entry.size > 0
        assert entry.memory_mb * 10**6 > (entry.size if entry.format == "gguf" else 0)
        assert bool(entry.template) == (entry.kind == "chat")
        pinned = all(file.sha256 and file.size for file in entry.files)
        in_packages = any(source.package or source.parts for source in entry.sources)
        assert pinned == in_packages and pinned >= entry.embedded


def test_a_name_that_is_not_there_is_answered_with_the_nearest(catalog):
    for ask in (catalog.find, catalog.find_path, catalog.pull, catalog.verify, catalog.remove):
        with pytest.raises(UnknownName, match="Did you mean 'qwen3-4b'"):
            ask("qwen3-4")


@pytest.mark.parametrize("name", ["../outside", "", ".locks", "a/b", "/etc"])
def test_a_name_never_leads_out_of_the_folder(catalog, gguf, name):
    for ask in (catalog.find_path, catalog.pull, catalog.remove):
        with pytest.raises(UnknownName):
            ask(name)
    with pytest.raises(UsageError, match="is not a name for a model"):
        catalog.import_file(gguf, name)


def test_a_model_that_is_not_pulled_is_answered_with_the_command(catalog):
    for ask in (catalog.find_path, catalog.verify, catalog.remove):
        with pytest.raises(NotFound, match="genwright models pull qwen3-4b"):
            ask("qwen3-4b")


class TestImport:
    def test_a_gguf_becomes_a_model_of_the_kind_its_head_says(self, catalog, gguf, tmp_path):
        path = catalog.import_file(gguf)
        reranker = make_bert(tmp_path / "rank.gguf", pooling="rank")
        catalog.import_file(reranker)

        model = catalog.find("tiny-bert")
        assert path == catalog.find_path("tiny-bert")
        assert path.read_bytes() == gguf.read_bytes()
        assert (model.kind, model.context, model.pulled) == ("embed", 128, True)
        assert catalog.find("rank").kind == "rerank"
        assert {"tiny-bert", "rank"} <= {each.name for each in catalog.list_models()}
        assert catalog.verify() == []

    def test_name_and_kind_may_be_told(self, catalog, gguf):
        catalog.import_file(gguf, "mine", "rerank")
        assert catalog.find("mine").kind == "rerank"

    def test_on_one_disk_it_takes_no_more_room_and_the_original_stays(self, catalog, gguf):
        path = catalog.import_file(gguf)
        assert os.path.samefile(path, gguf)
        catalog.remove("tiny-bert")
        assert gguf.exists()

    def test_a_chat_model_is_known_as_one(self, catalog, models_dir):
        path = next(models_dir.glob("smollm2-135m-instruct/*.gguf"))
        catalog.import_file(path, "copy")
        assert (catalog.find("copy").kind, catalog.find("copy").context) == ("chat", 8192)

    def test_an_adapter_is_no_model(self, catalog, tmp_path):
        adapter = make_lora(tmp_path / "adapter.gguf", width=32)
        with pytest.raises(UntrustedWeights, match="part of another model"):
            catalog.import_file(adapter)
        assert catalog.list_models() == Catalog(tmp_path / "empty").list_models()

    def test_what_is_no_gguf_is_refused_and_leaves_nothing(self, catalog, tmp_path):
        (tmp_path / "bad.gguf").write_bytes(b"\x80\x04K\x01.")
        with pytest.raises(UntrustedWeights, match="is a Python pickle"):
            catalog.import_file(tmp_path / "bad.gguf")
        with pytest.raises(UnknownName):
            catalog.find("bad")

    def test_a_cut_off_file_is_refused(self, catalog, gguf):
        gguf.write_bytes(gguf.read_bytes()[:-2000])
        with pytest.raises(UntrustedWeights, match="past the end"):
            catalog.import_file(gguf)

    def test_a_taken_name_is_refused(self, catalog, gguf):
        catalog.import_file(gguf)
        for name in ("tiny-bert", "qwen3-4b"):
            with pytest.raises(UsageError, match="choose another name"):
                catalog.import_file(gguf, name)

    def test_a_file_that_is_not_there_or_no_file_is_told(self, catalog, tmp_path):
        os.mkfifo(tmp_path / "pipe.gguf")
        for path in (tmp_path / "none.gguf", tmp_path, tmp_path / "pipe.gguf"):
            with pytest.raises(NotFound):
                catalog.import_file(path, "mine")

    def test_there_is_nowhere_to_pull_it_from(self, catalog, gguf):
        catalog.import_file(gguf)
        with pytest.raises(Refused, match="imported"):
            catalog.pull("tiny-bert")


class TestVerify:
    @pytest.fixture
    def path(self, catalog, gguf):
        path = catalog.import_file(gguf)
        gguf.unlink()
        return path

    def test_a_changed_byte_is_found(self, catalog, path):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        (finding,) = catalog.verify()
        assert (finding.model, finding.file) == ("tiny-bert", path.name)
        assert "changed" in finding.problem
        assert "genwright models remove tiny-bert" in finding.remedy

    def test_missing_and_strange_files_are_found(self, catalog, path):
        path.rename(path.with_name("other.gguf"))
        problems = {finding.file: finding.problem for finding in catalog.verify("tiny-bert")}
        assert problems == {path.name: "is missing", "other.gguf": "was not put there by genwright"}

    @pytest.mark.parametrize("manifest", [b"", b"{}", b"\xff", None])
    def test_a_damaged_manifest_is_found_and_the_model_can_be_removed(
        self, catalog, path, manifest
    ):
        file = path.with_name("model.json")
        file.unlink() if manifest is None else file.write_bytes(manifest)
        assert [finding.file for finding in catalog.verify()] == ["model.json"]
        assert "tiny-bert" not in {model.name for model in catalog.list_models()}
        catalog.remove("tiny-bert")
        assert catalog.verify() == []


class TestRemove:
    def test_it_says_how_much_is_free_again(self, catalog, gguf):
        path = catalog.import_file(gguf)
        size = path.stat().st_size
        assert catalog.remove("tiny-bert") == size
        assert not path.parent.exists()
        assert list((catalog.models_dir / ".partial").iterdir()) == []


class TestOwnEntries:
    def test_they_stand_beside_the_shipped_ones(self, catalog, add_entry):
        add_entry('repo = "team/tiny"')
        assert catalog.find("tiny").source == "hub team/tiny"
        assert "qwen3-4b" in catalog.entries

    def test_a_shipped_model_cannot_be_replaced(self, catalog, add_entry):
        add_entry('path = "/mine"', name="all-minilm-l6-v2")
        with pytest.raises(SettingsError, match="taken"):
            catalog.list_models()

    def test_a_name_stands_once(self, catalog, add_entry):
        add_entry('path = "/mine"')
        add_entry('path = "/other"')
        with pytest.raises(SettingsError, match="twice"):
            catalog.list_models()

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ('name = "../up.gguf"', "within the model's folder"),
            ('name = "/etc/x.gguf"', "within the model's folder"),
            ('name = "model.bin"', "consists of"),
            ('name = "model.json"', "consists of"),
            ('name = "a.gguf", sha256 = "short"', "pattern"),
            ('name = "a.gguf", digest = "1"', "not permitted"),
        ],
    )
    def test_a_wrong_file_is_refused_with_its_place(self, tmp_path, wrong, said):
        file = tmp_path / "models.toml"
        file.write_text(f"""
            [[models]]
            name = "tiny"
            kind = "chat"
            format = "gguf"
            license = "MIT"
            context = 1
            description = ""
            files = [{{ {wrong} }}]
            sources = [{{ path = "/mine" }}]
        """)
        with pytest.raises(SettingsError, match=said) as caught:
            load(file)
        assert "models.0.files.0" in str(caught.value)

    @pytest.mark.parametrize(
        "source",
        [
            "",
            'path = "/a", url = "https://b"',
            'package = "unpinned"',
            'package = "-r requirements.txt"',
            'repo = "no-owner"',
            'url = "file:///etc/passwd"',
        ],
    )
    def test_a_source_is_one_pinned_place(self, catalog, add_entry, source):
        add_entry(source)
        with pytest.raises(SettingsError, match=r"models\.0\.sources\.0"):
            catalog.list_models()

    def test_a_file_that_is_no_toml_is_told(self, tmp_path):
        (tmp_path / "models.toml").write_text("[[models")
        with pytest.raises(SettingsError, match="not valid"):
            load(tmp_path / "models.toml")


def test_the_page_for_users_lists_every_model_with_its_licence(catalog):
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text(encoding="utf-8")
    for entry in catalog.entries.values():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{entry.name}` |")]
        assert f"| {entry.license} |" in line


def test_the_example_on_the_page_is_a_valid_entry(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0].replace("…", "0" * 64)
    (tmp_path / "models.toml").write_text(example)
    assert load(tmp_path / "models.toml")["support-chat"].kind == "chat"
