"""Training by KTO on feedback: see ``docs/tuning.md``."""

from genwright.improve.methods.base import Material, Proposal, methods
from genwright.improve.methods.training import trained


@methods.register("kto")
class TrainKTO:
    """Learns from thumbs alone."""

    def propose(self, material: Material) -> Proposal:
        """The assistant with a trained model."""
        sets = {"epochs": 1}
        return trained(material, "kto", "thumbs", material.thumbs, sets)
