"""Trained models by the API, and the pages of training and registry, with a real training."""

import json
import re
import threading
from pathlib import Path

import httpx
import pytest
from tests.fixtures.running import PLAIN, Serve, genwright
from tests.fixtures.waiting import wait_until

pytest.importorskip("torch", reason="needs the train extra")

from tests.fixtures.tiny_families import TEMPLATE, build
from tests.fixtures.tuning import pairs

from genwright.access import create_user
from genwright.storage import Database
from genwright.types import OWNER

QUICK = ("max_steps=3 batch_size=4 max_length=64 rank=2 threads=1 log_every=1 max_new_tokens=4 "
         "learning_rate=1e-2 precision=float32 quantization=f32")  # fmt: skip
ENV = {**PLAIN, "GENWRIGHT_ENGINE__CONTEXT": "256", "GENWRIGHT_ENGINE__THREADS": "1",
       "GENWRIGHT_EMBEDDING__MODEL": "hashing"}  # fmt: skip


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in pairs(40)))
    return path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return build("llama2", tmp_path / "tiny", template=TEMPLATE)


def tuned(workspace: Path, base: str, rows: Path, name: str, method: str) -> None:
    sets = [part for each in QUICK.split() for part in ("--param", each)]
    genwright(workspace, "tune", "--base", base, "--data", str(rows), "--name", name,
              "--method", method, *sets, env=ENV)  # fmt: skip


def chat(client: httpx.Client, model: str) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "say one"}], "max_tokens": 6,
            "temperature": 0}  # fmt: skip
    return client.post("/v1/chat/completions", json=body)


@pytest.mark.slow
def test_versions_are_served_promoted_and_rolled_back_without_a_failed_request(
    workspace, serve: Serve, base, rows
):
    tuned(workspace, str(base), rows, "whole", "full")
    tuned(workspace, "whole@1", rows, "ones", "lora")
    tuned(workspace, "whole@1", rows, "ones", "lora")
    server = serve(ENV)
    with httpx.Client(base_url=server.url, timeout=60) as client:
        listed = {each["id"] for each in client.get("/v1/models").json()["data"]}
        assert {"whole", "whole@1+ones"} <= listed
        for model in ("whole@1", "whole", "whole@1+ones@1", "whole@1+ones@live", "ones"):
            reply = chat(client, model)
            assert reply.status_code == 200, reply.text
        answer = chat(client, "ones").json()["id"]
        lineage = genwright(workspace, "registry", "lineage", answer, "--json", env=ENV)
        assert '"name": "ones@1"' in lineage and "rows-train" in lineage
        assert chat(client, "whole@1+ones@9").status_code == 404
        assert chat(client, "other+ones@1").status_code == 404

        failures: list[int] = []
        done = threading.Event()

        def load() -> None:
            with httpx.Client(base_url=server.url, timeout=60) as mine:
                while not done.is_set():
                    if (status := chat(mine, "ones").status_code) not in (200, 429):
                        failures.append(status)

        threads = [threading.Thread(target=load) for _ in range(2)]
        for thread in threads:
            thread.start()
        genwright(workspace, "registry", "promote", "ones", "2", env=ENV)
        assert chat(client, "ones").status_code == 200
        genwright(workspace, "registry", "rollback", "ones", env=ENV)
        assert chat(client, "ones").status_code == 200
        done.set()
        for thread in threads:
            thread.join()
        assert not failures


@pytest.mark.slow
def test_a_tuning_is_begun_watched_stopped_and_resumed_in_the_browser(
    workspace, serve: Serve, base, rows
):
    server = serve(ENV)
    with httpx.Client(base_url=server.url, timeout=60, follow_redirects=True,
                      headers={"accept": "text/html"}) as web:  # fmt: skip
        options = QUICK.replace("max_steps=3", "max_steps=4000")
        form = {"base": str(base), "objective": "generation", "method": "lora", "name": "ones",
                "minutes": "0", "options": options}  # fmt: skip
        page = web.post("/training", data=form, files={"data": ("rows.jsonl", rows.read_bytes())})
        assert page.status_code == 200
        run = re.search(r"<h1>Run (\d+)</h1>", page.text)[1]

        def until(condition) -> str:
            live = f"/training/{run}/live"
            return wait_until(lambda: condition(text := web.get(live).text) and text)

        running = until(lambda text: "polyline" in text)
        assert "4. strategy" in running and "step " in running
        assert web.post(f"/training/{run}/stop").status_code == 200
        until(lambda text: ">stopped<" in text)
        with httpx.Client(base_url=server.url) as plain:
            assert plain.post(f"/training/{run}/stop").status_code in (400, 422)
        listed = web.get("/training").text
        assert f'href="/training/{run}"' in listed and "rows-train" in listed
        data = web.get(re.search(r'href="(/training/data/\d+)"', listed)[1]).text
        assert "What the check found" in data
        assert web.post(f"/training/{run}/resume").status_code == 200
        until(lambda text: ">running<" in text)
        web.post(f"/training/{run}/stop")
        until(lambda text: ">stopped<" in text)


@pytest.mark.slow
def test_the_registry_shows_cards_and_lineage_and_asks_for_roles(
    workspace, serve: Serve, base, rows
):
    tuned(workspace, str(base), rows, "ones", "lora")
    tuned(workspace, str(base), rows, "ones", "lora")
    server = serve(ENV)
    with httpx.Client(base_url=server.url, timeout=60, follow_redirects=True,
                      headers={"accept": "text/html"}) as web:  # fmt: skip
        assert 'href="/registry/ones"' in web.get("/registry").text
        page = web.get("/registry/ones@1").text
        assert "Where ones@1 came from" in page and "<svg" in page and "rows-train" in page
        assert "ones@2 is live." in web.post("/registry/ones/promote").text
        assert "ones@1 is live again." in web.post("/registry/ones/rollback").text
        told = web.post("/registry/ones@1/card", data={"words": "# Mine <script>x</script>"}).text
        assert "Mine" in told and "<script>x" not in told
        assert web.get("/registry/nobody").status_code == 404
    database = Database(workspace / "genwright.db")
    create_user(database, OWNER, "rita", password="a long password")
    database.close()
    with httpx.Client(base_url=server.url, timeout=60, headers={"accept": "text/html"}) as web:
        web.post("/login", data={"name": "rita", "password": "a long password"})
        refused = [("GET", "/training"), ("GET", "/registry/ones"),
                   ("POST", "/registry/ones/promote"), ("POST", "/training/1/stop")]  # fmt: skip
        for method, path in refused:
            assert web.request(method, path).status_code == 403, path
