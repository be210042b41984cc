"""The protocol of methods: from feedback to a changed configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from genwright.improve.questions import HeldOutQuestion, exclude_held_out, find_question
from genwright.improve.results import Proposal
from genwright.plugins import Plugins
from genwright.registry.config import AssistantConfig
from genwright.runtime import Runtime
from genwright.types import Json

MOST_TRIED = 40
"""Questions that variants are compared on while a method chooses among them."""


class MethodNotApplicable(Exception):
    """A method has nothing to learn from, or does not apply to this assistant; it says why."""


@dataclass(frozen=True)
class Material:
    """What a method works with: nothing of it is held out."""

    runtime: Runtime
    assistant: str
    live: AssistantConfig
    pairs: Sequence[Json]
    thumbs: Sequence[Json]
    good: Sequence[Json]
    begin_run: Callable[[str, Callable[[], int]], int]
    """Id of the run that a method trains in, from its name and what begins one: an improvement
    that was interrupted goes on with the run that it began."""
    seed: int = 0
    held: frozenset[str] | None = None
    """Questions that are held out; None for the fixed share of feedback."""
    intents: Sequence[Json] = ()
    """Requests with the kind of what they want."""

    def select_learnable(self, rows: Sequence[Json]) -> list[Json]:
        """Rows that may be learnt from."""
        return exclude_held_out(rows, self.held)

    def list_questions(self) -> list[HeldOutQuestion]:
        """Questions with right answers to compare variants on."""
        found = {
            find_question(row): HeldOutQuestion(
                find_question(row), str(row["messages"][-1]["content"])
            )
            for row in self.select_learnable(self.good)
        }
        return list(found.values())[:MOST_TRIED]


class ImprovementMethod(Protocol):
    """A way to make an assistant better."""

    def propose(self, material: Material) -> Proposal:
        """A change.

        Raises:
            MethodNotApplicable: There is nothing to learn from, or it does not apply.
        """
        ...


methods: Plugins[ImprovementMethod] = Plugins("genwright.improve.methods")
