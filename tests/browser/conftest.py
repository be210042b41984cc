"""A Chromium, servers with documents, and visits to their pages."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.running import PLAIN, Running, running
from tests.fixtures.visiting import (
    ARGUMENTS,
    CHROMIUM,
    HANDBOOK,
    SIZES,
    Visit,
    VisitTo,
    axe_script,
    filled,
)

from genwright.workspace import create_workspace


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium; one for all tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as running_playwright:
        found = running_playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over one handbook, with the engine that needs no model."""
    root = filled(tmp_path_factory.mktemp("handbook") / "workspace", {"handbook.md": HANDBOOK})
    with running(root) as server:
        yield server


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Running]:
    """A server over a workspace in which there is nothing yet."""
    with running(create_workspace(tmp_path / "workspace"), PLAIN) as server:
        yield server


@pytest.fixture
def visit_to(browser: Any) -> Iterator[VisitTo]:
    """Opens pages: ``visit_to(url, size="phone", theme="dark")``; checks them when all is done."""
    with ExitStack() as stack:
        visits: list[Visit] = []

        def begin(
            base: str, size: str = "desk", theme: str = "light", *, scripts: bool = True
        ) -> Visit:
            width, height = SIZES[size]
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=theme,
                java_script_enabled=scripts,
                bypass_csp=False,
            )
            stack.callback(context.close)
            visit = Visit(context.new_page(), base)
            visit.watch(context)
            visits.append(visit)
            return visit

        yield begin
        assert [each.outside for each in visits if each.outside] == []
        assert [each.errors for each in visits if each.errors] == []


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script."""
    script = axe_script()
    if script is None:
        pytest.skip("no axe-core of the pinned version in .browser: make browser-tools")
    return script
