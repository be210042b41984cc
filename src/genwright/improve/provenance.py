"""Why an answer is as it is: from the answer to the people whose feedback shaped it.

The lineage of the registry leads from an answer to its assistant, its model, the run, the rows;
here each row leads on to the feedback and the votes that it was made of, and to who gave them, as
far as whoever asks may know.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from genwright.registry.lineage import LineageNode, find_lineage
from genwright.types import Json, Principal
from genwright.workspace import Workspace

SOMEBODY = "somebody"
"""In the place of a name that whoever asks may not know."""


def trace_origin(workspace: Workspace, principal: Principal, named: str) -> LineageNode:
    """Where an answer (a trace or response id), an assistant or a model came from.

    Args:
        workspace: Of all of it.
        principal: Who asks: an admin sees who gave feedback, others see that somebody did, and
            themselves.
        named: A trace, ``NAME@VERSION`` and so on.

    Raises:
        NotFound: There is nothing of that name that the principal may see.
    """
    return _attach_feedback(find_lineage(workspace, principal, named), _make_namer(principal))


def format_lineage(node: LineageNode, depth: int = 0) -> Iterator[str]:
    """The tree for people, a line each."""
    facts = ", ".join(
        f"{key} {value}" for key, value in node.facts.items() if value not in ("", {})
    )
    yield f"{'  ' * depth}{node.kind} {node.name}" + (f" ({facts})" if facts else "")
    for each in node.of:
        yield from format_lineage(each, depth + 1)


def _make_namer(principal: Principal) -> Callable[[str], str]:
    def hide_name(person: str) -> str:
        return person if principal.sees_all or person == principal.name else SOMEBODY

    return hide_name


def _attach_feedback(node: LineageNode, name: Callable[[str], str]) -> LineageNode:
    inner = tuple(_attach_feedback(each, name) for each in node.of)
    if node.kind == "run":
        facts = {key: name(str(value)) if key == "by" else value
                 for key, value in node.facts.items()}  # fmt: skip
        return replace(node, facts=facts, of=inner)
    if node.kind != "row":
        return replace(node, of=inner)
    facts = {key: value for key, value in node.facts.items() if key not in _TOLD}
    return LineageNode(node.kind, node.name, facts, (*inner, *_find_feedback(node.facts, name)))


_TOLD = ("people", "feedback", "vote", "traces")


def _find_feedback(lineage: Json, name: Callable[[str], str]) -> Iterator[LineageNode]:
    people = ", ".join(sorted({name(str(person)) for person in lineage.get("people", [])}))
    for trace in lineage.get("traces", []):
        yield LineageNode("answer", str(trace))
    if ids := lineage.get("feedback"):
        numbers = ", ".join(map(str, ids))
        yield LineageNode("feedback", numbers, {"by": people, "kind": lineage.get("kind", "")})
    if vote := lineage.get("vote"):
        about = {"by": people, "for": lineage.get("won", ""), "over": lineage.get("lost", "")}
        yield LineageNode("vote", str(vote), about)
