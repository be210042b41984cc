"""A reranker, where one is here: switched on where it brings answers nearer."""

from genwright.improve.methods.base import Material, MethodNotApplicable, methods
from genwright.improve.methods.variants import choose_variant
from genwright.improve.results import Proposal


@methods.register("reranker")
class RerankerChoice:
    """Tries every pulled reranker on the questions with a right answer."""

    def propose(self, material: Material) -> Proposal:
        """The search with a reranker; no training."""
        pulled = [
            each.name
            for each in material.runtime.models.catalog.list_models()
            if each.pulled and each.kind == "rerank"
        ]
        live = material.live.retrieval.rerank_model
        variants = {
            name: {"retrieval": {"reranker": "llamacpp", "rerank_model": name}}
            for name in pulled
            if name != live
        }
        if not variants:
            raise MethodNotApplicable(
                "no other reranker is pulled: genwright models list shows them"
            )
        best, scores = choose_variant(material, variants)
        reason = f"hits are reordered by {best!r}"
        return Proposal("reranker", variants[best], reason, {"f1": scores})
