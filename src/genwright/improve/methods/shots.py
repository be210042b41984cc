"""Better shots: answers that people liked or corrected become examples, the nearest are shown."""

from genwright.improve.methods.base import Material, MethodNotApplicable, methods
from genwright.improve.questions import find_question
from genwright.improve.results import Proposal

MOST, K = 200, 2
LONGEST = 600
"""Characters of an example's answer: longer ones leave no room for passages."""


@methods.register("shots")
class ShotSelection:
    """Puts good answers into the pool that examples are picked from for each question."""

    def propose(self, material: Material) -> Proposal:
        """Examples of all that was liked or corrected; no training."""
        if material.live.answer.extractive:
            raise MethodNotApplicable("it quotes and asks no model: examples change nothing")
        rows = [
            (find_question(row), str(row["messages"][-1]["content"]))
            for row in material.select_learnable(material.good)
        ]
        known = {user for user, _, _ in material.live.prompt.pool}
        new = [(q, a, "") for q, a in rows if q and q not in known and len(a) <= LONGEST]
        if not new:
            raise MethodNotApplicable("no new answer was liked or corrected")
        pool = (*material.live.prompt.pool, *new)[-MOST:]
        changes = {"prompt": {"pool": pool, "k": K, "picker": "nearest"}}
        reason = f"{len(new)} answers that people liked or corrected are shown as examples"
        return Proposal("shots", changes, reason, {"new": len(new), "pool": len(pool)})
