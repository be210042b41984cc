"""Rankings as SVG: ratings with intervals, who beats whom, ratings over time.

Classes of the page's own style sheet give the colours; see ``monitoring.plots``.
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from genwright.arena.ratings.ranking import Ranking, RankingRow
from genwright.monitoring.plots import Points, draw_line_plot

ROW, NAME, WIDTH, EDGE = 26, 190, 640, 16
CELL = 44
MOST = 12
"""Contenders of a matrix, the best ones: more do not fit a page."""


def plot_ratings(rows: Sequence[RankingRow], title: str = "Ratings with 95 % intervals") -> str:
    """A dot and a line for each contender, best first."""
    low, high = min(row.low for row in rows), max(row.high for row in rows)
    span = max(high - low, 1.0)

    def to_x(value: float) -> float:
        return NAME + (value - low) / span * (WIDTH - NAME - EDGE)

    parts = []
    for number, row in enumerate(rows):
        y = EDGE + ROW * number + ROW / 2
        parts.append(
            f'<text class="plot-text" x="{NAME - 10}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(_shorten_name(row.model))}</text>"
            f'<line class="plot-line-1" x1="{to_x(row.low):.1f}" y1="{y:.1f}" '
            f'x2="{to_x(row.high):.1f}" y2="{y:.1f}"/>'
            f'<circle class="plot-dot-1" cx="{to_x(row.rating):.1f}" cy="{y:.1f}" r="4">'
            f"<title>{escape(row.model)} {row.rating:.0f}</title></circle>"
        )
    base = EDGE + ROW * len(rows) + 14
    for value in np.linspace(low, high, 5):
        x = to_x(float(value))
        parts.append(
            f'<line class="plot-grid" x1="{x:.1f}" y1="{EDGE}" x2="{x:.1f}" y2="{base - 12}"/>'
            f'<text class="plot-text" x="{x:.1f}" y="{base + 4}" text-anchor="middle">'
            f"{value:.0f}</text>"
        )
    spoken = ", ".join(f"{row.model} {row.rating:.0f}" for row in rows)
    return _render_svg("".join(parts), title, spoken, WIDTH, base + 12)


def plot_matrix(ranking: Ranking, title: str = "Share of points that row won of column") -> str:
    """Win rates of the best contenders against each other; empty where two never met."""
    rows = [row for row in ranking.rows if row.group == 1][:MOST]
    counted = ranking.counted
    places = [counted.names.index(row.model) for row in rows]
    games, scores = counted.games, counted.scores
    parts = []
    for i, (row, a) in enumerate(zip(rows, places, strict=True)):
        y = EDGE + CELL * i
        parts.append(
            f'<text class="plot-text" x="{NAME - 10}" y="{y + CELL / 2 + 4}" text-anchor="end">'
            f"{i + 1} {escape(_shorten_name(row.model))}</text>"
        )
        for j, b in enumerate(places):
            if not games[a, b]:
                continue
            share, x = scores[a, b] / games[a, b], NAME + CELL * j
            strength = abs(share - 0.5) * 0.7
            kind = "plot-win" if share >= 0.5 else "plot-loss"
            parts.append(
                f'<rect class="{kind}" x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" '
                f'rx="4" fill-opacity="{0.08 + strength:.2f}"/>'
                f'<text class="plot-text" x="{x + CELL / 2 - 1}" y="{y + CELL / 2 + 4}" '
                f'text-anchor="middle">{share * 100:.0f} %<title>{games[a, b]:.0f} votes</title>'
                "</text>"
            )
    foot = EDGE + CELL * len(rows) + 14
    parts += [
        f'<text class="plot-text" x="{NAME + CELL * j + CELL / 2 - 1}" y="{foot}" '
        f'text-anchor="middle">{j + 1}</text>'
        for j in range(len(rows))
    ]
    spoken = f"{len(rows)} contenders"
    return _render_svg("".join(parts), title, spoken, NAME + CELL * len(rows) + EDGE, foot + 10)


def plot_history(
    history: Mapping[str, Points], names: Sequence[str], title: str = "Online Elo over time"
) -> str:
    """The live ticker of up to six contenders over time."""
    chosen = {name: _thin_points(history[name]) for name in names[:6] if history.get(name)}
    times = [at for points in chosen.values() for at, _ in points]
    since, until = (min(times), max(times)) if times else (0.0, 1.0)
    lowest = min((value for points in chosen.values() for _, value in points), default=1000.0)
    bottom = float(np.floor(lowest / 50) * 50)
    return draw_line_plot(
        chosen, title=title, since=since, until=max(until, since + 1), over="dates", bottom=bottom
    )


def _thin_points(points: Points, most: int = 300) -> Points:
    step = max(1, len(points) // most)
    return [*points[::step], points[-1]]


def _shorten_name(name: str, most: int = 26) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _render_svg(body: str, title: str, spoken: str, width: float, height: float) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}: {escape(spoken)}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )
