"""Printing: results on standard output, remarks on standard error."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genwright.maintenance.doctor import HealthFinding
    from genwright.monitoring import TraceStep
    from genwright.retrieval import Hit
    from genwright.types import Json

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_CONTROL_BUT_LAYOUT = {code: each for code, each in _CONTROL.items() if chr(code) not in "\n\t"}


def escape_controls(text: str) -> str:
    r"""A text without what would command the terminal: a document may hold such sequences.

    Example:
        >>> escape_controls("a title\x1b[2J")
        'a title\\x1b[2J'
    """
    return text.translate(_CONTROL_BUT_LAYOUT)


def to_one_line(text: str) -> str:
    r"""The same, in one line: file names may hold newlines.

    Example:
        >>> to_one_line("two\nlines")
        'two\\x0alines'
    """
    return text.translate(_CONTROL)


def print_json(value: object) -> None:
    """One JSON value, indented, as it is: no character is escaped that need not be."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    print()


def print_remark(text: str) -> None:
    """One line for the person, apart from the result."""
    print(to_one_line(text), file=sys.stderr, flush=True)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as their content, numbers to the right; the last is cut on a terminal."""
    lines = [headers, *([to_one_line(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [
        bool(rows) and all(isinstance(row[i], int) for row in rows) for i in range(len(widths))
    ]
    limit = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines:
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        print("  ".join(cells).rstrip()[:limit])


def print_exactly(text: str) -> None:
    """A text as it is, without a newline of our own."""
    sys.stdout.write(text)


def print_fields(fields: Mapping[str, object]) -> None:
    """One line for each field; lists and objects as JSON."""
    width = max(map(len, fields))
    for name, value in fields.items():
        plain = value if isinstance(value, str | int | float) else json.dumps(value)
        print(f"{name.ljust(width)}  {to_one_line(str(plain))}")


def print_differences(
    rows: Mapping[str, tuple[object, object]], old: str, new: str, as_json: bool
) -> None:
    """What two versions have, by key, side by side under their names."""
    if as_json:
        print_json({key: {"old": a, "new": b} for key, (a, b) in rows.items()})
    else:
        print_table(["what", old, new], [[key, a, b] for key, (a, b) in rows.items()])


def print_hits(hits: "Sequence[Hit]") -> None:
    """Passages with where they stand and the scores that found them, best first."""
    for rank, hit in enumerate(hits, start=1):
        why = ", ".join(f"{origin} {score:.3f}" for origin, score in hit.scores.items())
        print(f"{rank}. {hit.score:.3f} = {why}")
        where = format_place(hit.source, hit.page, hit.section)
        print(f"   {to_one_line(where)} [{hit.start}:{hit.end}]")
        print(f"{shorten_text(escape_controls(hit.text))}\n")


def print_passages(passages: "Sequence[Json]") -> None:
    """Passages of one document in order."""
    for each in passages:
        where = format_place("", each["page"], each["section"])
        print(f"{each['id']} [{each['start']}:{each['end']}] {to_one_line(where)}".rstrip())
        print(f"{textwrap.indent(escape_controls(each['text']), '   ')}\n")


def format_place(source: str, page: int | None, section: str) -> str:
    """Where a passage stands, for people.

    Example:
        >>> format_place("pump.pdf", 3, "Oil")
        'pump.pdf, page 3, Oil'
    """
    return ", ".join(part for part in (source, f"page {page}" if page else "", section) if part)


def shorten_text(text: str, characters: int = 300) -> str:
    """The beginning of a text, indented and wrapped to the terminal."""
    width = min(shutil.get_terminal_size().columns, 100)
    short = textwrap.shorten(text, characters, placeholder=" …")
    return textwrap.fill(short, width, initial_indent="   ", subsequent_indent="   ")


def print_tree(step: "TraceStep") -> None:
    """A trace as a tree: what was done, in how many seconds, with what is known of it."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def add_branch(each: "TraceStep") -> Tree:
        known = "  ".join(f"{key}={value}" for key, value in each.attributes.items())
        failed = "" if each.status in ("unset", "ok") else f" {each.status}"
        label = Text.assemble(
            (each.name, "bold"), f"  {each.seconds:.3f} s{failed}  ", (known, "dim")
        )
        tree = Tree(label)
        tree.children.extend(add_branch(inner) for inner in each.steps)
        return tree

    print(f"trace {step.trace_id}")
    width = None if sys.stdout.isatty() else 10_000  # a file cuts no lines
    Console(highlight=False, width=width).print(add_branch(step))


def print_status(status: "Json") -> None:
    """What is in a workspace, a line each."""
    sizes = {name: format_size(size) for name, size in status["bytes"].items()}
    missing = status["without_vector"]
    print_fields(
        {
            "workspace": status["workspace"],
            "documents": f"{status['documents']} ({status['characters']:,} characters)",
            "passages": status["passages"],
            "collections": ", ".join(
                f"{row['name']} ({row['documents']})" for row in status["collections"]
            ),
            "vectors": ", ".join(f"{n} by {name}" for name, n in status["vectors"].items()),
            **({"without vector": f"{missing}: genwright reindex"} if missing else {}),
            "models here": ", ".join(
                f"{row['name']} ({row['kind']}, {format_size(row['bytes'])})"
                for row in status["models"]
            ),
            "in use": f"{status['embedding_model']}, {status['chat_model']}",
            "on disk": ", ".join(f"{name} {size}" for name, size in sizes.items()),
            "schema": status["schema_version"],
        }
    )


def print_findings(findings: "Iterable[HealthFinding]") -> "list[HealthFinding]":
    """Each finding as it comes; returns them all."""
    seen = []
    for finding in findings:
        seen.append(finding)
        print(f"{finding.level:5}  {finding.check:13}  {finding.says}", flush=True)
        if finding.mend:
            print(f"{'':22}fix: {finding.mend}", flush=True)
    return seen


def format_size(size: int) -> str:
    """A size for people.

    Example:
        >>> format_size(83_506_384)
        '83.5 MB'
    """
    return f"{size / 1e6:,.1f} MB"
