"""Pages of documents, models, assistants, traces, monitoring and settings, without scripts."""

import re

import httpx
import pytest
from tests.fixtures.running import PLAIN, Serve

from genwright.access import create_key, create_user
from genwright.settings import load_settings
from genwright.storage import Database
from genwright.types import OWNER

HTML = {"accept": "text/html"}
PUMP = b"# The Velda pump\n\nChange the oil of the Velda pump every 400 hours.\n"


@pytest.fixture
def web(serve: Serve):
    """A browser without scripts at this machine."""
    server = serve({**PLAIN, "GENWRIGHT_MONITORING__INTERVAL_SECONDS": "1"})
    with httpx.Client(base_url=server.url, headers=HTML, timeout=60, follow_redirects=True) as web:
        yield web


def upload(web: httpx.Client, name: str, data: bytes, collection: str = "default"):
    return web.post(
        "/documents/upload",
        data={"collection": collection},
        files={"files": (name, data)},
        headers={"accept": "application/json"},
    ).json()["files"][0]


def test_a_document_goes_in_is_found_and_goes_out(web):
    done = upload(web, "pump.md", b"# Pump\n\nChange the oil every 400 hours.\n")
    assert done["reason"] == "" and done["document"]
    page = web.get(f"/documents/in/{done['collection']}").text
    assert "pump.md" in page and "Pump" in page
    found = web.get(f"/documents/in/{done['collection']}/search?q=oil&mode=keyword").text
    assert "<mark>oil</mark>" in found and re.search(r"keyword \d", found)
    web.post(f"/documents/in/{done['collection']}/documents/{done['document']}/remove")
    assert "pump.md" not in web.get(f"/documents/in/{done['collection']}").text


def test_a_file_that_is_refused_says_why_and_leaves_nothing(web):
    done = upload(web, "x.bin", bytes(range(256)))
    assert "supported format" in done["reason"] and done["document"] is None
    assert web.get("/v1/files").json()["data"] == []


def test_rights_are_given_and_taken_on_the_page(web, workspace):
    home = upload(web, "a.txt", b"A sentence about valves.")["collection"]
    given = web.post(f"/documents/in/{home}/rights", data={"holder": "group:everyone"})
    assert "everyone may read" in given.text
    taken = web.post(
        f"/documents/in/{home}/rights", data={"holder": "group:everyone", "right": "none"}
    )
    assert "everyone may read" not in taken.text
    missing = web.post(f"/documents/in/{home}/rights", data={"holder": "nobody"})
    assert missing.status_code == 404 and "nobody" in missing.text


def test_an_assistant_is_changed_compared_promoted_and_rolled_back(web):
    form = {
        "description": "Ours", "model": "scripted", "mode": "keyword", "k": 3, "temperature": 0,
        "max_tokens": 50, "min_support": 0.8, "system": "Be brief.\r\n", "user": "{{ question }}",
        "collections": ["default"], "note": "brief",
    }  # fmt: skip
    made = web.post("/assistants/assistant/versions", data=form)
    assert "Version 2 against 1" in made.text and "retrieval.top_k" in made.text
    assert (
        "assistant@2 is live" in web.post("/assistants/assistant/promote", data={"version": 2}).text
    )
    assert "is live again" in web.post("/assistants/assistant/rollback").text
    wrong = web.post("/assistants/assistant/versions", data={**form, "k": 0})
    assert wrong.status_code == 400 and "retrieval.top_k" in wrong.text


def test_a_trace_is_listed_filtered_and_opened(web):
    upload(web, "pump.md", PUMP)
    question = {"role": "user", "content": "How often is the oil of the pump changed?"}
    web.post("/v1/chat/completions", json={"model": "assistant", "messages": [question]})
    listed = web.get("/traces?outcome=answered&assistant=assistant").text
    assert "How often is the oil of the pump changed?" in listed
    assert "How often" not in web.get("/traces?outcome=refused").text
    assert "No trace fits" in web.get("/traces?text=nothing-like-it").text
    trace = re.search(r"/traces/([0-9a-f]{32})", listed)[1]
    opened = web.get(f"/traces/{trace}").text
    assert "<svg" in opened and "400 hours" in opened and "assistant@1" in opened
    assert web.get("/traces/" + "0" * 32).status_code == 404


def test_monitoring_draws_every_plot_and_its_parts(web):
    page = web.get("/monitoring?range=15%20minutes").text
    assert page.count('<svg class="plot"') == 10
    assert "<svg" in web.get("/monitoring/live").text


def test_settings_are_written_and_wrong_ones_are_not(web, workspace):
    days = {"traces": 7, "conversations": 0, "responses": 1, "files": 2, "series": 3}
    form = {"requests_per_minute": 60, "tokens_per_day": 1000, **days}
    assert "Saved" in web.post("/settings/limits", data=form).text
    settings = load_settings(workspace / "genwright.toml")
    assert settings.retention.traces_days == 7 and settings.access.requests_per_minute == 60
    wrong = {"ingest": "burn", "prompts": "keep", "logs": "keep"}
    assert web.post("/settings/privacy", data=wrong).status_code == 400
    assert load_settings(workspace / "genwright.toml") == settings
    assert "settings.change" in web.get("/settings/audit").text
    assert "unbroken" in web.post("/settings/audit/verify").text


def test_people_groups_and_keys_by_an_admin(serve: Serve, workspace):
    database = Database(workspace / "genwright.db")
    create_user(database, OWNER, "ann", role="admin")
    create_user(database, OWNER, "bob", role="reader")
    secrets = {name: create_key(database, OWNER, name, "test")[1] for name in ("ann", "bob")}
    database.close()
    server = serve(PLAIN)

    def client(name: str) -> httpx.Client:
        headers = {**HTML, "x-api-key": secrets[name]}
        return httpx.Client(base_url=server.url, headers=headers, follow_redirects=True)

    with client("ann") as ann, client("bob") as bob:
        ann.post("/settings/people", data={"name": "cat", "role": "editor"})
        ann.post("/settings/groups", data={"name": "sales"})
        page = ann.post("/settings/groups/sales", data={"what": "join", "user": "cat"}).text
        assert "Take cat out of sales" in page
        assert "not active" in ann.post("/settings/people/cat", data={"active": "false"}).text
        made = ann.post("/settings/keys", data={"name": "tool", "user": "bob", "days": 3}).text
        secret = re.search(r'id="secret">(gw-[\w-]+)<', made)[1]
        assert secret not in ann.get("/settings/keys").text
        last = ann.post("/settings/people/ann", data={"role": "reader"})
        assert last.status_code == 400 and "no active admin" in last.text
        for path in ("people", "groups", "limits", "audit"):
            assert bob.get(f"/settings/{path}").status_code == 404
        assert "tool" in bob.get("/settings/keys").text
        denied = bob.post("/settings/keys", data={"name": "x", "user": "ann"})
        assert denied.status_code == 403


def test_a_reader_with_a_right_to_write_still_changes_nothing(serve: Serve, workspace):
    from genwright.access import grants

    database = Database(workspace / "genwright.db")
    create_user(database, OWNER, "bob", role="reader")
    server = serve(PLAIN)
    _, secret = create_key(database, OWNER, "bob", "test")
    with database.write(OWNER) as session:
        from genwright.storage import Collection

        row = Collection(name="shared", owner="owner")
        session.add(row)
        session.flush()
        home = row.id
    grants.grant(database, OWNER, "bob", grants.GrantTarget("collection", home), "write")
    database.close()
    with httpx.Client(base_url=server.url, headers={"x-api-key": secret}) as bob:
        for path in ("rename", "remove", "rights"):
            data = {"name": "x", "holder": "bob"}
            assert bob.post(f"/documents/in/{home}/{path}", data=data).status_code == 403
        assert bob.delete(f"/v1/vector_stores/vs_{home}").status_code == 403
        assert bob.get(f"/v1/vector_stores/vs_{home}").status_code == 200
