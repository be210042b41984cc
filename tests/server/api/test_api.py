"""Files, vector stores, feedback and repeated writes, by the real client; in the owner's rights."""

import httpx
import pytest
from openai import NotFoundError, OpenAI
from tests.fixtures.running import PLAIN, Running, Serve, wait_for_requests

from genwright.access import create_key, create_user, grants
from genwright.errors import UsageError
from genwright.server.api.vector_stores.filters import is_matching
from genwright.storage import Database
from genwright.types import OWNER

PUMP = b"# The Velda pump\n\nChange the oil of the Velda pump every 400 hours.\n"


@pytest.fixture
def server(serve: Serve) -> Running:
    return serve(PLAIN)


@pytest.fixture
def people(workspace, server):
    """Clients of two editors who share nothing yet."""
    database = Database(workspace / "genwright.db")
    made = {}
    for name in ("ann", "bob"):
        create_user(database, OWNER, name, role="editor")
        _, secret = create_key(database, OWNER, name, "test")
        made[name] = OpenAI(base_url=server.api, api_key=secret, max_retries=0)
    yield database, made["ann"], made["bob"]
    for client in (made["ann"], made["bob"]):
        client.close()
    database.close()


@pytest.fixture
def client(server):
    with OpenAI(base_url=server.api, api_key="none", max_retries=0) as client:
        yield client


def test_a_file_comes_back_byte_for_byte_as_an_attachment(client, server):
    made = client.files.create(file=("päge <1>.html", b"<script>x</script>"), purpose="user_data")
    assert made.bytes == 18 and client.files.content(made.id).read() == b"<script>x</script>"
    headers = httpx.get(f"{server.api}/files/{made.id}/content").headers
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == "application/octet-stream"
    assert [each.id for each in client.files.list()] == [made.id]
    client.files.delete(made.id)
    with pytest.raises(NotFoundError):
        client.files.retrieve(made.id)


def test_files_are_listed_page_by_page(client):
    ids = [client.files.create(file=(f"{n}.txt", b"x"), purpose="user_data").id for n in range(5)]
    pages = [client.files.list(limit=2, order="asc")]
    while pages[-1].has_next_page():
        pages.append(pages[-1].get_next_page())
    found = [each.id for page in pages for each in page.data]
    assert sorted(found) == sorted(ids) and len(found) == 5


def test_a_vector_store_is_a_collection_that_answers(client):
    file = client.files.create(file=("pump.md", PUMP), purpose="user_data")
    store = client.vector_stores.create(name="manuals")
    done = client.vector_stores.files.create_and_poll(
        file.id, vector_store_id=store.id, attributes={"year": 2024}
    )
    assert done.status == "completed"
    found = client.vector_stores.search(store.id, query="How often is the oil changed?").data
    assert found[0].file_id == file.id and "400 hours" in found[0].content[0].text
    newer = {"type": "gt", "key": "year", "value": 2024}
    assert client.vector_stores.search(store.id, query="oil", filters=newer).data == []
    assert (
        "400 hours"
        in client.vector_stores.files.content(file.id, vector_store_id=store.id).data[0].text
    )
    client.vector_stores.files.delete(file.id, vector_store_id=store.id)
    assert client.vector_stores.search(store.id, query="oil").data == []
    client.vector_stores.delete(store.id)
    with pytest.raises(NotFoundError):
        client.vector_stores.retrieve(store.id)


def test_a_file_that_cannot_be_read_fails_with_its_reason(client):
    file = client.files.create(file=("x.bin", bytes(range(256)) * 4), purpose="user_data")
    store = client.vector_stores.create(name="rubbish")
    batch = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=[file.id])
    assert batch.file_counts.failed == 1
    failed = client.vector_stores.files.retrieve(file.id, vector_store_id=store.id)
    assert "supported format" in failed.last_error.message


def test_what_is_not_yours_looks_like_what_is_not_there(people, workspace):
    database, ann, bob = people
    file = ann.files.create(file=("pump.md", PUMP), purpose="user_data")
    store = ann.vector_stores.create(name="secret")
    ann.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    number = store.id.removeprefix("vs_")

    def refusal(do, own: str, none: str) -> tuple[str, str]:
        said = []
        for each in (own, none):
            with pytest.raises(NotFoundError) as refused:
                do(each)
            said.append(
                str(refused.value.body).replace(each, "ID").replace(each.removeprefix("vs_"), "ID")
            )
        return said[0], said[1]

    for own, none, do in (
        (file.id, "file-" + "0" * 24, bob.files.retrieve),
        (file.id, "file-" + "0" * 24, bob.files.delete),
        (store.id, "vs_999", bob.vector_stores.retrieve),
        (store.id, "vs_999", bob.vector_stores.delete),
        (store.id, "vs_999", lambda id_: bob.vector_stores.search(id_, query="oil")),
        (store.id, "vs_999", bob.vector_stores.files.list),
    ):
        first, second = refusal(do, own, none)
        assert first == second
    assert bob.vector_stores.list().data == [] and bob.files.list().data == []

    grants.grant(database, OWNER, "bob", grants.GrantTarget("collection", int(number)))
    assert bob.vector_stores.search(store.id, query="oil").data
    with pytest.raises(NotFoundError):
        bob.vector_stores.delete(store.id)


def test_two_people_may_call_a_collection_the_same(people):
    _, ann, bob = people
    assert ann.vector_stores.create(name="mine").id != bob.vector_stores.create(name="mine").id


def test_feedback_is_kept_on_ones_own_response(people, server):
    _, ann, bob = people
    reply = ann.chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": "Say it."}]
    )
    url = f"{server.api}/feedback"

    def say(client: OpenAI, **given: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {client.api_key}"}
        return httpx.post(url, json=given, headers=headers)

    done = say(ann, response_id=reply.id, thumb="down", correction="It is 5 bar.")
    assert done.status_code == 200 and done.json()["thumb"] == "down"
    assert say(bob, response_id=reply.id, thumb="up").status_code == 404
    assert say(ann, response_id=reply.id).status_code == 400
    assert say(ann, response_id=reply.id, rating=6).status_code == 400
    headers = {"authorization": f"Bearer {ann.api_key}"}
    [kept] = httpx.get(url, headers=headers).json()["data"]
    assert kept["correction"] == "It is 5 bar."


def test_a_write_sent_twice_is_done_once(server):
    url, key = f"{server.api}/vector_stores", {"idempotency-key": "k1"}
    first = httpx.post(url, json={"name": "once"}, headers=key)
    second = httpx.post(url, json={"name": "once"}, headers=key)
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    assert httpx.post(url, json={"name": "other"}, headers=key).status_code == 422
    assert len(httpx.get(url).json()["data"]) == 1
    refused = httpx.post(url, json={"name": ""}, headers={"idempotency-key": "k2"})
    assert refused.status_code == 400
    assert (
        httpx.post(url, json={"name": "y"}, headers={"idempotency-key": "x" * 300}).status_code
        == 400
    )


def test_a_write_that_is_at_work_is_not_done_again(serve: Serve):
    slow = "scripted:tps=10,least=20"
    server = serve({**PLAIN, "GENWRIGHT_ANSWER__MODEL": slow})
    import threading

    request = {"model": slow, "messages": [{"role": "user", "content": "Go on."}]}
    url, key = f"{server.api}/chat/completions", {"idempotency-key": "k1"}
    replies: list[httpx.Response] = []
    thread = threading.Thread(
        target=lambda: replies.append(httpx.post(url, json=request, headers=key, timeout=60))
    )
    thread.start()
    wait_for_requests(server, 1)
    assert httpx.post(url, json=request, headers=key).status_code == 409
    thread.join()
    assert httpx.post(url, json=request, headers=key).content == replies[0].content


@pytest.mark.parametrize(
    "wanted",
    [{}, {"type": "eq"}, {"type": "x", "key": "a", "value": 1}, {"type": "and", "filters": [1]},
     {"type": "in", "key": "a", "value": 1}],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(wanted):
    with pytest.raises(UsageError):
        is_matching({"a": 1}, wanted)


def test_filters_compare_and_combine():
    year = {"type": "gte", "key": "year", "value": 2020}
    team = {"type": "in", "key": "team", "value": ["a", "b"]}
    assert is_matching({"year": 2021, "team": "a"}, {"type": "and", "filters": [year, team]})
    assert not is_matching({"year": 2019, "team": "a"}, {"type": "and", "filters": [year, team]})
    assert is_matching({"year": 2019, "team": "a"}, {"type": "or", "filters": [year, team]})
    assert not is_matching({"year": "old"}, year) and not is_matching({}, year)
    assert is_matching({}, {"type": "ne", "key": "year", "value": 1})
