"""The chat's pages over a socket: whose conversation it is, what is withheld, what is streamed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.fixtures.running import PLAIN, Serve

from genwright.access import create_user
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.types import OWNER
from genwright.workspace import open_workspace

PASSWORD = "correct horse battery staple"
TEXT = "The oil of the main pump is changed every 500 hours of operation."
OIL = "How often is the oil of the main pump changed?"
SETTINGS = {"embedding": {"model": "hashing"}, "answer": {"model": "scripted"}}


@pytest.fixture
def team(workspace: Path) -> Path:
    """Two readers and an admin; the one document is Rob's."""
    opened = open_workspace(workspace, SETTINGS)
    create_user(opened.database, OWNER, "ann", role="admin", password=PASSWORD)
    rob = create_user(opened.database, OWNER, "rob", role="editor", password=PASSWORD)
    create_user(opened.database, OWNER, "eve", role="reader", password=PASSWORD)
    with Runtime(opened) as runtime:
        DocumentIngester(runtime.act_for(rob.principal), "default").add_bytes(
            TEXT.encode(), "pump.txt"
        )
    opened.close()
    return workspace


@pytest.fixture
def url(team: Path, serve: Serve) -> str:
    """Of a server over it."""
    return serve().url


@pytest.fixture
def rob(url: str) -> Iterator[httpx.Client]:
    """A browser in which Rob is logged in."""
    with browser_of(url, "rob") as client:
        yield client


@pytest.fixture
def eve(url: str) -> Iterator[httpx.Client]:
    """A browser in which Eve is logged in."""
    with browser_of(url, "eve") as client:
        yield client


@contextmanager
def browser_of(url: str, name: str) -> Iterator[httpx.Client]:
    """A client with somebody's session, that sends what a browser sends."""
    headers = {"accept": "text/html", "origin": url}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        yield client


def ask(client: httpx.Client, question: str = OIL, **form: str) -> str:
    """Ask as a form does; the path of the conversation."""
    reply = client.post("/chat/messages", data={"text": question, **form})
    assert reply.status_code == 303, reply.text
    return reply.headers["location"].partition("#")[0]


def events(text: str) -> list[tuple[str, dict]]:
    """Kind and data of each event."""
    blocks = [each.splitlines() for each in text.split("\n\n") if each.startswith("event: ")]
    return [(each[0][7:], json.loads(each[1][6:])) for each in blocks]


def test_an_answer_is_streamed_sentence_by_sentence(rob: httpx.Client):
    reply = rob.post("/chat/messages", data={"text": OIL}, headers={"accept": "text/event-stream"})
    assert reply.headers["content-type"].startswith("text/event-stream")
    kinds = [kind for kind, _ in events(reply.text)]
    assert (kinds[0], kinds[-1]) == ("started", "done")
    assert "sentence" in kinds
    sentence = next(data for kind, data in events(reply.text) if kind == "sentence")
    assert 'class="cite"' in sentence["html"]


def test_a_conversation_is_its_owners(rob: httpx.Client, eve: httpx.Client):
    path = ask(rob)
    assert "500 hours" in rob.get(path).text
    for method, where in (
        ("GET", path),
        ("POST", f"{path}/messages"),
        ("POST", f"{path}/delete"),
        ("POST", f"{path}/rename"),
        ("POST", f"{path}/share"),
    ):
        form = {"text": "x", "title": "x", "holder": "eve"} if method == "POST" else None
        theirs = eve.request(method, where, data=form)
        nobodys = eve.request(method, where.replace(path, "/chat/999"), data=form)
        assert theirs.status_code == nobodys.status_code == 404
        number = path.rpartition("/")[2]
        # The id that was asked for is the only difference, beside the id of the request.
        assert _plain(theirs.text, number) == _plain(nobodys.text, "999")
    assert path not in eve.get("/chat").text


def _plain(text: str, number: str) -> str:
    return text.replace(f"conversation {number}", "conversation N").replace(
        f"/chat/{number}", "/chat/N"
    )


def test_a_shared_conversation_withholds_what_its_reader_may_not_read(
    rob: httpx.Client, eve: httpx.Client
):
    path = ask(rob)
    assert rob.post(f"{path}/share", data={"holder": "eve"}).status_code == 303
    shown = eve.get(path).text
    assert "500" not in shown
    assert "Withheld" in shown
    assert "shared by rob" in shown
    assert 'id="question"' not in shown
    rob.post(f"{path}/unshare", data={"holder": "eve"})
    assert eve.get(path).status_code == 404


def test_a_source_is_shown_to_those_who_may_read_it(rob: httpx.Client, eve: httpx.Client):
    page = rob.get("/sources/1?start=4&end=30")
    assert "<mark" in page.text and TEXT[4:30] in page.text
    panel = rob.get("/sources/1?start=4&end=30&part=panel").text
    assert "<html" not in panel and TEXT[4:30] in panel
    for where in (
        "/sources/1",
        "/sources/1?part=panel",
        "/sources/1/original",
        "/sources/1/pages/1",
    ):
        theirs, nobodys = eve.get(where), eve.get(where.replace("/1", "/999", 1))
        assert theirs.status_code == nobodys.status_code == 404
        assert "500 hours" not in theirs.text


def test_a_span_outside_the_text_is_no_error(rob: httpx.Client):
    for query in ("start=9999999&end=99999999", "start=50&end=10", "at=99999999", "start=0&end=0"):
        assert rob.get(f"/sources/1?{query}").status_code == 200
    assert rob.get("/sources/1?start=-1").status_code == 400
    assert rob.get("/sources/1?start=x").status_code == 400


def test_rubbish_is_refused_in_words(rob: httpx.Client):
    for form in (
        {},
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 20_001},
        {"text": "x", "replaces": "-1"},
    ):
        assert rob.post("/chat/messages", data=form).status_code == 400
    assert rob.post("/chat/messages", data={"text": "x", "assistant": "no"}).status_code == 404
    assert rob.get("/chat/0").status_code == 400
    assert rob.get("/chat/99999999999999999999").status_code == 400
    assert rob.post("/chat/feedback/xyz", data={"thumb": "1"}).status_code == 400
    assert rob.post(f"/chat/feedback/{'0' * 32}", data={"thumb": "1"}).status_code == 404


def test_feedback_is_taken_on_ones_own_answers(rob: httpx.Client, eve: httpx.Client):
    path = ask(rob)
    trace = rob.get(path).text.partition('data-trace="')[2][:32]
    form = {"thumb": "-1", "comment": "too short", "back": path.rpartition("/")[2]}
    assert rob.post(f"/chat/feedback/{trace}", data=form).headers["location"] == f"{path}#end"
    assert eve.post(f"/chat/feedback/{trace}", data=form).status_code == 404
    assert "too short" in rob.get(path).text


def test_what_was_wanted_is_chosen_from_a_list(rob: httpx.Client, eve: httpx.Client):
    path = ask(rob)
    page = rob.get(path).text
    assert "What did you want?" in page
    trace = page.partition('data-trace="')[2][:32]
    form = {"intent": "how-to", "back": path.rpartition("/")[2]}
    assert eve.post(f"/chat/feedback/{trace}", data=form).status_code == 404
    assert rob.post(f"/chat/feedback/{trace}", data=form).status_code == 303
    assert '<option value="how-to" selected>' in rob.get(path).text
    assert rob.post(f"/chat/feedback/{trace}", data={"intent": "poem"}).status_code == 400


def test_asking_again_replaces_what_followed(rob: httpx.Client):
    path = ask(rob)
    first = rob.get(path).text.partition('data-message="')[2].partition('"')[0]
    rob.post(f"{path}/messages", data={"text": "Who changes the oil?", "replaces": first})
    shown = rob.get(f"{path}?part=turns").text
    assert shown.count('class="turn question"') == 1
    assert "Who changes the oil?" in shown


def test_a_failed_first_question_leaves_no_conversation(team: Path, serve: Serve):
    server = serve({**PLAIN, "GENWRIGHT_ANSWER__MODEL": "no-such-model"}, ready=False)
    with browser_of(server.url, "rob") as client:
        assert client.post("/chat/messages", data={"text": OIL}).status_code >= 400
        assert "What you ask is kept here." in client.get("/chat").text


def test_errors_are_pages_for_people_and_json_for_programs(rob: httpx.Client):
    page = rob.get("/nothing/<b>here")
    assert page.status_code == 404
    assert "<h1>Not found</h1>" in page.text and "<b>here" not in page.text
    body = rob.get("/nothing", headers={"accept": "application/json"}).json()
    assert body["error"]["type"] == "not_found_error"
    api = rob.get("/v1/nothing")
    assert api.json()["error"]["message"]


def test_a_pdf_page_is_drawn_with_its_passage_marked(team: Path, serve: Serve, test_data: Path):
    file = test_data / "03-documents/markitdown/REPAIR-2022-INV-001_multipage.pdf"
    opened = open_workspace(team, SETTINGS)
    with Runtime(opened) as runtime:
        DocumentIngester(runtime, "default").add_paths([file])
    opened.close()
    with browser_of(serve().url, "ann") as client:
        document = 2
        assert "page-image" in client.get(f"/sources/{document}?start=0&end=60&part=panel").text
        image = client.get(f"/sources/{document}/pages/1?start=0&end=60")
        assert image.headers["content-type"] == "image/png"
        assert image.content.startswith(b"\x89PNG")
        plain = client.get(f"/sources/{document}/pages/1")
        assert plain.content != image.content  # the passage is marked
        assert client.get(f"/sources/{document}/pages/9999").status_code == 404
        assert client.get("/sources/1/pages/1").status_code == 404
