"""What the pages say one adds in one file can be added just so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent.parent / "docs"
CHECKS = {
    "retrieval.md": """
from genwright.retrieval.rerankers import Reranker
made = rerankers.get("proximity")()
assert isinstance(made, Reranker)
near, far, none = made.rerank("warm oil", ["warm oil", "warm water and cold oil", "moon"])
assert near > far > none
""",
    "embeddings.md": """
from genwright.embeddings import Embedder
made = embedders.get("letters")()
assert isinstance(made, Embedder)
vectors = made.embed(["abba", "", "baab"])
assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
assert vectors[0] @ vectors[2] > vectors[0] @ vectors[1]
assert made.embed([]).shape == (0, 27)
""",
}


@pytest.mark.parametrize("page", CHECKS)
def test_the_example_of_a_new_implementation_works(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    [example] = re.findall(r"in one file\n.*?```python\n(.*?)```", text, re.DOTALL)
    # In a process of its own: here it would join the family for all other tests.
    command = [sys.executable, "-c", example + CHECKS[page]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", sorted(page.name for page in DOCS.glob("*.md")))
def test_every_link_between_pages_leads_somewhere(page):
    text = (DOCS / page).read_text("utf-8")
    for target, anchor in re.findall(r"\]\(([\w-]+\.md)(#[\w-]+)?\)", text):
        assert (DOCS / target).is_file(), f"{page} links to {target}"
        heads = re.findall(r"^#+ (.*)$", (DOCS / target).read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
        assert not anchor or anchor[1:] in slugs, f"{page} links to {target}{anchor}"
