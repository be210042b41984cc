"""Showing answers as they come, with their citations, and reading questions from a person."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from genwright.cli.printing.output import escape_controls as safe
from genwright.cli.printing.output import (
    format_place,
    print_json,
    print_remark,
    print_table,
    shorten_text,
    to_one_line,
)
from genwright.errors import UsageError

if TYPE_CHECKING:
    from genwright.answers.answerer import Answerer
    from genwright.answers.base import Piece
    from genwright.answers.chat import Chat
    from genwright.answers.conversations import ConversationSummary
    from genwright.grounding.citations import Answer, Citation, Sentence
    from genwright.retrieval import Scope
    from genwright.runtime import Runtime

PROMPT = "you> "


def open_answerer(
    runtime: "Runtime", assistant: str, model: str, extractive: bool | None, short: bool = False
) -> "tuple[Answerer, Scope]":
    """What answers, and where it looks: an assistant, or the workspace's settings with options.

    Raises:
        UsageError: An assistant is named with an option that it decides itself.
        NotFound: There is no such assistant.
    """
    from genwright.answers.answerer import Answerer
    from genwright.answers.assistants import open_assistant
    from genwright.retrieval import Scope

    if not assistant:
        return Answerer(runtime, model=model, extractive=extractive, short=short), Scope()
    if model or extractive is not None or short:
        raise UsageError("Expected --assistant without --model, --extractive and --short.")
    opened = open_assistant(runtime, assistant)
    return opened.answerer, opened.scope


def print_stream(pieces: "Iterator[Piece]", silent: bool = False) -> "Answer":
    """Write each sentence as it comes, and return the answer at the end.

    Args:
        pieces: Sentences, and last the answer.
        silent: Write nothing, because the whole comes later as JSON.
    """
    from genwright.grounding.citations import Answer

    printer = SentencePrinter(silent)
    for piece in pieces:
        if isinstance(piece, Answer):
            return piece
        printer.print_sentence(piece)
    raise AssertionError("a stream ends with its answer")


class SentencePrinter:
    """Writes each sentence, with the numbers of its citations, as soon as it is checked.

    Args:
        silent: Write nothing, because the whole comes later as JSON.
    """

    def __init__(self, silent: bool = False) -> None:
        self.silent, self._places = silent, list["Citation"]()

    def print_sentence(self, sentence: "Sentence") -> None:
        """Write one sentence."""
        if self.silent:
            return
        marks = ""
        for citation in sentence.citations:
            if citation not in self._places:
                self._places.append(citation)
            marks += f"[{self._places.index(citation) + 1}]"
        marks = marks or ("" if sentence.remark else "[unsupported]")
        print(f"{safe(sentence.text)} {marks}".rstrip(), flush=True)


def print_answer(answer: "Answer") -> None:
    """What follows the sentences: their sources, or for a refusal the nearest passages."""
    if answer.refused:
        print(answer.answer)
        for hit in answer.hits[:3]:
            print(f"\n   {to_one_line(format_place(hit.source, hit.page, hit.section))}")
            print(shorten_text(safe(hit.text)))
        _print_footer(answer)
        return
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    print("\nSources")
    for number, citation in enumerate(dict.fromkeys(cited), start=1):
        where = format_place(citation.source, citation.page, citation.section)
        print(f"[{number}] {to_one_line(where)} [{citation.start}:{citation.end}]")
        print(shorten_text(f"“{safe(citation.quote)}”", 400))
    _print_footer(answer)


def _print_footer(answer: "Answer") -> None:
    spent = ", ".join(f"{step} {seconds:.2f}" for step, seconds in answer.timings.items())
    print_remark(f"{answer.model}; seconds: {spent}; genwright trace {answer.trace_id[:12]}")


def print_conversations(rows: "Sequence[ConversationSummary]", as_json: bool) -> None:
    """A list of conversations, newest first."""
    if as_json:
        print_json([row.json() for row in rows])
    else:
        cells = [[row.id, row.created_at, row.title] for row in rows]
        print_table(["id", "started", "first question"], cells)


def converse(chat: "Chat", scope: "Scope", k: int | None, as_json: bool) -> None:
    """Answer the questions of standard input, a line each; at a terminal an empty one ends it."""
    for question in _read_questions():
        answer = print_stream(chat.stream(question, scope=scope, k=k), as_json)
        if as_json:
            line = {"conversation": chat.id, **answer.json()}
            print(json.dumps(line, ensure_ascii=False), flush=True)
        else:
            print_answer(answer)
    if chat.id is not None:
        print_remark(f"Kept: genwright chat --continue {chat.id}")


def _read_questions() -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from (line.strip() for line in sys.stdin if line.strip())
        return
    while True:
        try:
            question = input(PROMPT).strip()
        except EOFError:
            return
        if not question:
            return
        yield question
