"""Logging in with a password: cookies, errors that tell nothing, and where it leads afterwards."""

from pathlib import Path

import httpx
import pytest
from tests.fixtures.running import Serve

from genwright.access import create_user
from genwright.access.people import change_user
from genwright.types import OWNER
from genwright.workspace import open_workspace

PASSWORD = "correct horse battery staple"


@pytest.fixture
def people(workspace: Path) -> Path:
    """A workspace with an admin and a reader."""
    opened = open_workspace(workspace)
    create_user(opened.database, OWNER, "ann", role="admin", password=PASSWORD)
    create_user(opened.database, OWNER, "rob", role="reader", password=PASSWORD)
    opened.close()
    return workspace


def browse(url: str) -> httpx.Client:
    """A client that sends what a browser's form sends."""
    return httpx.Client(base_url=url, headers={"accept": "text/html", "origin": url}, timeout=60)


def log_in(client: httpx.Client, name: str = "ann", password: str = PASSWORD, **more: str):
    return client.post("/login", data={"name": name, "password": password, **more})


def test_a_page_asks_for_a_login_and_comes_back_to_it(people: Path, serve: Serve):
    with browse(serve().url) as client:
        first = client.get("/chat")
        assert first.headers["location"] == "/login?next=/chat"
        assert 'name="next" value="/chat"' in client.get(first.headers["location"]).text
        reply = log_in(client, next="/chat")
        assert (reply.status_code, reply.headers["location"]) == (303, "/chat")
        assert client.get("/chat").status_code == 200


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(people: Path, serve: Serve):
    with browse(serve().url) as client:
        cookie = log_in(client).headers["set-cookie"].lower()
        behind_tls = client.post(
            "/login",
            data={"name": "ann", "password": PASSWORD},
            headers={"x-forwarded-proto": "https"},
        )
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
    assert "secure" not in cookie  # plain http on this machine
    assert "secure" in behind_tls.headers["set-cookie"].lower()


def test_an_unknown_name_looks_like_a_wrong_password(people: Path, serve: Serve):
    opened = open_workspace(people)
    change_user(opened.database, OWNER, "rob", active=False)
    opened.close()
    with browse(serve().url) as client:
        wrong = log_in(client, "ann", "not the password")
        unknown = log_in(client, "eve", "not the password")
        inactive = log_in(client, "rob")
    assert wrong.status_code == unknown.status_code == inactive.status_code == 403
    shown = {
        each.text.replace(f'value="{name}"', "")
        for name, each in (("ann", wrong), ("eve", unknown), ("rob", inactive))
    }
    assert len(shown) == 1
    assert "set-cookie" not in wrong.headers


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "x"],
)
def test_nobody_is_led_to_another_site(target: str, people: Path, serve: Serve):
    with browse(serve().url) as client:
        assert log_in(client, next=target).headers["location"] == "/"


def test_logging_out_ends_the_session(people: Path, serve: Serve):
    with browse(serve().url) as client:
        log_in(client)
        token = client.cookies["genwright_session"]
        assert client.post("/logout").headers["location"] == "/login"
        client.cookies.set("genwright_session", token)
        assert client.get("/chat").status_code == 303


def test_another_site_cannot_log_somebody_in(people: Path, serve: Serve):
    with browse(serve().url) as client:
        data = {"name": "ann", "password": PASSWORD}
        for origin in ("https://evil.example", "null"):
            reply = client.post("/login", data=data, headers={"origin": origin})
            assert reply.status_code == 403
            assert "set-cookie" not in reply.headers


def test_many_wrong_passwords_have_to_wait(people: Path, serve: Serve):
    with browse(serve().url) as client:
        statuses = [log_in(client, "ann", f"wrong {number}").status_code for number in range(8)]
    assert 429 in statuses


def test_the_first_admin_is_made_once_and_logged_in(workspace: Path, serve: Serve):
    url = serve().url
    with browse(url) as client, browse(url) as other:
        form = {"name": "ann", "password": PASSWORD, "again": PASSWORD}
        assert "twice" in client.post("/setup", data={**form, "again": "x"}).text
        assert "12" in client.post("/setup", data={**form, "password": "x", "again": "x"}).text
        assert client.get("/chat").status_code == 200
        made = client.post("/setup", data=form)
        assert made.status_code == 303
        assert client.get("/chat").status_code == 200
        assert client.post("/setup", data={**form, "name": "eve"}).status_code == 404
        assert other.get("/chat").status_code == 303


def test_without_a_provider_there_is_no_openid_login(people: Path, serve: Serve):
    with browse(serve().url) as client:
        assert "/login/oidc" not in client.get("/login").text
        assert client.get("/login/oidc").status_code == 404
