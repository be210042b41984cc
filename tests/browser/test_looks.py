"""Every page in both themes on a phone and a desk: reachable for all, light, and from nowhere else.

``GENWRIGHT_SHOTS=folder`` keeps a picture of each, to be looked at.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.running import Running, running
from tests.fixtures.visiting import HANDBOOK, SIZES, THEMES, Visit, VisitTo, filled

from genwright.access import create_user
from genwright.types import OWNER
from genwright.workspace import open_workspace

MOST_BYTES = 200_000
PASSWORD = "correct horse battery staple"
PATHS = {
    "home": "/",
    "chat": "/chat",
    "source": "/sources/1?start=60&end=120",
    "setup": "/setup",
    "missing": "/no-such-page",
    "documents": "/documents",
    "collection": "/documents/in/1",
    "assistants": "/assistants",
    "models": "/models",
    "traces": "/traces",
    "arena": "/arena",
    "ranking": "/arena/ranking",
    "feedback": "/feedback",
    "improve": "/improve",
    "training": "/training",
    "registry": "/registry",
    "monitoring": "/monitoring",
    "settings": "/settings",
    "search": "/documents/in/1/search?q=oil",
    "assistant": "/assistants/assistant",
    "people": "/settings/people",
    "groups": "/settings/groups",
    "limits": "/settings/limits",
    "privacy": "/settings/privacy",
    "audit": "/settings/audit",
    "about": "/settings/about",
    "api": "/api",
}


def look(visit: Visit, name: str, axe: str) -> None:
    """Check a page that is open."""
    visit.page.wait_for_load_state()
    if folder := os.environ.get("GENWRIGHT_SHOTS"):
        visit.page.wait_for_timeout(300)
        visit.page.screenshot(path=Path(folder) / f"{name}.png")
    visit.page.evaluate(axe)
    assert visit.problems() == []
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scrolled, shown = visit.page.evaluate(widths)
    assert scrolled <= shown, "the page scrolls sideways"
    assert visit.bytes <= MOST_BYTES
    visit.errors[:] = [each for each in visit.errors if "404" not in each]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PATHS)
def test_a_page(name: str, size: str, theme: str, handbook: Running, visit_to: VisitTo, axe: str):
    visit = visit_to(handbook.url, size, theme).open(PATHS[name])
    look(visit, f"{name}-{size}-{theme}", axe)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_an_answer_with_its_source(
    size: str, theme: str, handbook: Running, visit_to: VisitTo, axe: str
):
    visit = visit_to(handbook.url, size, theme).open("/chat")
    visit.page.fill("#question", "How often is the oil of the main pump changed?")
    visit.page.press("#question", "Enter")
    visit.page.get_by_role("button", name="Rename this conversation").wait_for()
    look(visit, f"answer-{size}-{theme}", axe)
    visit.page.locator("a.cite").first.click()
    visit.page.locator("[data-panel] mark").wait_for()
    look(visit, f"panel-{size}-{theme}", axe)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_a_refusal_and_the_sharing_dialog(
    size: str, theme: str, handbook: Running, visit_to: VisitTo, axe: str
):
    visit = visit_to(handbook.url, size, theme).open("/chat")
    visit.page.fill("#question", "Which colour has the moon of the planet Zorg?")
    visit.page.press("#question", "Enter")
    visit.page.get_by_role("button", name="Share this conversation").wait_for()
    look(visit, f"refusal-{size}-{theme}", axe)
    visit.page.get_by_role("button", name="Share this conversation").click()
    look(visit, f"sharing-{size}-{theme}", axe)


@pytest.fixture(scope="session")
def with_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that people log in to."""
    root = filled(tmp_path_factory.mktemp("users") / "workspace", {"handbook.md": HANDBOOK})
    workspace = open_workspace(root)
    create_user(workspace.database, OWNER, "ann", role="admin", password=PASSWORD)
    create_user(workspace.database, OWNER, "rob", role="reader", password=PASSWORD)
    workspace.close()
    with running(root) as server:
        yield server


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_logging_in(size: str, theme: str, with_users: Running, visit_to: VisitTo, axe: str):
    visit = visit_to(with_users.url, size, theme).open("/chat")
    look(visit, f"login-{size}-{theme}", axe)
    visit.page.fill("#name", "ann")
    visit.page.fill("#password", PASSWORD)
    visit.page.get_by_role("button", name="Log in").click()
    visit.page.wait_for_url("**/chat")
    if size == "phone":
        visit.page.get_by_role("link", name="Open navigation").click()
        visit.page.wait_for_timeout(300)
        look(visit, f"menu-{size}-{theme}", axe)
    visit.page.get_by_role("button", name="Log out").click()
    visit.page.wait_for_url("**/login")


def test_an_empty_workspace_leads_to_documents(empty: Running, visit_to: VisitTo, axe: str):
    visit = visit_to(empty.url).open("/")
    look(visit, "empty", axe)
    assert visit.page.get_by_role("heading", name="Add documents").is_visible()
