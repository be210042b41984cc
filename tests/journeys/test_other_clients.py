"""LangChain, LlamaIndex and EleutherAI's harness against the running server.

They need an older ``openai`` than genwright has, so they run in an environment of their own, which
``make clients`` makes from ``tests/clients-constraints.txt``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.fixtures.command_line import DOCUMENTS
from tests.fixtures.running import Running, environment, running

from genwright.catalog import Catalog
from genwright.engines import open_engine
from genwright.settings import EngineSettings
from genwright.workspace import create_workspace

SCRIPT = Path(__file__).with_name("other_clients.py")


@pytest.fixture(scope="module")
def clients() -> Path:
    """The Python that has the other clients."""
    python = Path(os.environ.get("GENWRIGHT_CLIENTS", ROOT / ".clients" / "bin" / "python"))
    if not python.is_file():
        pytest.skip(f"no other clients at {python}: run `make clients` or set GENWRIGHT_CLIENTS")
    return python


@pytest.fixture(scope="module")
def server(tmp_path_factory, models_dir, clients) -> Iterator[Running]:
    folder = create_workspace(tmp_path_factory.mktemp("clients") / "workspace")
    env = {"GENWRIGHT_MODELS_DIR": str(models_dir), "GENWRIGHT_ENGINE__CONTEXT": "1024"}
    source = folder.parent / "documents"
    source.mkdir()
    for name, text in DOCUMENTS.items():
        (source / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "genwright", "add", str(source)]
    subprocess.run(
        command, check=True, capture_output=True, timeout=200, env=environment(folder, env)
    )
    with running(folder, env | {"GENWRIGHT_ANSWER__MODEL": "smollm2-135m-instruct"}) as server:
        yield server


def run(clients: Path, program: str, server: Running, folder: Path) -> dict:
    """What a program says of the server."""
    env = environment(folder, {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})
    env |= {"HF_HOME": str(folder / "hf"), "OPENAI_API_KEY": "none", "HOME": str(folder)}
    done = subprocess.run(
        [str(clients), str(SCRIPT), program, server.api, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        cwd=folder,
        env=env,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_langchain_chats_streams_calls_tools_and_embeds(clients, server, tmp_path):
    told = run(clients, "langchain", server, tmp_path)
    assert told["said"] and told["streamed"]
    assert told["usage"]["total_tokens"] > 0
    assert [call["name"] for call in told["calls"]] == ["weather"]
    assert set(told["colour"]) == {"name", "warm"}
    assert "400 hours" in told["answer"] and "400 hours" in told["by_responses"]
    assert told["dim"] == 384


def test_llama_index_chats_streams_and_completes(clients, server, tmp_path):
    told = run(clients, "llama_index", server, tmp_path)
    assert told["said"] and told["streamed"] and told["completed"]
    assert "400 hours" in told["answer"]


def test_the_harness_scores_as_the_engine_does(clients, server, tmp_path, models_dir):
    told = run(clients, "lm_eval", server, tmp_path)
    assert told["accuracy"] == 1.0
    assert len(told["generated"]) == 3 and all(told["generated"])
    path = Catalog(models_dir).find_path("smollm2-135m-instruct")
    with open_engine(path, EngineSettings(context=512)) as engine:
        scored = engine.score("The capital of France is", " Paris")
    truth = sum(each.logprob for each in scored)
    assert abs(float(told["loglikelihoods"][0][0][0]) - truth) < 0.05
