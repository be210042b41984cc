"""Who gets in: nobody without a valid secret, on any path, by any method, in any disguise."""

import asyncio
import itertools
import re
import socket
import sqlite3
import threading
import time
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import httpx
import pytest
from tests.fixtures.command_line import CommandLine
from tests.fixtures.running import PLAIN, Running, Serve
from tests.fixtures.waiting import wait_until

from genwright.access import create_key, create_user, logins, revoke_key
from genwright.server import api, pages
from genwright.server.app import build_app
from genwright.server.gate import PUBLIC, STATIC
from genwright.server.service import Service
from genwright.storage import Database
from genwright.types import OWNER
from genwright.workspace import open_workspace

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PURGE")
SLOW = {**PLAIN, "GENWRIGHT_ANSWER__MODEL": "scripted:tps=20,least=400"}


@pytest.fixture
def database(workspace: Path):
    database = Database(workspace / "genwright.db")
    create_user(database, OWNER, "ann", role="admin", password="correct horse battery")
    create_user(database, OWNER, "bob", role="reader")
    yield database
    database.close()


def secrets_of(database: Database) -> dict[str, str]:
    """Keys that no longer hold, or never did."""
    _, expired = create_key(database, OWNER, "ann", "expired", days=1)
    revoked, revoked_secret = create_key(database, OWNER, "ann", "revoked")
    revoke_key(database, OWNER, revoked.id)
    with sqlite3.connect(database.path) as connection:
        connection.execute(
            "UPDATE api_key SET expires_at = '2020-01-01 00:00:00' WHERE name = 'expired'"
        )
    return {"none": "", "bad": "gw-" + "x" * 43, "expired": expired, "revoked": revoked_secret}


@pytest.fixture
def application(workspace: Path, database: Database):
    """The whole application in this process, without what it does beside requests."""
    opened = open_workspace(workspace, {"embedding": {"model": "hashing"}})
    service = Service(opened)
    yield build_app(service, (), local=True)
    service.close()
    opened.close()


def paths_of() -> list[str]:
    """Every path that there is a route for, and some that there is none for."""
    found = {"/openapi.json", "/nothing", "/v1", "//v1/models", "/login/x", "/static"}
    for package in (api, pages):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            router = getattr(import_module(module.name), "router", None)
            found |= {route.path for route in router.routes} if router else set()
    concrete = {re.sub(r"\{(\w+)(:path)?\}", "1", path) for path in found}
    return sorted((found | concrete) - set(PUBLIC))


async def status(app: object, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of a request, whose body must not have been asked for where it is refused."""
    sent: list[dict] = []
    asked = 0

    async def receive() -> dict:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    raw = [
        (key.encode(), value.encode()) for key, value in {"host": "localhost", **headers}.items()
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "headers": raw, "client": ("127.0.0.1", 5000),
        "server": ("localhost", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    if sent[0]["status"] == 401:
        assert asked == 0, "a body was read before it was decided who sends it"
    return sent[0]["status"]


def test_without_a_valid_secret_every_route_and_method_is_refused(application, database):
    disguises = [{}]
    for secret in secrets_of(database).values():
        disguises += [
            {"authorization": f"Bearer {secret}"},
            {"authorization": f"Basic {secret}"},
            {"x-api-key": secret},
            {"cookie": f"genwright_session={secret}", "sec-fetch-site": "same-origin"},
            {"x-forwarded-user": "ann", "x-api-key": secret},
        ]
    seen: dict[int, int] = {}

    async def every() -> None:
        combinations = itertools.product(paths_of(), METHODS, disguises)
        for path, method, headers in combinations:
            got = await status(application, method, path, headers)
            seen[got] = seen.get(got, 0) + 1
            assert got in (303, 401), (path, method, headers, got)

    asyncio.run(every())
    assert sum(seen.values()) > 5000


def test_the_same_key_is_let_in_by_either_header(application, database):
    _, secret = create_key(database, OWNER, "ann", "laptop")
    token = logins.begin(database, "ann", 1)
    ways = (
        {"authorization": f"Bearer {secret}"},
        {"authorization": f"bearer  {secret}"},
        {"x-api-key": secret},
        {"cookie": f"genwright_session={token}"},
    )
    for headers in ways:
        assert asyncio.run(status(application, "GET", "/v1/models", headers)) == 200, headers
    wrong = {"authorization": "Bearer gw-wrong", "cookie": f"genwright_session={token}"}
    assert asyncio.run(status(application, "GET", "/v1/models", wrong)) == 401


def test_at_most_six_routes_are_public(application):
    assert len(PUBLIC) + len([STATIC]) == 6
    for path in PUBLIC[:3]:
        assert asyncio.run(status(application, "GET", path, {})) in (200, 503)


def test_a_websocket_is_decided_alike(application, database):
    _, secret = create_key(database, OWNER, "ann", "laptop")

    async def connect(headers: list[tuple[bytes, bytes]]) -> list[dict]:
        sent: list[dict] = []

        async def receive() -> dict:
            return {"type": "websocket.connect"}

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {
            "type": "websocket", "path": "/v1/realtime",
            "headers": [(b"host", b"localhost"), *headers],
            "query_string": b"", "client": ("127.0.0.1", 1), "subprotocols": [], "scheme": "ws",
            "raw_path": b"/v1/realtime", "root_path": "", "server": ("localhost", 80),
        }  # fmt: skip
        await application(scope, receive, send)
        return sent

    [refused] = asyncio.run(connect([]))
    assert refused["code"] == 1008
    [foreign] = asyncio.run(
        connect([(b"x-api-key", secret.encode()), (b"origin", b"https://evil.example")])
    )
    assert foreign["code"] == 1008
    [unknown] = asyncio.run(connect([(b"x-api-key", secret.encode())]))
    assert unknown["code"] != 1008  # let in: there is just nothing of that name


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "evil.example"}, 400),
        ({"host": "localhost.evil.example"}, 400),
        ({"host": ""}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:1"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"content-length": "99999999999"}, 413),
        ({"content-length": "minus"}, 413),
        ({"x-big": "a" * 40_000}, 431),
    ],
)
def test_what_is_not_for_us_or_too_much_is_refused_before_its_body(
    application, database, headers, expected
):
    _, secret = create_key(database, OWNER, "ann", "laptop")
    given = {"x-api-key": secret, **headers}
    assert asyncio.run(status(application, "POST", "/v1/feedback", given)) == expected


def test_a_cookie_alone_does_not_write_without_an_origin(application, database):
    token = logins.begin(database, "ann", 1)
    cookie = {"cookie": f"genwright_session={token}"}
    post = lambda more: asyncio.run(status(application, "POST", "/v1/feedback", cookie | more))  # noqa: E731
    assert post({}) == 403
    assert post({"origin": "http://localhost"}) == 400  # let in; the body is no feedback


def test_a_scoped_key_reaches_its_assistants_and_nothing_else(application, database):
    _, secret = create_key(database, OWNER, "ann", "scoped", assistants=["assistant"])
    ask = lambda path: asyncio.run(status(application, "GET", path, {"x-api-key": secret}))  # noqa: E731
    assert ask("/v1/models") == 200
    for path in ("/v1/files", "/v1/vector_stores", "/metrics", "/documents", "/settings/keys", "/"):
        assert ask(path) == 403


def test_a_reader_may_not_do_what_takes_an_admin(application, database):
    _, secret = create_key(database, OWNER, "bob", "laptop")
    for method, path in (
        ("GET", "/metrics"), ("GET", "/monitoring"), ("POST", "/settings/people"),
        ("POST", "/settings/limits"), ("POST", "/documents/reindex"), ("POST", "/v1/files"),
        ("POST", "/assistants/assistant/rollback"), ("POST", "/models/qwen3-4b/pull"),
        ("POST", "/v1/vector_stores"),
    ):  # fmt: skip
        got = asyncio.run(status(application, method, path, {"x-api-key": secret}))
        assert got == 403, path


def test_on_this_machine_the_owner_needs_no_login_until_there_are_users(serve: Serve, workspace):
    server = serve(PLAIN)
    assert httpx.get(f"{server.api}/models").status_code == 200
    through_a_proxy = {"x-forwarded-for": "203.0.113.7"}
    assert httpx.get(f"{server.api}/models", headers=through_a_proxy).status_code == 401
    database = Database(workspace / "genwright.db")
    create_user(database, OWNER, "ann", role="admin")
    database.close()
    assert httpx.get(f"{server.api}/models").status_code == 401


@pytest.mark.parametrize(
    ("arguments", "more"),
    [(["--host", "0.0.0.0"], {}), ([], {"GENWRIGHT_SERVER__HOSTS": '["me.example"]'})],
)
def test_nothing_listens_for_others_without_users(workspace, arguments, more):
    command = CommandLine(workspace, {**PLAIN, **more})
    done = command("serve", "--port", "0", *arguments, status=4)
    assert "Expected users" in done.stderr


def stream(server: Running, secret: str, ended: dict[str, float]) -> None:
    request = {"model": SLOW["GENWRIGHT_ANSWER__MODEL"], "stream": True,
               "messages": [{"role": "user", "content": "Go on."}]}  # fmt: skip
    headers = {"x-api-key": secret}
    with httpx.stream("POST", f"{server.api}/chat/completions", json=request, headers=headers,
                      timeout=60) as response:  # fmt: skip
        for _ in response.iter_raw():
            ended.setdefault("first", time.monotonic())
    ended["last"] = time.monotonic()


def test_revoking_a_key_ends_its_open_stream(serve: Serve, database):
    server = serve(SLOW)
    key, secret = create_key(database, OWNER, "ann", "laptop")
    ended: dict[str, float] = {}
    reading = threading.Thread(target=stream, args=(server, secret, ended))
    reading.start()
    wait_until(lambda: "first" in ended, 30)
    revoke_key(database, OWNER, key.id)
    revoked = time.monotonic()
    reading.join(30)
    assert ended["last"] - revoked < 10  # it would go on for 20 s; the benchmark has the figure
    assert httpx.get(f"{server.api}/models", headers={"x-api-key": secret}).status_code == 401


def test_a_body_that_does_not_come_is_not_waited_for(serve: Serve):
    server = serve({**PLAIN, "GENWRIGHT_SERVER__BODY_SECONDS": "1"})
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            b"Content-Type: application/json\r\n\r\n{"
        )
        assert b" 408 " in connection.recv(4096)


def test_a_body_that_grows_beyond_the_limit_is_cut_off(serve: Serve):
    server = serve({**PLAIN, "GENWRIGHT_SERVER__BODY_BYTES": "2000"})

    def chunks():
        for _ in range(100):
            yield b"x" * 1000

    reply = httpx.post(
        f"{server.api}/feedback", content=chunks(), headers={"content-type": "application/json"}
    )
    assert reply.status_code == 413 and reply.json()["error"]["message"]


def test_every_reply_has_the_security_headers_and_its_id(serve: Serve):
    server = serve(PLAIN)
    for path in ("/health", "/nothing", "/v1/models", "/documents", "/static/app.css"):
        headers = httpx.get(server.url + path, headers={"x-request-id": "mine-1"}).headers
        assert headers["x-request-id"] == "mine-1"
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    odd = httpx.get(f"{server.url}/health", headers={"x-request-id": "a b\tc"}).headers
    assert odd["x-request-id"].startswith("req_")
