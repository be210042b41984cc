import pytest
from tests.fixtures.model_site import Site, serving
from tests.fixtures.tiny_gguf import make_bert

from genwright.catalog import Catalog


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> bytes:
    return make_bert(tmp_path_factory.mktemp("tiny") / "tiny.gguf").read_bytes()


@pytest.fixture
def catalog(tmp_path) -> Catalog:
    (tmp_path / "models").mkdir()
    return Catalog(tmp_path / "models")


@pytest.fixture
def site(monkeypatch):
    """A server that is also the hub, with the network allowed."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("GENWRIGHT_OFFLINE", raising=False)
    for proxy in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    with serving(Site()) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


@pytest.fixture
def add_entry(catalog):
    """Write an entry of the user's own into the folder of models."""

    def add(*sources: str, name: str = "tiny", sha256: str = "", size: int = 0) -> None:
        entry = f"""
            [[models]]
            name = "{name}"
            kind = "embed"
            format = "gguf"
            license = "Apache-2.0"
            context = 128
            description = "A tiny model"
            files = [{{ name = "tiny.gguf", sha256 = "{sha256}", size = {size} }}]
            sources = [{", ".join(f"{{ {source} }}" for source in sources)}]
        """
        with (catalog.models_dir / "models.toml").open("a") as file:
            file.write(entry)

    return add
