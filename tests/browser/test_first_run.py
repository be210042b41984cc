"""A newcomer goes from an empty workspace to a cited answer, reading only what the pages say."""

from pathlib import Path

import pytest
from tests.fixtures.running import Running, running
from tests.fixtures.visiting import HANDBOOK, VisitTo

from genwright.workspace import create_workspace


def from_nothing_to_a_cited_answer(url: str, folder: Path, visit_to: VisitTo) -> str:
    """Add a document, take the suggested way to a question, open its source: the marked text."""
    file = folder / "handbook.md"
    file.write_text(HANDBOOK)
    page = visit_to(url).open("/").page
    page.get_by_label("Files to add").set_input_files(file)
    page.get_by_text("1 so far").wait_for()
    page.fill("#ask", "How often is the oil of the main pump changed?")
    page.get_by_role("button", name="Ask").click()
    page.locator("a.cite").first.click(timeout=120_000)
    page.locator("[data-panel] mark").wait_for()
    return str(page.locator("[data-panel] mark").inner_text())


def test_the_first_run_leads_to_a_cited_answer(empty: Running, tmp_path: Path, visit_to: VisitTo):
    assert "500 hours" in from_nothing_to_a_cited_answer(empty.url, tmp_path, visit_to)


def test_the_first_run_with_the_embedded_models(
    tmp_path: Path, models_dir: Path, visit_to: VisitTo
):
    env = {"GENWRIGHT_MODELS_DIR": str(models_dir)}
    with running(create_workspace(tmp_path / "workspace"), env) as server:
        assert "500 hours" in from_nothing_to_a_cited_answer(server.url, tmp_path, visit_to)


def test_a_file_that_cannot_be_read_is_refused_with_its_reason(
    empty: Running, tmp_path: Path, visit_to: VisitTo
):
    file = tmp_path / "nothing.pdf"
    file.write_bytes(b"this is no PDF \x00\x01")
    page = visit_to(empty.url).open("/").page
    page.get_by_label("Files to add").set_input_files(file)
    outcome = page.locator("[data-outcomes] .bad")
    outcome.wait_for()
    assert "nothing.pdf" in outcome.inner_text()


def test_models_that_are_not_there_can_be_pulled_from_the_page(tmp_path: Path, visit_to: VisitTo):
    root = create_workspace(tmp_path / "workspace")
    env = {"GENWRIGHT_MODELS_DIR": str(tmp_path / "no-models")}
    with running(root, env, ready=False) as server:
        page = visit_to(server.url).open("/").page
        button = page.get_by_role("button", name="Pull").first
        assert button.is_visible()
        button.click()
        page.locator("[data-told]").first.wait_for()  # there is no network here: it says so


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_the_owner_makes_the_first_admin(size: str, empty: Running, visit_to: VisitTo):
    page = visit_to(empty.url, size).open("/").page
    page.get_by_role("link", name="Create the first admin").click()
    page.fill("#name", "ann")
    page.fill("#password", "correct horse battery staple")
    page.fill("#again", "correct horse battery staple")
    page.get_by_role("button", name="Create admin and log in").click()
    page.wait_for_url("**/settings**")
    page.goto(empty.url)
    assert page.get_by_role("link", name="Create the first admin").count() == 0
