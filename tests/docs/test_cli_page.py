"""docs/cli.md says what the program says. `make cli-docs` writes it anew."""

import pytest


@pytest.fixture(scope="module")
def written(build):
    """The program that writes the page."""
    return build("cli_page")


def test_the_page_is_what_the_program_says(written):
    assert written.page() == written.PAGE.read_text(encoding="utf-8"), "run: make cli-docs"


def test_the_page_does_not_depend_on_the_width_of_the_terminal(written, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    narrow = written.commands()
    monkeypatch.setenv("COLUMNS", "200")
    assert written.commands() == narrow


def test_every_command_has_a_section_with_its_usage(written):
    text = written.commands()
    for name in ("add", "ask", "tune", "arena rank", "eval retrieval"):
        assert f"# `genwright {name}`\n" in text and f"```\ngenwright {name} [OPTIONS]" in text


def test_choices_bounds_and_defaults_are_in_the_tables(written):
    text = written.commands()
    assert "`lora`, `p_tuning`" in text, "choices one by one"
    assert "1 to 1000." in text, "bounds of numbers"
    assert "Required." in text, "what must be given"
