"""Source code and configuration, kept as it is."""

import ast
import re
from pathlib import PurePath

from genwright.documents.base import Block, Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.settings import DocumentSettings

_CHUNK = re.compile(r"(?:^|(?<=\n))[ \t]*\S(?:.|\n(?!\n))*")
_SUFFIXES = """
.py .pyi .js .mjs .cjs .ts .tsx .jsx .java .kt .kts .scala .groovy .c .h .cc .cpp .cxx .hh .hpp
.cs .fs .vb .go .rs .swift .m .mm .rb .php .pl .pm .lua .r .jl .dart .ex .exs .erl .hs .ml .mli
.clj .cljs .lisp .el .scm .sh .bash .zsh .fish .ps1 .bat .sql .css .scss .sass .less .vue .svelte
.toml .yaml .yml .ini .cfg .conf .properties .env .proto .graphql .tf .hcl .cmake .mk .gradle
.dockerfile .nix .zig .v .vhd .asm .s .f90 .pas .ada .sol .tcl .awk .diff .patch .jsonc .json5
"""


@loaders.register("code")
class CodeLoader:
    """Blocks are top-level definitions in Python, else what blank lines part."""

    suffixes = tuple(_SUFFIXES.split())
    media_types = ("text/x-source",)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read source code."""
        text, encoding = decode(data, name)
        suffix = PurePath(name).suffix.lower()
        draft = Draft(limits)
        draft.metadata = {"encoding": encoding, "language": suffix.lstrip(".")}
        blocks = _find_definitions(text) if suffix in (".py", ".pyi") else ()
        draft.add_text(text, blocks or _find_chunks(text))
        return draft.build_extract(name, "code", title=PurePath(name).name)


def _find_chunks(text: str) -> tuple[Block, ...]:
    return tuple(
        Block("code", match.start(), match.start() + len(match.group().rstrip()))
        for match in _CHUNK.finditer(text)
    )


def _find_definitions(text: str) -> tuple[Block, ...]:
    """Top-level statements of Python, neighbours that define nothing together; else nothing.

    Comments and decorators above a definition belong to it.
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    blocks: list[Block] = []
    begin, loose = 0, False
    for node in body:
        end = min(len(text), starts[node.end_lineno or 0] - 1)
        defines = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if blocks and not defines and loose:
            begin = blocks.pop().start
        blocks.append(_trim_block(text, begin, max(begin, end)))
        begin, loose = end, not defines
    if text[begin:].strip():
        blocks.append(_trim_block(text, begin, len(text)))
    return tuple(block for block in blocks if block.end > block.start)


def _trim_block(text: str, start: int, end: int) -> Block:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Block("code", start, max(start, start + len(piece.strip())))
