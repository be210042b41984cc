"""Showing answers as they come, with their citations, and reading questions from a person."""

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genwright.cli.printing.output import escape_controls as safe
from genwright.cli.printing.output import (
    format_place,
    print_json,
    print_remark,
    print_table,
    to_one_line,
)
from genwright.documents.quotations import is_quotation
from genwright.errors import UsageError

if TYPE_CHECKING:
    from genwright.answers.answerer import Answerer
    from genwright.answers.base import Piece
    from genwright.answers.chat import Chat
    from genwright.answers.conversations import ConversationSummary
    from genwright.grounding.citations import Answer, Citation, Sentence
    from genwright.retrieval import Hit, Scope
    from genwright.runtime import Runtime

PROMPT = "you> "
MOST_QUOTED = 6
"""Sources whose words are shown; of more of them, only the places."""
WIDEST = 100
"""Columns of prose."""
_ITEM = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+")


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
            printer.end()
            return piece
        printer.print_sentence(piece)
    raise AssertionError("a stream ends with its answer")


class SentencePrinter:
    """Writes each sentence, with the numbers of its citations, as soon as it is checked.

    Prose is wrapped; lists, tables and code keep their lines.

    Args:
        silent: Write nothing, because the whole comes later as JSON.
    """

    def __init__(self, silent: bool = False) -> None:
        self.silent, self._places = silent, list["Citation"]()
        self._column = self._written = 0
        self._is_below_block = False

    def print_sentence(self, sentence: "Sentence") -> None:
        """Write one sentence after what parts it from the one before."""
        if self.silent:
            return
        marks = "".join(f"[{self._number(each)}]" for each in sentence.citations)
        marks = marks or ("" if sentence.remark else "[unsupported]")
        text = safe(sentence.text).strip("\n")
        is_block = "\n" in text
        before = sentence.before
        if (is_block or self._is_below_block) and "\n" not in before:
            before = "\n\n"
        self._write(before if self._written else "")
        self._write(_lay_out(text, marks, self._column))
        self._is_below_block = is_block
        sys.stdout.flush()

    def end(self) -> None:
        """Write what ends the last line."""
        if self._column:
            self._write("\n")
            sys.stdout.flush()

    def _number(self, citation: "Citation") -> int:
        if citation not in self._places:
            self._places.append(citation)
        return self._places.index(citation) + 1

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        self._written += len(text)
        _, line_break, tail = text.rpartition("\n")
        self._column = len(tail) if line_break else self._column + len(tail)


def _lay_out(text: str, marks: str, column: int) -> str:
    """A text as a terminal shows it, its marks at the end of its words.

    Args:
        text: A sentence, a list item, or lines of a list, a table or code.
        marks: Numbers of its sources.
        column: Characters that the line has already.
    """
    lines = text.split("\n")
    code = _find_code(lines)
    if marks and (code[-1] or lines[-1].lstrip().startswith("|")):
        lines, code = [*lines, marks], [*code, False]
    elif marks:
        lines[-1] += f" {marks}"
    laid = [
        line if is_code or line.lstrip().startswith("|") else _wrap(line, 0 if place else column)
        for place, (line, is_code) in enumerate(zip(lines, code, strict=True))
    ]
    return "\n".join(laid)


def _find_code(lines: "Sequence[str]") -> list[bool]:
    """Of each line, whether it is code: fenced, indented, or said to an interpreter."""
    found, fenced = [], False
    for line in lines:
        fence = line.lstrip().startswith(("```", "~~~"))
        set_in = line.startswith(("   ", "\t", ">>>", "...")) and not _ITEM.match(line)
        found.append(fenced or fence or set_in)
        fenced ^= fence
    return found


def _wrap(line: str, column: int) -> str:
    """A line of prose, broken between words; what goes on below a list item is indented."""
    item, width = _ITEM.match(line), min(shutil.get_terminal_size().columns, WIDEST)
    if column and column + len(line.split(" ", 1)[0]) > width:
        return "\n" + _wrap(line, 0)
    return textwrap.fill(
        line,
        width,
        initial_indent="\0" * column,
        subsequent_indent=" " * (len(item[0]) if item else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )[column:]


def print_answer(answer: "Answer") -> None:
    """What follows the sentences: their sources, or for a refusal the nearest passages."""
    if answer.refused:
        print(answer.answer)
        for hit in answer.hits[:3]:
            print(f"\n   {to_one_line(_name_place(hit))}")
            print(_shorten_quote(hit.text))
    else:
        _print_sources(answer)
    _print_footer(answer)


def _print_sources(answer: "Answer") -> None:
    """Where each number points; what the source says, unless the answer has it word for word."""
    said: dict[Citation, list[str]] = {}
    for sentence in answer.sentences:
        for citation in sentence.citations:
            said.setdefault(citation, []).append(sentence.text)
    if said:
        print("\nSources")
    for number, (citation, texts) in enumerate(said.items(), start=1):
        quoted = all(is_quotation(text, citation.quote) for text in texts)
        place = f"[{number}] {to_one_line(_name_place(citation))} [{citation.start}:{citation.end}]"
        print(f"{place}, word for word" if quoted else place)
        if not quoted and len(said) <= MOST_QUOTED:
            print(_shorten_quote(f"“{citation.quote}”"))


def _name_place(place: "Citation | Hit") -> str:
    """File, page and the last heading, the file as seen from here where that is shorter."""
    source, here = place.source, f"{Path.cwd()}/"
    shown = source.removeprefix(here)
    return format_place(shown, place.page, place.section.rpartition(" > ")[2])


def _shorten_quote(text: str) -> str:
    """The beginning of a text in at most two lines."""
    width = min(shutil.get_terminal_size().columns, WIDEST)
    return "\n".join(
        textwrap.wrap(
            " ".join(safe(text).split()),
            width,
            initial_indent="   ",
            subsequent_indent="   ",
            max_lines=2,
            placeholder=" …",
        )
    )


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
            print(flush=True)
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
