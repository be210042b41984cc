"""Questions as people type them, one JSON object a line, in either of two forms.

``wild``: each question names its ``collection``; ``nuggets`` with regexes tell what a right answer
holds, ``forbidden`` what it must not say, ``sources`` what it should cite. ``documents``: each
question brings the documents it is asked over, and ``answers`` where somebody wrote some. Both say
by ``expect`` whether an answer or a refusal is right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genwright.engines import ChatMessage
from genwright.errors import UsageError
from genwright.evaluation.suites.files import hash_files, read_jsonl
from genwright.types import Json

EXPECTED = {
    "wild": ("answer", "refuse", "smalltalk", "clarify_or_refuse"),
    "documents": ("answer", "refuse"),
}
"""What may be expected of a reply, by form."""

_ANSWERING = {"agent", "assistant"}


@dataclass(frozen=True)
class Nugget:
    """A statement, as regexes: one that matches is enough."""

    text: str
    patterns: tuple[re.Pattern[str], ...]

    def is_in(self, normalized: str) -> bool:
        """Whether a normalised answer makes the statement."""
        return any(pattern.search(normalized) for pattern in self.patterns)


@dataclass(frozen=True)
class CaseDocument:
    """A document that comes with a question."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class AnswerCase:
    """A question, and what is known of its answer."""

    id: str
    question: str
    kind: str
    collection: str
    """Where it is asked; in the form ``documents`` its language or set, for the table."""
    expect: str
    history: tuple[ChatMessage, ...] = ()
    nuggets: tuple[Nugget, ...] = ()
    forbidden: tuple[Nugget, ...] = ()
    sources: tuple[str, ...] = ()
    """Documents any of which may be cited; none where no citation is asked for."""
    answers: tuple[str, ...] = ()
    documents: tuple[CaseDocument, ...] = ()


@dataclass(frozen=True)
class AnswerSet:
    """Questions of one file."""

    name: str
    form: str
    cases: tuple[AnswerCase, ...]
    sha256: str


def read_answer_set(path: Path, form: str = "") -> AnswerSet:
    """Read questions, plain or gzipped.

    Args:
        path: JSON Lines.
        form: ``wild`` or ``documents``; by default as the fields of the first row tell.

    Raises:
        NotFound: There is no such file.
        UsageError: A row is not in the form; the message says what is missing.
    """
    rows = list(read_jsonl(path))
    if not rows:
        raise UsageError(f"{path} has no questions: name a file that has some.")
    form = form or ("wild" if "nuggets" in rows[0] else "documents")
    parse = _parse_wild if form == "wild" else _parse_documents
    cases = []
    for number, row in enumerate(rows, start=1):
        try:
            case = parse(row)
            if form == "documents" and not case.documents:
                raise KeyError("documents")
        except (AttributeError, KeyError, TypeError, re.error) as error:
            raise UsageError(
                f"{path}, question {number}: not of the form {form!r}: {error!r}."
            ) from error
        if case.expect not in EXPECTED[form]:
            wanted = ", ".join(EXPECTED[form])
            raise UsageError(
                f"{path}, question {number}: expect is {case.expect!r}, not one of {wanted}."
            )
        cases.append(case)
    _check_ids(path, cases)
    return AnswerSet(path.name, form, tuple(cases), hash_files([path]))


def _check_ids(path: Path, cases: Sequence[AnswerCase]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise UsageError(f"{path}: two questions have the id {case.id!r}.")
        seen.add(case.id)


def _parse_wild(row: Json) -> AnswerCase:
    return AnswerCase(
        **_parse_common(row),
        collection=str(row.get("collection", "")),
        nuggets=_parse_nuggets(row["nuggets"]),
        forbidden=_parse_nuggets(row.get("forbidden", [])),
        sources=tuple(map(str, row.get("sources", []))),
    )


def _parse_documents(row: Json) -> AnswerCase:
    documents = tuple(
        CaseDocument(str(each["id"]), str(each.get("title", "")), str(each["text"]))
        for each in row["documents"]
    )
    return AnswerCase(
        **_parse_common(row),
        collection=str(row.get("lang") or row.get("set", "")),
        answers=tuple(map(str, row.get("answers", []))),
        documents=documents,
    )


def _parse_common(row: Json) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "question": str(row["question"]),
        "kind": str(row.get("kind", "")),
        "expect": str(row["expect"]),
        "history": tuple(map(_parse_turn, row.get("history", []))),
    }


def _parse_turn(turn: Mapping[str, Any]) -> ChatMessage:
    """A turn as ``role`` and ``content``, or as ``speaker`` and ``text``."""
    role = str(turn["role"] if "role" in turn else turn["speaker"])
    text = turn["content"] if "content" in turn else turn["text"]
    return ChatMessage("assistant" if role in _ANSWERING else "user", str(text))


def _parse_nuggets(rows: Sequence[Mapping[str, Any]]) -> tuple[Nugget, ...]:
    return tuple(
        Nugget(
            str(row.get("text", "")),
            tuple(re.compile(each, re.IGNORECASE | re.DOTALL) for each in row["any"]),
        )
        for row in rows
    )
