"""Held-out questions: what a candidate is measured on, and never learns from.

They come from a file, or from feedback itself: of every question that somebody gave a right answer
to, a fixed share is held out, by a digest of its words, so that it stays held out for ever.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.datasets.files import read_records
from genwright.errors import Refused, UsageError
from genwright.feedback.exchanges import normalize_question
from genwright.feedback.to_datasets import FeedbackRows
from genwright.types import Json

SHARE = 0.4
"""Of the questions that feedback knows the answer of, held out."""
_QUESTION = ("question", "prompt", "instruction")
_ANSWER = ("answer", "reference", "completion", "expected", "chosen")


@dataclass(frozen=True)
class HeldOutQuestion:
    """A question with a right answer."""

    question: str
    reference: str
    refuse: bool = False
    """Whether a refusal is the right answer."""


def is_held_out(question: str, share: float = SHARE) -> bool:
    """Whether a question is held out, whatever its case and spaces."""
    digest = hashlib.sha256(normalize_question(question).encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    return number / 2**64 < share


def read_questions(path: Path, limit: int | None = None) -> list[HeldOutQuestion]:
    """Questions of a file: ``question``, and ``answer`` or ``answers``.

    An empty answer is one that must be refused.

    Raises:
        UsageError: A row has no question.
        Refused: Rows are synthetic: nothing is measured on what a model made.
    """
    rows = read_records(path)[:limit]
    if made := sum(bool(row.get("synthetic")) for row in rows):
        raise Refused(f"{made} rows of {path.name} are synthetic: measure on real questions only.")
    found = []
    for number, row in enumerate(rows, 1):
        question = _find_first(row, _QUESTION)
        if not question:
            raise UsageError(f"{path.name}, row {number}: expected a column question.")
        reference = _find_reference(row)
        found.append(HeldOutQuestion(question, reference, refuse=not reference))
    return found


def select_held_out(collected: FeedbackRows) -> list[HeldOutQuestion]:
    """Questions that feedback knows the right answer of, the held-out share."""
    found: dict[str, HeldOutQuestion] = {}
    for row in collected.good:
        question = find_question(row)
        if question and is_held_out(question):
            found[question] = HeldOutQuestion(question, str(row["messages"][-1]["content"]))
    return list(found.values())


def exclude_held_out(rows: Sequence[Json], held: frozenset[str] | None = None) -> list[Json]:
    """Rows whose question is not held out.

    Args:
        rows: Of feedback.
        held: Questions that are held out, plain; None for the fixed share of feedback.
    """
    if held is not None:
        return [row for row in rows if normalize_question(find_question(row)) not in held]
    return [row for row in rows if not is_held_out(find_question(row) or str(row)[:200])]


def find_question(row: Json) -> str:
    """What a row asks: the words after ``Question:`` in a rendered prompt, or its last turn."""
    turns = row.get("messages") or row.get("prompt")
    if isinstance(turns, list):
        asked = [str(t["content"]) for t in turns if t["role"] == "user"]
        turns = asked[-1] if asked else ""
    text = str(turns or "")
    marked = text.rpartition("Question:")[2].strip()
    return marked or text.strip()


def _find_reference(row: Json) -> str:
    answers = row.get("answers")
    if isinstance(answers, list):
        first = answers[0] if answers else ""
        return str(first.get("text", "") if isinstance(first, dict) else first).strip()
    return _find_first(row, _ANSWER)


def _find_first(row: Json, names: Sequence[str]) -> str:
    for name in names:
        if isinstance(row.get(name), str) and row[name].strip():
            return str(row[name]).strip()
    return ""
