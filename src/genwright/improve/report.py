"""The report of an improvement, for people who decide: what was tried, what it changed, and why."""

import os
from collections.abc import Iterator
from html import escape
from math import isnan
from pathlib import Path

from genwright.evaluation.intervals import ConfidenceInterval
from genwright.improve.gate import GateDecision, GateFinding
from genwright.improve.results import CollectedFeedback, GateResult, ImprovementSteps

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


def write_report(
    folder: Path, run: int, assistant: str, steps: ImprovementSteps, status: str, message: str
) -> Path:
    """Write ``report.html`` into a run's folder, and return its path."""
    head = (
        f"<h1>Improvement {run} of {escape(assistant)}</h1>"
        f"<p><strong>{_WORDS[status]}</strong> {escape(message)}.</p>"
    )
    body = head + "".join(_make_sections(steps))
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Improvement {run}</title>'
        f"<style>{_STYLE}</style><body>{body}</body></html>"
    )
    path = folder / NAME
    part = path.with_suffix(".part")
    part.write_text(page, encoding="utf-8")
    os.replace(part, path)
    return path


def _make_sections(steps: ImprovementSteps) -> Iterator[str]:
    if steps.collect is not None:
        yield _render_feedback(steps.collect)
    if steps.propose:
        yield "<h2>What was tried</h2><table><tr><th>Method<th>Change</tr>"
        for name, tried in steps.propose.items():
            yield f"<tr><td>{escape(name)}<td>{escape(tried.describe())}</tr>"
        yield "</table>"
    for name, result in steps.gate.items():
        yield render_gate_table(name, result)
    if steps.candidate is not None:
        yield f"<p>Candidate: <strong>{escape(steps.candidate.label)}</strong>.</p>"


def _render_feedback(collected: CollectedFeedback) -> str:
    return (
        f"<h2>What people said</h2><p>{collected.new} new opinions; in all "
        f"{collected.voices} opinions and {collected.votes} votes gave "
        f"{collected.pairs} pairs, {collected.thumbs} thumbs, {collected.good} good answers and "
        f"{collected.intents} requests with what they want. {collected.refused} were left out, for "
        "want of consent or because they hold identifiers of persons.</p>"
    )


def render_gate_table(name: str, result: GateResult) -> str:
    """One decision of the gate, as HTML with a plot."""
    verdict = '<span class="yes">passed</span>' if result.passed else (
        '<span class="no">did not pass</span>'
    )  # fmt: skip
    head = f"<h2>Gate: {escape(name)} {verdict}</h2>"
    if result.decision is None:
        return head + f"<p>{escape('; '.join(result.reasons))}</p>"
    rows = "".join(map(_render_finding, result.decision.findings))
    examples = "".join(
        f"<tr><td>{escape(each.question)}<br><span class=muted>right: "
        f"{escape(each.reference)}</span><td>{escape(each.live)}"
        f"<td>{escape(each.candidate)}</tr>"
        for each in result.examples
    )
    return (
        f"{head}{plot_differences(result.decision)}<table><tr><th>What<th>Live<th>Candidate"
        "<th>Difference, "
        f"95 %<th>Cases<th>Good enough</tr>{rows}</table>"
        f"<h3>Answers that changed most</h3><table><tr><th>Question<th>Live<th>Candidate</tr>"
        f"{examples}</table>"
    )


def _render_finding(found: GateFinding) -> str:
    word = "yes" if found.passed else "no"
    return (
        f"<tr><td>{escape(found.name)}<td>{_format_number(found.live)}"
        f"<td>{_format_number(found.candidate)}<td>{_format_difference(found.difference)}"
        f'<td>{found.cases}<td class="{word}">{word}</tr>'
    )


def plot_differences(decision: GateDecision) -> str:
    """Differences of candidate and live with their intervals, as SVG; seconds are left out."""
    shown = [each for each in decision.findings if not isnan(each.difference.low)
             and not each.name.startswith("seconds")]  # fmt: skip
    if not shown:
        return ""
    reach = max(
        0.05, *(abs(end) for each in shown for end in (each.difference.low, each.difference.high))
    )
    left, width, row = 180, 560, 28

    def to_x(value: float) -> float:
        return left + (value / reach + 1) / 2 * (width - left - 16)

    parts = [
        f'<line class="plot-grid" x1="{to_x(0):.1f}" y1="6" x2="{to_x(0):.1f}" '
        f'y2="{row * len(shown) + 6}"/>'
    ]
    for number, each in enumerate(shown):
        y, d = row * number + 20, each.difference
        parts.append(
            f'<text class="plot-text" x="{left - 10}" y="{y + 4}" text-anchor="end">'
            f"{escape(each.name)}</text>"
            f'<line class="plot-line-1" x1="{to_x(d.low):.1f}" y1="{y}" '
            f'x2="{to_x(d.high):.1f}" y2="{y}"/>'
            f'<circle class="plot-dot-1" cx="{to_x(d.value):.1f}" cy="{y}" r="4"/>'
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


def _format_number(value: float) -> str:
    return "" if isnan(value) else f"{value:.3f}"


def _format_difference(found: ConfidenceInterval) -> str:
    if isnan(found.value):
        return ""
    if found.low == found.high:
        return f"{found.value:.3f}"
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
