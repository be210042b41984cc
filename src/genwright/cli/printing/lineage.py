"""Printing lineage as a tree."""

import sys
from typing import TYPE_CHECKING

from genwright.cli.printing.output import to_one_line

if TYPE_CHECKING:
    from genwright.registry.lineage import LineageNode


def print_lineage(node: "LineageNode") -> None:
    """What something came from, a line each."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def add_branch(each: "LineageNode") -> Tree:
        known = "  ".join(f"{key}={value}" for key, value in each.facts.items())
        label = Text.assemble(
            (f"{each.kind} ", ""),
            (to_one_line(each.name), "bold"),
            (f"  {to_one_line(known)}", "dim"),
        )
        tree = Tree(label)
        tree.children.extend(add_branch(inner) for inner in each.of)
        return tree

    width = None if sys.stdout.isatty() else 10_000  # a file cuts no lines
    Console(highlight=False, width=width).print(add_branch(node))
