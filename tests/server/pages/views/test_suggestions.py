"""Suggestions come from the documents that the visitor may read, in their language."""

from pathlib import Path

import pytest

from genwright.access import create_user
from genwright.answers.understanding.intent import SPECIAL, IntentClassifier
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.server.pages.views.suggestions import WORDINGS, suggest_questions
from genwright.types import OWNER
from genwright.workspace import create_workspace, open_workspace

LONG = "\n\n".join(
    f"## Part {part}\n\nThe Velda of hall {part} is looked after by its own shift. "
    + "It runs. " * 90
    for part in range(8)
)
ENGLISH = {
    "velda.md": f"# Velda\n\nThe Velda is a pump that moves oil to the cooler.\n\n{LONG}",
    "a1b2.txt": "The boiler of hall 3 is drained in May.",
}
GERMAN = {"ventil.md": "# Ventil\n\nDas Ventil ist ein Bauteil, das den Durchfluss von Öl regelt."}


@pytest.fixture
def runtime(tmp_path: Path):
    """Over an empty workspace, without a model."""
    root = create_workspace(tmp_path / "workspace")
    workspace = open_workspace(root, {"embedding": {"model": "hashing"}})
    with Runtime(workspace) as made:
        yield made
    workspace.close()


def add(runtime: Runtime, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        DocumentIngester(runtime, "default").add_bytes(text.encode(), name)


def test_there_are_none_without_documents(runtime: Runtime):
    assert suggest_questions(runtime) == ()


def test_they_are_made_from_titles_that_are_found(runtime: Runtime):
    add(runtime, ENGLISH)
    questions = suggest_questions(runtime)
    assert "Summarize “Velda”" in questions
    assert questions[-1] == "What documents are here?"
    assert not any("a1b2" in each for each in questions)
    assert suggest_questions(runtime) is questions


def test_they_are_in_the_language_of_the_documents(runtime: Runtime):
    add(runtime, GERMAN)
    assert suggest_questions(runtime)[-1] == "Welche Dokumente gibt es hier?"


def test_new_documents_bring_new_ones(runtime: Runtime):
    add(runtime, GERMAN)
    before = suggest_questions(runtime)
    add(runtime, ENGLISH)
    assert suggest_questions(runtime) != before


def test_nothing_is_told_of_documents_that_the_visitor_may_not_read(runtime: Runtime):
    rob = create_user(runtime.database, OWNER, "rob", role="editor", password="correct horse 1")
    eve = create_user(runtime.database, OWNER, "eve", role="reader", password="correct horse 2")
    add(runtime.act_for(rob.principal), ENGLISH)
    assert any("Velda" in each for each in suggest_questions(runtime.act_for(rob.principal)))
    assert suggest_questions(runtime.act_for(eve.principal)) == ()


@pytest.mark.parametrize("language", WORDINGS)
def test_they_are_understood_as_they_are_meant(language: str):
    classifier, words = IntentClassifier("hashing"), WORDINGS[language]
    assert classifier.classify(None, words.inventory).kind == "about-collection"
    assert classifier.classify(None, words.summary.format("Velda")).kind == "summary-document"
    assert classifier.classify(None, words.meaning.format("Velda")).kind not in SPECIAL
