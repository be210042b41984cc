import hashlib
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from tests.fixtures.model_site import COMMIT, files_under

from genwright.catalog import Catalog
from genwright.errors import DownloadFailed, NotFound, Refused, UntrustedWeights


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def served(site, weights, add_entry):
    """The tiny model at a pinned address."""
    site.files["/tiny.gguf"] = weights
    add_entry(f'url = "{site.address}/tiny.gguf"', sha256=sha256(weights), size=len(weights))
    return site


def test_a_pulled_model_is_whole_and_remembers_where_it_is_from(catalog, served, weights):
    seen = []

    path = catalog.pull("tiny", lambda done, total, what: seen.append((done, total)))

    assert path == catalog.find_path("tiny") == catalog.models_dir / "tiny" / "tiny.gguf"
    assert path.read_bytes() == weights
    held = catalog.read_manifest("tiny")
    assert (held.source, held.license) == (f"{served.address}/tiny.gguf", "Apache-2.0")
    assert held.fetched == held.files
    assert held.files[0].sha256 == sha256(weights)
    assert held.pinned_by == "catalog"
    assert seen == sorted(seen)
    assert seen[-1] == (len(weights), len(weights))
    assert files_under(catalog.models_dir) == {"tiny/tiny.gguf", "tiny/model.json"}


def test_what_is_there_is_not_fetched_again(catalog, served):
    catalog.pull("tiny")
    catalog.pull("tiny")
    assert served.gets() == ["/tiny.gguf"]


def test_a_broken_connection_is_continued_where_it_broke(catalog, served, weights):
    third = len(weights) // 3
    served.cuts = [third, third]

    assert catalog.pull("tiny").read_bytes() == weights

    ranges = [wanted for method, _, wanted in served.asked if method == "GET"]
    assert ranges == ["", f"bytes={third}-", f"bytes={2 * third}-"]


def test_a_later_run_continues_what_an_earlier_one_left(catalog, served, weights):
    left = catalog.models_dir / ".partial" / "tiny" / "tiny.gguf.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(weights[:1000])

    assert catalog.pull("tiny").read_bytes() == weights

    assert [wanted for *_, wanted in served.asked] == ["bytes=1000-"]


def test_a_server_that_knows_no_ranges_sends_the_whole_again(catalog, served, weights):
    served.ranges, served.cuts = False, [1000]
    assert catalog.pull("tiny").read_bytes() == weights


def test_a_leftover_longer_than_the_file_is_dropped(catalog, served, weights):
    left = catalog.models_dir / ".partial" / "tiny" / "tiny.gguf.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(weights + b"more")
    assert catalog.pull("tiny").read_bytes() == weights


def test_a_leftover_of_other_content_is_found_by_the_digest_and_deleted(catalog, served, weights):
    left = catalog.models_dir / ".partial" / "tiny" / "tiny.gguf.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x" * 1000)
    with pytest.raises(UntrustedWeights, match="it is deleted"):
        catalog.pull("tiny")
    assert catalog.pull("tiny").read_bytes() == weights


@pytest.mark.parametrize("change", [lambda b: b[:-1] + b"x", lambda b: b[:-1], lambda b: b + b"x"])
def test_what_is_not_as_pinned_is_refused_and_deleted(catalog, served, weights, change):
    served.files["/tiny.gguf"] = change(weights)

    with pytest.raises(UntrustedWeights, match="deleted"):
        catalog.pull("tiny")

    assert files_under(catalog.models_dir) == set()
    with pytest.raises(NotFound, match="genwright models pull tiny"):
        catalog.find_path("tiny")


def test_the_next_source_is_tried_and_the_one_that_delivered_is_remembered(
    catalog, site, weights, add_entry, tmp_path
):
    site.files |= {"/bad/tiny.gguf": weights[:-1] + b"x", "/good/tiny.gguf": weights}
    add_entry(
        f'path = "{tmp_path}/nowhere"',
        f'url = "{site.address}/missing.gguf"',
        f'url = "{site.address}/bad/"',
        f'url = "{site.address}/good/"',
        sha256=sha256(weights),
    )
    catalog.pull("tiny")
    assert catalog.read_manifest("tiny").source == f"{site.address}/good/"


def test_when_no_source_delivers_the_message_names_each_with_its_reason(catalog, site, add_entry):
    add_entry('path = "/nowhere"', f'url = "{site.address}/tiny.gguf"', sha256="0" * 64)
    with pytest.raises(DownloadFailed, match=r"no file /nowhere; .*there is no such file"):
        catalog.pull("tiny")


def test_a_server_in_trouble_is_asked_again_and_then_given_up(catalog, served):
    served.status = 503
    with pytest.raises(DownloadFailed, match="answered 503"):
        catalog.pull("tiny")
    assert len(served.asked) > 1


def test_a_digest_is_needed_where_no_hub_can_tell_it(catalog, site, weights, add_entry):
    site.files["/tiny.gguf"] = weights
    add_entry(f'url = "{site.address}/tiny.gguf"')
    with pytest.raises(UntrustedWeights, match="nobody states a SHA-256"):
        catalog.pull("tiny")
    assert site.gets() == []


def test_sound_digests_do_not_make_a_pickle_acceptable(catalog, site, add_entry):
    site.files["/tiny.gguf"] = b"\x80\x04K\x01."
    add_entry(f'url = "{site.address}/tiny.gguf"', sha256=sha256(site.files["/tiny.gguf"]))
    with pytest.raises(UntrustedWeights, match="is a Python pickle"):
        catalog.pull("tiny")
    assert files_under(catalog.models_dir) == set()


@pytest.mark.parametrize("variable", ["GENWRIGHT_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_the_network_is_refused_and_local_files_still_work(
    catalog, served, weights, add_entry, monkeypatch, tmp_path, variable
):
    monkeypatch.setenv(variable, "1")
    (tmp_path / "tiny.gguf").write_bytes(weights)
    add_entry(f'path = "{tmp_path}"', name="local")

    with pytest.raises(DownloadFailed, match=f"{variable} forbids the network"):
        catalog.pull("tiny")
    catalog.pull("local")

    assert served.asked == []
    assert catalog.read_manifest("local").pinned_by == "first pull"


class TestHub:
    @pytest.fixture
    def hub(self, site, weights, add_entry):
        site.hub = True
        site.files["/team/tiny/tiny.gguf"] = weights
        add_entry('repo = "team/tiny"')
        return site

    def test_the_digest_the_hub_states_is_told_checked_and_pinned(self, catalog, hub, weights):
        told = []

        catalog.pull("tiny", lambda done, total, what: told.append(what))

        assert any(sha256(weights) in what for what in told)
        held = catalog.read_manifest("tiny")
        assert (held.source, held.pinned_by) == (f"hub team/tiny@{COMMIT}", "first pull")
        pins = json.loads((catalog.models_dir / "pins.json").read_text())
        assert pins == {"tiny": {"tiny.gguf": sha256(weights)}}
        assert f"/team/tiny/resolve/{COMMIT}/tiny.gguf" in [path for _, path, _ in hub.asked]

    def test_another_content_than_stated_is_refused(self, catalog, hub):
        hub.stated["/team/tiny/tiny.gguf"] = "0" * 64
        with pytest.raises(UntrustedWeights, match=f"expected {'0' * 64}"):
            catalog.pull("tiny")
        assert files_under(catalog.models_dir) == set()

    def test_what_was_pinned_stays_pinned_after_the_model_is_removed(self, catalog, hub, weights):
        catalog.pull("tiny")
        catalog.remove("tiny")
        hub.files["/team/tiny/tiny.gguf"] = weights[:-1] + b"x"

        with pytest.raises(UntrustedWeights, match=f"expected {sha256(weights)}"):
            catalog.pull("tiny")

        hub.files["/team/tiny/tiny.gguf"] = weights
        catalog.pull("tiny")
        assert catalog.read_manifest("tiny").pinned_by == "first pull"

    def test_a_hub_that_states_no_digest_is_not_believed(self, catalog, hub):
        hub.stated["/team/tiny/tiny.gguf"] = "a-git-tag"
        with pytest.raises(UntrustedWeights, match="nobody states a SHA-256"):
            catalog.pull("tiny")

    def test_the_token_is_for_the_hub_and_not_for_its_storage(self, catalog, hub, monkeypatch):
        monkeypatch.setenv("HF_TOKEN", "secret")
        catalog.pull("tiny")
        assert hub.tokens == {
            "/team/tiny/resolve/main/tiny.gguf": "Bearer secret",
            f"/team/tiny/resolve/{COMMIT}/tiny.gguf": "Bearer secret",
            "/team/tiny/tiny.gguf": "",
        }

    def test_a_licence_that_must_be_accepted_is_said_to_be_so(self, catalog, hub):
        hub.status = 403
        with pytest.raises(DownloadFailed, match="accept the model's licence there and set HF_TOK"):
            catalog.pull("tiny")


class TestAtomicity:
    def test_finish_may_replace_the_files_and_both_digests_are_remembered(
        self, catalog, tmp_path, site
    ):
        folder = safetensors_model(tmp_path)
        add_safetensors_entry(catalog, folder)

        def finish(stage: Path) -> None:
            (stage / "model.safetensors").unlink()
            (stage / "model.onnx").write_bytes(b"prepared")

        assert catalog.pull("local", finish=finish) == catalog.models_dir / "local"
        held = catalog.read_manifest("local")
        assert {file.name for file in held.fetched} == {"model.safetensors", "config.json"}
        assert {file.name for file in held.files} == {"model.onnx", "config.json"}
        assert catalog.verify() == []

    def test_a_finish_that_fails_leaves_no_model_and_the_next_pull_succeeds(
        self, catalog, tmp_path
    ):
        add_safetensors_entry(catalog, safetensors_model(tmp_path))

        def fail(stage: Path) -> None:
            (stage / "model.safetensors").unlink()
            (stage / "half.onnx").write_bytes(b"half")
            raise RuntimeError("killed here")

        with pytest.raises(RuntimeError):
            catalog.pull("local", finish=fail)
        assert not (catalog.models_dir / "local").exists()

        catalog.pull("local")
        assert {file.name for file in catalog.read_manifest("local").files} == {
            "model.safetensors",
            "config.json",
        }

    def test_a_gguf_runs_as_it_is_so_nothing_finishes_it(self, catalog, served):
        catalog.pull("tiny", finish=lambda stage: pytest.fail("it was called"))

    def test_a_folder_that_is_in_the_way_is_kept(self, catalog, served):
        mine = catalog.models_dir / "tiny" / "mine.txt"
        mine.parent.mkdir()
        mine.write_text("mine")
        with pytest.raises(Refused, match="in the way"):
            catalog.pull("tiny")
        assert mine.read_text() == "mine"

    def test_processes_that_pull_at_once_fetch_once(self, catalog, served, weights):
        served.cuts = [len(weights) // 2]  # so that it takes more than one request
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(3, mp_context=context) as pool:
            paths = list(pool.map(pull_tiny, [str(catalog.models_dir)] * 3))
        assert len(set(paths)) == 1
        assert Path(paths[0]).read_bytes() == weights
        assert len(served.gets()) == 2


def pull_tiny(models_dir: str) -> str:
    return str(Catalog(Path(models_dir)).pull("tiny"))


def safetensors_model(tmp_path: Path) -> Path:
    import numpy as np
    from safetensors.numpy import save_file

    folder = tmp_path / "published"
    folder.mkdir()
    save_file({"one": np.ones((2, 2), np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")
    return folder


def add_safetensors_entry(catalog: Catalog, folder: Path) -> None:
    (catalog.models_dir / "models.toml").write_text(f"""
        [[models]]
        name = "local"
        kind = "embed"
        format = "safetensors"
        license = "MIT"
        context = 128
        description = "Local weights"
        files = [{{ name = "model.safetensors" }}, {{ name = "config.json" }}]
        sources = [{{ path = "{folder}" }}]
    """)


def test_a_folder_that_may_not_be_written_is_told(tmp_path, weights):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="set models_dir to a folder you may write"):
        Catalog(tmp_path / "file" / "models").pull("smollm2-135m-instruct")


def test_a_model_larger_than_the_disk_is_not_begun(catalog, site, weights, add_entry):
    site.files["/tiny.gguf"] = weights
    add_entry(f'url = "{site.address}/tiny.gguf"', sha256=sha256(weights), size=10**18)
    with pytest.raises(DownloadFailed, match="MB more on disk"):
        catalog.pull("tiny")
    assert site.asked == []


def test_the_folder_is_made_when_it_is_not_there(tmp_path):
    assert Catalog(tmp_path / "none").verify() == []
    assert not os.path.exists(tmp_path / "none")
