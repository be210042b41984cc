"""The arena, the rating queue and improvements over a real server: pages, API, rights."""

import json
import re

import httpx
import pytest
from tests.fixtures.running import PLAIN, running
from tests.fixtures.waiting import wait_until

from genwright.access.people import create_user
from genwright.improve.canaries import start_canary
from genwright.improve.loop import open_assistants
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.types import OWNER
from genwright.workspace import create_workspace, open_workspace

FACTS = {
    "pump": "The red pump holds 2.5 bar at the outlet.",
    "valve": "The blue valve opens at 80 degrees.",
    "tank": "The steel tank takes 400 litres of oil.",
}
PASSWORD = "correct horse battery"


def page_with(web: httpx.Client, path: str, words: str) -> str:
    """A page, once it has some words."""
    return wait_until(lambda: words in (text := web.get(path).text) and text)


@pytest.fixture
def root(tmp_path):
    folder = create_workspace(tmp_path / "workspace")
    settings = {
        "embedding": {"model": "hashing"},
        "answer": {"extractive": True, "min_answerable": 0.05},
    }
    workspace = open_workspace(folder, settings)
    with Runtime(workspace) as runtime:
        for name, text in FACTS.items():
            DocumentIngester(runtime).add_bytes(text.encode(), f"{name}.txt")
        assistants = open_assistants(runtime)
        assistants.list_assistants(OWNER)
        assistants.revise(OWNER, "assistant", {"answer": {"min_answerable": 0.99}}, note="refuses")
    workspace.close()
    return folder


def events(text):
    return re.findall(r"event: (\w+)\ndata: (.*)", text)


def test_a_match_from_question_to_names(root):
    with running(root) as server, httpx.Client(base_url=server.url, timeout=60) as web:
        assert "Ask both" in web.get("/arena").text
        question = {"question": "What does the red pump hold?"}
        stream = web.post("/arena", data=question, headers={"accept": "text/event-stream"})
        kinds = [kind for kind, _ in events(stream.text)]
        assert kinds[0] == "started"
        assert kinds[-1] == "done"
        assert kinds.count("answered") == 2
        match = json.loads(events(stream.text)[0][1])["match"]
        page = web.get(f"/arena/{match}").text
        assert "assistant@" not in page  # nobody knows yet
        assert "2.5 bar" in page
        more = web.post(f"/arena/{match}/turns", data={"question": "And the blue valve?"})
        assert more.status_code == 303
        voted = web.post(f"/arena/{match}/vote", data={"winner": "left"}, follow_redirects=True)
        assert "assistant@1" in voted.text and "assistant@2" in voted.text
        again = web.post(f"/arena/{match}/vote", data={"winner": "left"})
        assert again.status_code == 400
        board = web.get("/arena/ranking").text
        assert "1 votes" in board and "<svg" in board and "Online Elo" in board
        assert "no vote" in web.get("/arena/ranking?votes=judge").text
        assert web.get("/arena/ranking?votes=robots").status_code == 400
        assert web.get(f"/arena/{'0' * 32}").status_code == 404
        assert web.post("/arena", data={"question": "  "}).status_code == 400


def test_the_arena_by_api(root):
    with running(root) as server, httpx.Client(base_url=server.api, timeout=60) as api:
        made = api.post("/arena/matches", json={"question": "How much oil takes the tank?"}).json()
        assert "left" not in made
        assert set(made["turns"][0]) == {"question", "left", "right"}
        more = {"question": "And the pump?", "match": made["id"]}
        assert len(api.post("/arena/matches", json=more).json()["turns"]) == 2
        told = api.post(f"/arena/matches/{made['id']}/vote", json={"winner": "tie"}).json()
        assert {told["left"], told["right"]} == {"assistant@1", "assistant@2"}
        assert api.get(f"/arena/matches/{made['id']}").json()["voted"]
        ranking = api.get("/arena/ranking").json()
        assert {row["model"] for row in ranking["data"]} == {"assistant@1", "assistant@2"}
        assert set(ranking["data"][0]) >= {
            "model", "rating", "low", "high", "votes", "rank_low", "rank_high",
        }  # fmt: skip
        bad = api.post(f"/arena/matches/{made['id']}/vote", json={"winner": "me"})
        assert bad.status_code == 400 and "error" in bad.json()


def test_the_rating_queue(root):
    with running(root) as server, httpx.Client(base_url=server.url, timeout=60) as web:
        assert "Nothing waits" in web.get("/feedback").text
        for question in ("What does the red pump hold?", "When does the blue valve open?"):
            body = {"model": "assistant", "messages": [{"role": "user", "content": question}]}
            assert web.post("/v1/chat/completions", json=body).status_code == 200
        page = page_with(web, "/feedback?rule=coverage", "1 of 2")
        trace = re.search(r'action="/feedback/([0-9a-f]{32})"', page)[1]
        rated = web.post(f"/feedback/{trace}", data={"rating": "4", "rule": "coverage"},
                         follow_redirects=True)  # fmt: skip
        assert "1 of 1" in rated.text
        assert "1 opinions" in rated.text
        web.post(f"/feedback/{trace}", data={"correction": "Two and a half bar."})
        given = web.get("/v1/feedback").json()["data"]
        assert [each["door"] for each in given] == ["queue", "queue"]
        assert web.post(f"/feedback/{'0' * 32}", data={"rating": "4"}).status_code == 404
        assert web.get("/feedback?rule=best").status_code == 400


def test_feedback_by_api_has_citations_and_consent(root):
    with running(root) as server, httpx.Client(base_url=server.api, timeout=60) as api:
        body = {"model": "assistant", "messages": [{"role": "user", "content": "Red pump bar?"}]}
        response = api.post("/chat/completions", json=body).json()["id"]
        said = {"response_id": response, "consent": False,
                "citation": {"document": 1, "start": 0, "end": 12}}  # fmt: skip
        given = api.post("/feedback", json=said).json()
        assert given["citation"]["end"] == 12
        assert given["consent"] is False
        bad = {"response_id": response, "citation": {"document": 1, "start": 9, "end": 3}}
        assert api.post("/feedback", json=bad).status_code == 400
        wanted = {"response_id": response, "intent": "list"}
        assert api.post("/feedback", json=wanted).json()["intent"] == "list"
        refused = api.post("/feedback", json=wanted | {"intent": "poem"})
        assert refused.status_code == 400
        assert "fact, explanation, how-to" in refused.json()["error"]["message"]


def test_an_improvement_from_the_browser(root):
    questions = "".join(
        json.dumps({"question": f"What about the {name}, number {n}?", "answer": text}) + "\n"
        for n in range(4)
        for name, text in FACTS.items()
    )
    with running(root) as server, httpx.Client(base_url=server.url, timeout=60) as web:
        body = {"model": "assistant", "messages": [{"role": "user", "content": "Red pump bar?"}]}
        response = web.post("/v1/chat/completions", json=body).json()["id"]
        web.post("/v1/feedback", json={"response_id": response, "correction": FACTS["pump"]})
        page = web.get("/improve").text
        assert "None yet" in page and 'value="retrieval"' in page
        form = {"assistant": "assistant", "method": ["retrieval", "shots"], "all_feedback": "true"}
        files = {"questions": ("held-out.jsonl", questions.encode())}
        begun = web.post("/improve", data=form, files=files)
        assert begun.status_code == 303, begun.text
        where = begun.headers["location"].split("?")[0]
        wait_until(lambda: "running" not in web.get(where).text, 90)
        shown = web.get(where).text
        assert "nothing" in shown
        assert "questions have a right answer" in shown  # why retrieval was left
        listed = web.get("/v1/improvements").json()["data"]
        assert [each["outcome"] for each in listed] == ["nothing"]
        one = web.get(f"/v1/improvements/{listed[0]['id']}").json()
        assert one["candidate"] is None
        assert web.post(f"{where}/promote").status_code == 400
        unknown = {"methods": ["magic"]}
        assert web.post("/v1/improvements", json=unknown).status_code == 400


def test_a_trace_becomes_a_case_and_is_explained(root):
    with running(root) as server, httpx.Client(base_url=server.url, timeout=60) as web:
        body = {"model": "assistant", "messages": [{"role": "user", "content": "Red pump bar?"}]}
        trace = web.post("/v1/chat/completions", json=body).json()["id"].removeprefix("chatcmpl-")
        assert "Regression suite" in web.get(f"/traces/{trace}").text
        kept = web.post(f"/traces/{trace}/suite", data={"bad": "false"}, follow_redirects=True)
        assert "Case saved" in kept.text
        case = re.search(r"/improve/suite/(\d+)/remove", kept.text)[1]
        assert "assistant assistant@1" in web.get(f"/traces/{trace}/why").text
        out = web.post(f"/improve/suite/{case}/remove", follow_redirects=True)
        assert "No case yet" in out.text


def test_rights(root):
    workspace = open_workspace(root)
    create_user(workspace.database, OWNER, "ann", password=PASSWORD, role="admin")
    create_user(workspace.database, OWNER, "bob", password=PASSWORD, role="reader")
    workspace.close()
    with running(root) as server, httpx.Client(base_url=server.url, timeout=60) as web:
        web.post("/login", data={"name": "bob", "password": PASSWORD})
        assert web.get("/arena").status_code == 200
        assert web.get("/feedback").status_code == 200
        for path in ("/arena/ranking", "/improve", "/v1/improvements", "/v1/arena/ranking"):
            assert web.get(path).status_code == 403, path
        assert web.post("/improve/canaries/assistant/end").status_code == 403


def test_a_schedule_begins_improvements_and_a_worse_canary_ends(root):
    workspace = open_workspace(root)
    with Runtime(workspace) as runtime:
        start_canary(workspace.database, OWNER, open_assistants(runtime), "assistant", "2", 0.5)
        open_assistants(runtime).promote(
            OWNER, "assistant", "2"
        )  # so that it has no sense any more
    workspace.close()
    env = {
        **PLAIN,
        "GENWRIGHT_IMPROVE__EVERY_HOURS": "1",
        "GENWRIGHT_MONITORING__INTERVAL_SECONDS": "1",
    }
    with running(root, env) as server, httpx.Client(base_url=server.url, timeout=60) as web:

        def ended_ones() -> list[dict]:
            listed = web.get("/v1/improvements").json()["data"]
            return listed if listed and listed[0]["outcome"] else []

        listed = wait_until(ended_ones)
        assert [each["outcome"] for each in listed] == ["nothing"]  # begun once in an hour
        assert "Canaries" not in web.get("/improve").text
        audit = web.get("/settings/audit").text
        assert "canary.end" in audit
