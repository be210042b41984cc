"""Fusion weights learnt from feedback: how much meaning counts against words in the search.

What people showed to be the right place (a better citation, the words of a correction, the
sources of an answer they liked) should rank first: the weight with the highest mean reciprocal
rank of it wins (Bruch et al. 2023, arXiv:2210.11934, section 5, learn it from as few pairs).
"""

from collections.abc import Sequence

from genwright.answers.assistants import open_assistant
from genwright.improve.candidates import to_served_version
from genwright.improve.methods.base import Material, MethodNotApplicable, methods
from genwright.improve.questions import HeldOutQuestion
from genwright.improve.results import Proposal
from genwright.improve.suites import score_recall
from genwright.library.search import find_passages
from genwright.registry.config import apply_changes

WEIGHTS = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
LEAST, DEPTH = 5, 20
RIGHT = 0.75
"""Share of the right answer's words that a passage must have to be the right place."""
LEAST_GAIN = 0.01


@methods.register("retrieval")
class FusionWeightChoice:
    """Chooses ``retrieval.vector_weight`` by where the right passages rank."""

    def propose(self, material: Material) -> Proposal:
        """Another weight; no training of a model."""
        questions = material.list_questions()
        if len(questions) < LEAST:
            raise MethodNotApplicable(
                f"{len(questions)} questions have a right answer, {LEAST} are needed"
            )
        if material.live.retrieval.mode != "hybrid":
            raise MethodNotApplicable(
                f"its search is {material.live.retrieval.mode}, there is no fusion"
            )
        scores = {weight: reciprocal_rank(material, weight, questions) for weight in WEIGHTS}
        live = material.live.retrieval.vector_weight
        before = scores.get(live, reciprocal_rank(material, live, questions))
        best = max(scores, key=lambda weight: (scores[weight], -abs(weight - live)))
        if scores[best] < before + LEAST_GAIN:
            raise MethodNotApplicable(
                f"no weight finds the right places better than {live:g} (mean reciprocal rank "
                f"{before:.3f})"
            )
        reason = (
            f"with weight {best:g} in place of {live:g} the right place ranks higher (mean "
            f"reciprocal rank {before:.3f} to {scores[best]:.3f} over {len(questions)} questions)"
        )
        changes = {"retrieval": {"vector_weight": best}}
        return Proposal(
            "retrieval", changes, reason, {"mrr": {str(w): s for w, s in scores.items()}}
        )


def reciprocal_rank(
    material: Material, weight: float, questions: Sequence[HeldOutQuestion]
) -> float:
    """Mean of 1 / rank of the first passage that has the right answer, within twenty."""
    config = apply_changes(
        material.live, {"retrieval": {"vector_weight": weight, "reranker": "none"}}
    )
    served = to_served_version(material.assistant, config)
    opened, total = open_assistant(material.runtime, served), 0.0
    for each in questions:
        hits = find_passages(opened.runtime, each.question, k=DEPTH, scope=opened.scope)
        ranks = [
            n for n, hit in enumerate(hits, 1) if score_recall(hit.text, each.reference) >= RIGHT
        ]
        total += 1 / ranks[0] if ranks else 0.0
    return round(total / len(questions), 4)
