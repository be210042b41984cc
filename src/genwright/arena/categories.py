"""What a question is about, by a local classifier: the nearest description, by embeddings.

Zero-shot classification by an embedder (Yin and others 2019, doi:10.18653/v1/D19-1404): no words
leave the machine, and new categories need a line and no training.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genwright.types import Vectors

CATEGORIES = {
    "code": "programming, source code, a function, an error message, a shell command, SQL",
    "maths": "a calculation, an equation, arithmetic, statistics, proof, how many are left",
    "writing": "write an e-mail, a letter, a story, a poem; rephrase or translate a text",
    "summary": "summarise, give the main points, the key ideas of a document, an overview",
    "how-to": "how do I do this, steps, instructions, configure, set up, install, fix",
    "facts": "who, when, where, which, what is the name, the date, the number of something",
}
LEAST = 0.12
"""Cosine below which a question is of no category."""
_CODE = re.compile(r"```|\b(def|class|SELECT|import|printf?|function)\b.*[({:;]")


def classify_question(question: str, embed: "Callable[[Sequence[str]], Vectors]") -> str:
    """The category of a question; empty where none is near.

    Args:
        question: Its text.
        embed: Gives unit-length vectors.
    """
    if _CODE.search(question):
        return "code"
    vectors = embed([question[:2000], *CATEGORIES.values()])
    scores = vectors[1:] @ vectors[0]
    best = int(scores.argmax())
    return list(CATEGORIES)[best] if scores[best] >= LEAST else ""
