"""Somebody logs in at an OpenID provider, on another site, and comes back with a session."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.fixtures.running import PLAIN, Running, running
from tests.fixtures.visiting import HANDBOOK, VisitTo, filled

from genwright.access import create_user
from genwright.types import OWNER
from genwright.workspace import open_workspace

# The provider, in a thread of the tests, uses a part of authlib that will go.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def provider() -> Iterator[str]:
    """The issuer of a provider that lets everybody in."""
    mock = pytest.importorskip("oidc_provider_mock", reason="no local OpenID provider")
    with mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def with_openid(provider: str, tmp_path: Path) -> Iterator[Running]:
    """A server whose people log in there."""
    root = filled(tmp_path / "workspace", {"handbook.md": HANDBOOK})
    workspace = open_workspace(root)
    create_user(workspace.database, OWNER, "ann", role="admin")
    workspace.close()
    openid = {
        "GENWRIGHT_ACCESS__OIDC__ISSUER": provider,
        "GENWRIGHT_ACCESS__OIDC__CLIENT_ID": "genwright",
        "GENWRIGHT_ACCESS__OIDC__CLIENT_SECRET": "OPENID_SECRET",
        "OPENID_SECRET": "a secret of this test",
    }
    with running(root, {**PLAIN, **openid}) as server:
        yield server


def test_a_login_at_the_provider_begins_a_session(
    with_openid: Running, provider: str, visit_to: VisitTo
):
    visit = visit_to(with_openid.url).open("/chat")
    visit.page.get_by_role("link", name="Log in with your organisation").click()
    visit.page.locator("input[name=sub]").fill("rob")
    visit.page.get_by_role("button", name="Authorize").click()
    visit.page.wait_for_url(f"{with_openid.url}/chat")

    assert "rob" in visit.page.locator(".who").inner_text()
    cookies = {each["name"]: each for each in visit.page.context.cookies(with_openid.url)}
    assert cookies["genwright_session"]["sameSite"] == "Strict"
    assert cookies["genwright_session"]["httpOnly"]
    # The provider's own page loads its style from a network; ours begin at its address.
    assert urlsplit(visit.outside[0]).netloc == urlsplit(provider).netloc
    visit.outside.clear()
    visit.errors.clear()  # the provider's own page has no icon


def test_an_answer_to_another_browsers_login_is_refused(with_openid: Running, visit_to: VisitTo):
    visit = visit_to(with_openid.url).open("/login/oidc/callback?state=x&code=y")
    assert "log in again" in visit.page.locator("[role=alert]").inner_text()
    assert visit.page.context.cookies(with_openid.url) == []
    visit.errors.clear()  # the console reports the status 403
