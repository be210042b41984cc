import json

import pytest
from tests.fixtures.tiny_gguf import make_bert

from genwright.cli.main import run
from genwright.workspace import create_workspace


@pytest.fixture
def genwright(tmp_path, capsys, monkeypatch):
    """Run a command in a workspace: its exit status, output and remarks."""
    create_workspace(tmp_path / "workspace")
    monkeypatch.chdir(tmp_path / "workspace")
    monkeypatch.delenv("GENWRIGHT_WORKSPACE", raising=False)
    monkeypatch.delenv("GENWRIGHT_MODELS_DIR", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(["models", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_without_a_command_it_tells_what_there_is(genwright):
    status, out, _ = genwright()
    assert status == 0
    assert "pull" in out
    assert "verify" in out


def test_a_model_lives_from_import_to_removal(genwright, tmp_path):
    file = make_bert(tmp_path / "Tiny.gguf")

    assert genwright("import", str(file), "--name", "mine")[:2] == (
        0,
        f"mine (embed): {tmp_path}/workspace/models/mine/Tiny.gguf\n",
    )
    rows = {row["name"]: row for row in json.loads(genwright("list", "--json")[1])}
    assert rows["mine"]["pulled"] is True
    assert rows["multilingual-e5-small"]["pulled"] is False
    assert "mine" in genwright("list")[1]
    assert genwright("verify")[0] == 0
    assert genwright("verify", "--json")[1] == "[]\n"
    assert genwright("remove", "mine", "--yes")[0] == 0
    assert genwright("verify", "mine")[0] == 3


def test_damage_is_told_with_status_4(genwright, tmp_path):
    genwright("import", str(make_bert(tmp_path / "tiny.gguf")))
    path = tmp_path / "workspace/models/tiny/tiny.gguf"
    path.write_bytes(path.read_bytes() + b"x")

    status, out, _ = genwright("verify")
    assert status == 4
    assert "tiny/tiny.gguf has changed" in out

    status, out, _ = genwright("verify", "--json")
    assert status == 4
    assert json.loads(out)[0]["file"] == "tiny.gguf"


def test_a_digest_of_the_first_pull_is_shown(genwright, tmp_path):
    file = make_bert(tmp_path / "tiny.gguf")
    (tmp_path / "workspace/models/models.toml").write_text(f"""
        [[models]]
        name = "tiny"
        kind = "embed"
        format = "gguf"
        license = "MIT"
        context = 128
        description = "A tiny model"
        files = [{{ name = "tiny.gguf" }}]
        sources = [{{ path = "{file}" }}]
    """)
    status, out, err = genwright("pull", "tiny")
    assert status == 0
    assert out == f"tiny: {tmp_path}/workspace/models/tiny/tiny.gguf\n"
    assert "license: MIT" in err
    assert "pinned from now on" in err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("pull", "no-such"), 3),
        (("import", "none.gguf"), 3),
        (("import", "none.gguf", "--kind", "poem"), 2),
        (("remove", "qwen3-4b", "--yes"), 3),
        (("remove", "qwen3-4b"), 2),
    ],
)
def test_a_slip_is_one_line_and_a_status(genwright, arguments, status):
    got, _, err = genwright(*arguments)
    assert got == status
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_what_is_known_of_a_model_is_told_without_asking_it(genwright):
    status, out, _ = genwright("examine", "smollm2-135m-instruct")
    assert status == 0 and "smollm2-135m-instruct cannot write answers." in out
    found = json.loads(genwright("examine", "smollm2-135m-instruct", "--json")[1])
    assert found["able"] is False and set(found["shares"]) > {"all", "answers", "unknown"}
    assert "writes answers" in genwright("list")[1]


def test_a_model_that_is_not_here_cannot_be_examined(genwright):
    assert genwright("examine", "qwen3-4b")[0] == 3
