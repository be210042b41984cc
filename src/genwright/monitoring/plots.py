"""Plots as SVG, drawn on the server: no script, no inline style; colours come from the page's CSS.

Classes: ``plot``, ``plot-grid``, ``plot-axis``, ``plot-text``, and ``plot-line-1`` to ``-6``.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

Points = Sequence[tuple[float, float]]
"""Seconds since 1970, and the value there, in order of time."""

WIDTH, HEIGHT = 480, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 14, 26
COLOURS = 6
GAP = 4.0
"""Points further apart than so many usual distances are not joined: there was nothing between."""


def draw_line_plot(
    series: Mapping[str, Points],
    *,
    title: str,
    unit: str = "",
    since: float,
    until: float,
    over: str = "time",
    bottom: float = 0.0,
) -> str:
    """Lines over time or over steps, with axes.

    Args:
        series: Points by name, at most six.
        title: What is shown; read by screen readers.
        unit: Of the values: ``s``, ``%`` (values are shares), ``/s`` or none.
        since: Left end, in seconds since 1970, or as a step.
        until: Right end.
        over: ``time``; ``dates`` where points are joined however far apart; or ``steps`` where they
            are not in seconds.
        bottom: Value at the lower end.
    """
    values = [value for points in series.values() for _, value in points]
    top = bottom + _round_up(max(values, default=bottom) - bottom)
    parts = [_draw_frame((bottom, top), unit, since, until, over)]
    for number, points in enumerate(series.values()):
        kind = number % COLOURS + 1
        for piece in _split_pieces(points) if over == "time" else [list(points)]:
            placed = [
                (_scale_x(at, since, until), _scale_y(value, (bottom, top))) for at, value in piece
            ]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
            if len(placed) == 1:
                x, y = placed[0]
                parts.append(f'<circle class="plot-dot-{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2"/>')
            else:
                parts.append(f'<polyline class="plot-line-{kind}" fill="none" points="{path}"/>')
    if not values:
        parts.append(
            f'<text class="plot-text" x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">'
            "nothing yet</text>"
        )
    return _wrap_svg("".join(parts), title, _describe_series(series, unit))


def draw_sparkline(points: Points, *, title: str, width: int = 120, height: int = 28) -> str:
    """A small line without axes."""
    if not points:
        return _wrap_svg("", title, "nothing yet", width, height)
    first, last = points[0][0], points[-1][0]
    top = max(value for _, value in points) or 1.0
    span = (last - first) or 1.0
    path = " ".join(
        f"{(at - first) / span * width:.1f},{height - 2 - value / top * (height - 4):.1f}"
        for at, value in points
    )
    line = f'<polyline class="plot-line-1" fill="none" points="{path}"/>'
    return _wrap_svg(line, title, f"last {points[-1][1]:g}", width, height)


def draw_waterfall(rows: Sequence[tuple[str, float, float]], *, title: str) -> str:
    """Bars of steps over time.

    Args:
        rows: Name, seconds after the start, and seconds it took, of each step.
        title: What is shown.
    """
    end = max((start + took for _, start, took in rows), default=1.0) or 1.0
    height, bars = 22 * len(rows) + 4, []
    for number, (name, start, took) in enumerate(rows):
        y = 4 + 22 * number
        x, wide = start / end * WIDTH, max(took / end * WIDTH, 1.5)
        anchor, at = ("end", x - 4) if x > WIDTH * 0.6 else ("start", x + wide + 4)
        if wide > WIDTH * 0.5:
            anchor, at = "start", x + 6
        bars.append(
            f'<rect class="plot-bar" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="16" rx="3"/>'
            f'<text class="plot-text" x="{at:.1f}" y="{y + 12}" text-anchor="{anchor}">'
            f"{escape(name)} {_format_seconds(took)}</text>"
        )
    spoken = "; ".join(f"{name} {_format_seconds(took)}" for name, _, took in rows)
    return _wrap_svg("".join(bars), title, spoken, WIDTH, height)


def _draw_frame(span: tuple[float, float], unit: str, since: float, until: float, over: str) -> str:
    """Grid, axes and their numbers."""
    parts = []
    for step in range(5):
        value = span[0] + (span[1] - span[0]) * step / 4
        y = _scale_y(value, span)
        parts.append(
            f'<line class="plot-grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
            f'<text class="plot-text" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(_format_value(value, unit))}</text>"
        )
    form = "%H:%M" if until - since <= 2 * 86_400 else "%d %b"
    for step in range(5):
        at = since + (until - since) * step / 4
        anchor = ("start", "middle", "middle", "middle", "end")[step]
        parts.append(
            f'<text class="plot-text" x="{_scale_x(at, since, until):.1f}" y="{HEIGHT - 8}" '
            f'text-anchor="{anchor}">{_format_place(at, form, over)}</text>'
        )
    base = HEIGHT - BOTTOM
    parts.append(
        f'<line class="plot-axis" x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}"/>'
    )
    return "".join(parts)


def _format_place(at: float, form: str, over: str) -> str:
    return f"{at:.0f}" if over == "steps" else datetime.fromtimestamp(at, UTC).strftime(form)


def _wrap_svg(body: str, title: str, spoken: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title)}: {escape(spoken)}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def _split_pieces(points: Points) -> list[list[tuple[float, float]]]:
    """Points cut where there was nothing for long."""
    if len(points) < 2:
        return [list(points)] if points else []
    distances = sorted(b[0] - a[0] for a, b in itertools.pairwise(points))
    usual = distances[len(distances) // 2] or 1.0
    pieces = [[points[0]]]
    for before, point in itertools.pairwise(points):
        if point[0] - before[0] > GAP * usual:
            pieces.append([])
        pieces[-1].append(point)
    return pieces


def _scale_x(at: float, since: float, until: float) -> float:
    return LEFT + (at - since) / max(until - since, 1e-9) * (WIDTH - LEFT - RIGHT)


def _scale_y(value: float, span: tuple[float, float]) -> float:
    low, high = span
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _round_up(value: float) -> float:
    """The next round number above a value.

    Example:
        >>> _round_up(0.37), _round_up(120)
        (0.4, 200.0)
    """
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(f"{next(step for step in (1, 2, 4, 5, 8, 10) if step * power >= value) * power:g}")


def _format_value(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value * 100:g} %"
    return _format_seconds(value) if unit == "s" else f"{value:g}{unit}"


def _format_seconds(value: float) -> str:
    """Seconds for people: ``12 ms`` or ``1.25 s``."""
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def _describe_series(series: Mapping[str, Points], unit: str) -> str:
    last = (
        f"{name} {_format_value(points[-1][1], unit)}" for name, points in series.items() if points
    )
    return ", ".join(last) or "nothing yet"


def draw_tree(root: "TreeBranch", *, title: str) -> str:
    """A tree from left to right, such as where something came from.

    Args:
        root: What stands at the left.
        title: What is shown.
    """
    placed: list[tuple[TreeBranch, int, float]] = []
    lines: list[str] = []

    def place(branch: TreeBranch, depth: int, row: float) -> tuple[float, float]:
        """Rows that a branch takes from one on: where it stands, and the next free one."""
        centres, free = [], row
        for each in branch.below:
            centre, free = place(each, depth + 1, free)
            centres.append(centre)
        own = (centres[0] + centres[-1]) / 2 if centres else row
        placed.append((branch, depth, own))
        for centre in centres:
            lines.append(_draw_joint(depth, own, centre))
        return own, max(free, row + 1)

    _, rows = place(root, 0, 0.0)
    depth = max(each[1] for each in placed) + 1
    boxes = "".join(_draw_box(branch, at, row) for branch, at, row in placed)
    spoken = "; ".join(f"{branch.kind} {branch.name}" for branch, _, _ in placed)
    width, height = depth * STEP, int(rows * ROW) + 8
    return _wrap_svg("".join(lines) + boxes, title, spoken, width, height)


@dataclass(frozen=True)
class TreeBranch:
    """A part of a tree."""

    kind: str
    name: str
    below: "Sequence[TreeBranch]" = ()


STEP, ROW, BOX = 190, 46, 38
LONGEST = 24
"""Characters of a name that fit into a box."""


def _draw_box(branch: TreeBranch, depth: int, row: float) -> str:
    x, y = depth * STEP + 4, row * ROW + 4
    name = branch.name if len(branch.name) <= LONGEST else branch.name[: LONGEST - 1] + "…"
    return (
        f'<rect class="plot-box" x="{x}" y="{y:.1f}" width="{STEP - 34}" height="{BOX}" rx="6"/>'
        f'<text class="plot-text" x="{x + 8}" y="{y + 14:.1f}">{escape(branch.kind)}</text>'
        f'<text class="plot-name" x="{x + 8}" y="{y + 30:.1f}">{escape(name)}</text>'
    )


def _draw_joint(depth: int, start: float, end: float) -> str:
    x, reach = depth * STEP + STEP - 30, (depth + 1) * STEP + 4
    y, to = start * ROW + 4 + BOX / 2, end * ROW + 4 + BOX / 2
    middle = (x + reach) / 2
    return (
        f'<path class="plot-axis" fill="none" d="M{x},{y:.1f} C{middle},{y:.1f} {middle},{to:.1f} '
        f'{reach},{to:.1f}"/>'
    )
