"""Model cards: what a version is, written from what is known of it.

The sections follow Mitchell et al. 2019, arXiv:1810.03993. Nothing in a generated card is anybody's
opinion; a person may put words of their own in its place.
"""

from collections.abc import Iterator

from genwright.registry.versions import TrainedVersion
from genwright.types import Json


def render_card(trained: TrainedVersion) -> str:
    """The card of a version in Markdown: a person's words where there are some, else the facts."""
    return trained.card or "\n".join(_render_lines(trained)).strip() + "\n"


def _render_lines(trained: TrainedVersion) -> Iterator[str]:
    facts = trained.facts
    yield f"# {trained.label}"
    yield ""
    if facts.description:
        yield facts.description
        yield ""
    kind = "An adapter" if facts.kind == "adapter" else "Whole weights"
    start = f"trained on {facts.base}" if facts.base else "trained from scratch"
    yield f"{kind} ({facts.family}, {facts.method}), {start}, for {_format_name(facts.objective)}."
    yield ""
    yield "## Details"
    yield ""
    yield from _render_table({
        "version": trained.label,
        "digest": trained.digest,
        "made": f"{trained.created_at} by {trained.created_by}",
        "run": str(trained.run or "none"),
        "parent": facts.parent or "none",
        "base": f"{facts.base} (SHA-256 {facts.base_digest[:16]}…)" if facts.base else "none",
        "license": facts.license,
        "served by": f"{facts.engine}, as model `{trained.serving_name}`",
        "size": f"{trained.size / 1e6:,.1f} MB",
        "labels": _shorten_labels(facts.labels),
    })  # fmt: skip
    yield from _render_data(facts.data)
    yield from _render_training(trained)
    yield from _render_evaluation(facts.evaluation)
    yield from _render_losses(facts.losses)
    yield "## Limits"
    yield ""
    yield (
        "It was measured on the test part above and nothing else. It may repeat what its base and "
        "its data hold, and answers outside of them are not checked by anything but what serves it."
    )


def _render_data(data: object) -> Iterator[str]:
    parts = dict(data) if isinstance(data, dict) else {}
    if not parts:
        return
    yield "## Data"
    yield ""
    yield "| part | name | rows | SHA-256 |"
    yield "|---|---|---:|---|"
    for part, each in parts.items():
        yield f"| {part} | {each.name} | {each.rows:,} | {each.sha256[:16]}… |"
    yield ""


def _render_training(trained: TrainedVersion) -> Iterator[str]:
    facts = trained.facts
    yield "## Training"
    yield ""
    measured = facts.measured
    yield from _render_table({
        "seconds": str(measured.get("seconds", "")),
        "tokens a second": str(measured.get("tokens_per_second", "")),
        "peak memory": f"{measured.get('peak_mb', '')} MB",
        "seed": str(facts.seed),
        "libraries": ", ".join(f"{name} {number}" for name, number in facts.versions.items()),
    })  # fmt: skip
    for note in measured.get("notes", ()):
        yield f"Note: {note}."
        yield ""


def _render_evaluation(evaluation: Json) -> Iterator[str]:
    test, base, live = (evaluation.get(name) or {} for name in ("test", "base", "live"))
    if not test:
        return
    yield "## Evaluation"
    yield ""
    yield "On the test part, with 95 % intervals."
    yield ""
    yield "| measure | this version | base | live before |"
    yield "|---|---|---|---|"
    for name in [*test, *(each for each in base if each not in test)]:
        cells = " | ".join(_format_interval(table.get(name)) for table in (test, base, live))
        yield f"| {name} | {cells} |"
    yield ""
    for what, each in (evaluation.get("against") or {}).items():
        told = "differs" if each["distinguishable"] else "cannot be told apart"
        found = f"{_format_interval(each)}, p {each['p']}: {told}."
        yield f"{evaluation['metric']} against {what}: {found}"
        yield ""


def _render_losses(losses: Json) -> Iterator[str]:
    if not losses:
        return
    yield "## Quantised files"
    yield ""
    yield "| file | perplexity of test replies | MB |"
    yield "|---|---|---:|"
    for kind, each in losses.items():
        yield f"| {kind} | {_format_interval(each['perplexity'])} | {each['bytes'] / 1e6:,.1f} |"
    yield ""


def _render_table(values: dict[str, str]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, value in values.items():
        if value:
            yield f"| {name} | {value} |"
    yield ""


def _format_interval(each: Json | None) -> str:
    if not each or each.get("value") is None:
        return ""
    return f"{each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}]"


def _format_name(name: str) -> str:
    return name.replace("_", " ")


def _shorten_labels(labels: tuple[str, ...], most: int = 12) -> str:
    shown = ", ".join(labels[:most])
    return f"{shown} and {len(labels) - most} more" if len(labels) > most else shown
