"""Draw the packages of genwright and their imports as SVG: python docs/build/imports_picture.py.

A row is a layer, by how far a package is from those that import nothing; an arc is an import of one
package by another, as wide as it has lines. Packages that import each other in a circle are red.
"""

import sys
from collections import Counter
from pathlib import Path

import grimp

WIDTH, ROW, BOX = 1180, 62, 116
STYLE = (
    "text{font:12px sans-serif;fill:#222;text-anchor:middle}rect{fill:#eef3fb;stroke:#5b7db1;rx:4}"
    ".circle rect{fill:#fbe3e3;stroke:#b14a4a}path{fill:none;stroke:#5b7db1;opacity:.35}"
)


def read_imports(root: str) -> Counter[tuple[str, str]]:
    """Lines of import between top-level packages, types and lazy ones included."""
    graph = grimp.build_graph(root)
    counts: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            pair = module.split(".")[1:2], other.split(".")[1:2]
            if all(pair) and pair[0] != pair[1]:
                counts[pair[0][0], pair[1][0]] += 1
    return counts


def find_reachable(start: str, edges: Counter[tuple[str, str]]) -> set[str]:
    """Packages that one imports, directly or not."""
    found, waiting = set[str](), [start]
    while waiting:
        here = waiting.pop()
        for one, other in edges:
            if one == here and other not in found:
                found.add(other)
                waiting.append(other)
    return found


def place_packages(edges: Counter[tuple[str, str]]) -> tuple[dict[str, int], set[str]]:
    """The row of each package, 0 at the bottom, and those that stand in a circle."""
    names = sorted({name for edge in edges for name in edge})
    below = {name: find_reachable(name, edges) for name in names}
    circles = {name for name in names if name in below[name]}
    rows: dict[str, int] = {}

    def place(name: str) -> int:
        if name not in rows:
            outside = [o for a, o in edges if a == name and name not in below[o]]
            rows[name] = 0
            rows[name] = 1 + max((place(other) for other in outside), default=-1)
        return rows[name]

    for name in names:
        place(name)
    return rows, circles


def draw(edges: Counter[tuple[str, str]]) -> str:
    """The picture."""
    rows, circles = place_packages(edges)
    height = (max(rows.values()) + 1) * ROW + 20
    spots = {}
    for row in set(rows.values()):
        names = sorted(name for name in rows if rows[name] == row)
        for place, name in enumerate(names):
            x = WIDTH * (place + 1) / (len(names) + 1)
            spots[name] = (round(x), height - 30 - row * ROW)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">']
    parts.append(f"<style>{STYLE}</style>")
    for (one, other), lines in sorted(edges.items()):
        (x1, y1), (x2, y2) = spots[one], spots[other]
        wide = 0.5 + min(lines, 60) / 15
        bend = (x1 + x2) / 2 + (y2 - y1) / 4
        path = f"M{x1},{y1 + 11} Q{bend:.0f},{(y1 + y2) / 2:.0f} {x2},{y2 - 11}"
        parts.append(f'<path d="{path}" stroke-width="{wide:.1f}"/>')
    for name, (x, y) in sorted(spots.items()):
        kind = ' class="circle"' if name in circles else ""
        box = f'<rect x="{x - BOX / 2:.0f}" y="{y - 11}" width="{BOX}" height="22"/>'
        parts.append(f'<g{kind}>{box}<text x="{x}" y="{y + 4}">{name}</text></g>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/imports.svg")
    target.parent.mkdir(exist_ok=True)
    target.write_text(draw(read_imports("genwright")), encoding="utf-8")
