"""Plugins as an operator sees them, and an example package that adds some."""

from pathlib import Path

import pytest
from tests.fixtures.command_line import CommandLine
from tests.journeys.environments import ROOT, build_wheel, make_environment

EXAMPLE = ROOT / "examples" / "genwright-calendar"
EVENTS = {
    "spring": "DTSTART;TZID=Europe/Berlin:20260301T090000\nLOCATION:Hall 3\\, upper\n  floor",
    "autumn": "DTSTART;VALUE=DATE:20261002",
    "last year": "DTSTART:20250601T140000Z",
}
CALENDAR = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Board meeting of {when}
{fields}
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example")
    wheel = build_wheel(EXAMPLE, folder)
    return make_environment(folder / "environment", wheel, ROOT / "src")


@pytest.fixture
def extended(plain: CommandLine, programs: Path) -> CommandLine:
    return CommandLine(plain.workspace, plain.environment, str(programs / "python"))


def test_every_family_is_listed_with_who_brings_what(plain):
    families = {each["package"]: each for each in plain.json("plugins")}
    rerankers = families["genwright.retrieval.rerankers"]
    assert rerankers["protocol"] == "Reranker"
    assert [each["name"] for each in rerankers["implementations"]] == ["llamacpp", "none"]
    assert rerankers["implementations"][1]["distribution"].startswith("genwright ")
    printed = plain("plugins").stdout
    assert all(package in printed for package in families)
    assert all(package in (ROOT / "docs/plugins.md").read_text("utf-8") for package in families)


def test_an_installed_example_is_listed_and_used(extended, tmp_path):
    families = {each["package"]: each["implementations"] for each in extended.json("plugins")}
    added = {
        each["name"]: each["summary"]
        for family in families.values()
        for each in family
        if each["distribution"] == "genwright-calendar 1.0"
    }
    assert set(added) == {"calendar", "newest_first"}
    assert all(added.values())

    calendars = tmp_path / "calendars"
    calendars.mkdir()
    for when, fields in EVENTS.items():
        (calendars / f"{when}.ics").write_text(CALENDAR.format(when=when, fields=fields))
    assert extended.json("add", calendars)["added"] == len(EVENTS)
    assert {each["format"] for each in extended.json("list")} == {"calendar"}
    hits = extended.json("search", "board meeting", "--set", "retrieval.reranker=newest_first")
    days = [hit["text"].splitlines()[-1] for hit in hits]
    assert days == ["2026-10-02", "2026-03-01 09:00, Hall 3, upper floor", "2025-06-01 14:00"]


def test_a_module_that_is_not_there_is_told(extended, tmp_path):
    about = tmp_path / "gone-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gone\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[genwright.engines]\ngone = gone.engine\n")
    extended.environment["PYTHONPATH"] = str(tmp_path)
    families = {each["package"]: each["implementations"] for each in extended.json("plugins")}
    [gone] = [each for each in families["genwright.engines"] if each["name"] == "gone"]
    assert gone["problem"] == "module gone.engine is not there"
    assert gone["distribution"] == "gone 1"
