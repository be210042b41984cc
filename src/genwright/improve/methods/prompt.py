"""A better prompt: of several additions to the system's words the one that answers best."""

from genwright.improve.methods.base import Material, MethodNotApplicable, methods
from genwright.improve.methods.variants import choose_variant
from genwright.improve.results import Proposal

ADDITIONS = {
    "brief": "Answer with as few words as make a whole sentence.",
    "direct": "Begin with the answer itself; say nothing about the passages.",
    "quote": "Use the words of the passages wherever you can.",
}
"""What is tried, by name."""


@methods.register("prompt")
class PromptAddition:
    """Adds the words that bring answers nearest to what people said is right."""

    def propose(self, material: Material) -> Proposal:
        """The prompt with an addition; no training."""
        if material.live.answer.extractive:
            raise MethodNotApplicable("it quotes and asks no model: a prompt changes nothing")
        system = material.live.prompt.system.rstrip()
        variants = {
            name: {"prompt": {"system": f"{system} {words}\n"}}
            for name, words in ADDITIONS.items()
            if words not in system
        }
        if not variants:
            raise MethodNotApplicable("its prompt has every addition there is")
        best, scores = choose_variant(material, variants)
        reason = f"the prompt now says: {ADDITIONS[best]}"
        return Proposal("prompt", variants[best], reason, {"f1": scores})
