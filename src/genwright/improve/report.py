"""The report of an improvement, for people who decide: what was tried, what it changed, and why."""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from genwright.types import Json

NAME = "report.html"
_WORDS = {
    "promoted": "The better version is live.",
    "waiting": "A better version waits for your decision.",
    "rejected": "No change was good enough: everything stays as it is.",
    "nothing": "There was nothing to change: everything stays as it is.",
}
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;
color:#1d2330;background:#fff}table{border-collapse:collapse;width:100%}td,th{padding:.35rem .6rem;
border-bottom:1px solid #d8dde6;text-align:left;vertical-align:top}h1{font-size:1.5rem}
.yes{color:#116329}.no{color:#a40e26}.plot text{font:12px system-ui;fill:#57606a}
.plot-line-1{stroke:#2f5fd0;stroke-width:3}.plot-grid{stroke:#8b949e;stroke-dasharray:3 3}
.plot-dot-1{fill:#2f5fd0}.muted{color:#57606a}"""


def write_report(folder: Path, wanted: Json, state: Json, status: str, message: str) -> Path:
    """Write ``report.html`` into a run's folder, and return its path."""
    run = wanted["run"]
    body = "".join(_make_sections(wanted, state, status, message))
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Improvement {run}</title>'
        f"<style>{_STYLE}</style><body>{body}</body></html>"
    )
    path = folder / NAME
    part = path.with_suffix(".part")
    part.write_text(page, encoding="utf-8")
    os.replace(part, path)
    return path


def _make_sections(wanted: Json, state: Json, status: str, message: str) -> list[str]:
    made = [
        f"<h1>Improvement {wanted['run']} of {escape(str(wanted['assistant']))}</h1>",
        f"<p><strong>{_WORDS[status]}</strong> {escape(message)}.</p>",
    ]
    if collected := state.get("collect"):
        made.append(
            f"<h2>What people said</h2><p>{collected['new']} new opinions; in all "
            f"{collected['voices']} opinions and {collected['votes']} votes gave "
            f"{collected['pairs']} pairs, {collected['thumbs']} thumbs and {collected['good']} "
            f"good answers. {collected['refused']} were left out, for want of consent or because "
            "they hold identifiers of persons.</p>"
        )
    if proposed := state.get("propose"):
        made.append(
            "<h2>What was tried</h2><table><tr><th>Method<th>Change</tr>"
            + "".join(
                f"<tr><td>{escape(name)}<td>{escape(_describe_proposal(each))}</tr>"
                for name, each in proposed.items()
            )
            + "</table>"
        )
    for name, decision in state.get("gate", {}).items():
        made.append(render_gate_table(name, decision))
    if candidate := state.get("candidate"):
        made.append(f"<p>Candidate: <strong>{escape(candidate['label'])}</strong>.</p>")
    return made


def _describe_proposal(proposal: Json) -> str:
    if "not" in proposal:
        return f"left: {proposal['not']}"
    return str(proposal.get("reason", "in training"))


def render_gate_table(name: str, decision: Mapping[str, Any]) -> str:
    """One decision of the gate, as HTML with a plot."""
    verdict = '<span class="yes">passed</span>' if decision["passed"] else (
        '<span class="no">did not pass</span>'
    )  # fmt: skip
    head = f"<h2>Gate: {escape(name)} {verdict}</h2>"
    if "target" not in decision:
        return head + f"<p>{escape('; '.join(decision['reasons']))}</p>"
    checks = [decision["target"], *decision["guards"]]
    rows = "".join(
        f"<tr><td>{escape(each['name'])}<td>{_format_number(each['live'])}<td>{_format_number(each['candidate'])}"
        f"<td>{_format_difference(each['difference'])}<td>{each['cases']}"
        f'<td class="{"yes" if each["passed"] else "no"}">{"yes" if each["passed"] else "no"}</tr>'
        for each in checks
    )
    examples = "".join(
        f"<tr><td>{escape(each['question'])}<br><span class=muted>right: "
        f"{escape(each['reference'])}</span><td>{escape(each['live'])}"
        f"<td>{escape(each['candidate'])}</tr>"
        for each in decision.get("examples", [])
    )
    return (
        f"{head}{plot_differences(decision)}<table><tr><th>What<th>Live<th>Candidate"
        "<th>Difference, "
        f"95 %<th>Cases<th>Good enough</tr>{rows}</table>"
        f"<h3>Answers that changed most</h3><table><tr><th>Question<th>Live<th>Candidate</tr>"
        f"{examples}</table>"
    )


def plot_differences(decision: Mapping[str, Any]) -> str:
    """Differences of candidate and live with their intervals, as SVG; seconds are left out."""
    checks = [decision["target"], *decision["guards"]]
    shown = [each for each in checks if each["difference"]["low"] is not None
             and not each["name"].startswith("seconds")]  # fmt: skip
    if not shown:
        return ""
    reach = max(0.05, *(abs(each["difference"][n]) for each in shown for n in ("low", "high")))
    left, width, row = 180, 560, 28

    def to_x(value: float) -> float:
        return left + (value / reach + 1) / 2 * (width - left - 16)

    parts = [
        f'<line class="plot-grid" x1="{to_x(0):.1f}" y1="6" x2="{to_x(0):.1f}" '
        f'y2="{row * len(shown) + 6}"/>'
    ]
    for number, each in enumerate(shown):
        y, d = row * number + 20, each["difference"]
        parts.append(
            f'<text class="plot-text" x="{left - 10}" y="{y + 4}" text-anchor="end">'
            f"{escape(each['name'])}</text>"
            f'<line class="plot-line-1" x1="{to_x(d["low"]):.1f}" y1="{y}" '
            f'x2="{to_x(d["high"]):.1f}" y2="{y}"/>'
            f'<circle class="plot-dot-1" cx="{to_x(d["value"]):.1f}" cy="{y}" r="4"/>'
        )
    height = row * len(shown) + 30
    parts.append(
        f'<text class="plot-text" x="{to_x(0):.1f}" y="{height - 6}" text-anchor="middle">'
        "no difference</text>"
    )
    title = "Difference of the candidate to the live version with 95 % intervals"
    return (
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" aria-label="{title}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{title}</title>{"".join(parts)}</svg>'
    )


def _format_number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _format_difference(difference: Mapping[str, Any]) -> str:
    if difference["value"] is None:
        return ""
    if difference["low"] == difference["high"]:
        return f"{difference['value']:.3f}"
    return f"{difference['value']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]"
