"""Better settings of answering: quoting or a model, and what the model reads."""

from genwright.improve.methods.base import Material, methods
from genwright.improve.methods.variants import choose_variant
from genwright.improve.results import Proposal

VARIANTS: dict[str, dict[str, dict[str, object]]] = {
    "quote": {"answer": {"extractive": True}},
    "model": {"answer": {"extractive": False}},
    "excerpts": {"answer": {"extractive": False, "context": "excerpts"}},
    "passages": {"answer": {"extractive": False, "context": "passages"}},
}


@methods.register("answering")
class AnsweringChoice:
    """Tries whether quoting, a model, excerpts or whole passages bring answers nearer."""

    def propose(self, material: Material) -> Proposal:
        """Other settings of ``answer``; no training."""
        live = material.live.answer
        variants = {
            name: changes
            for name, changes in VARIANTS.items()
            if any(getattr(live, key) != value for key, value in changes["answer"].items())
        }
        best, scores = choose_variant(material, variants)
        reason = f"answers by {best!r} were nearest to what people said is right"
        return Proposal("answering", variants[best], reason, {"f1": scores})
