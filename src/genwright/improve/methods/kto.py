"""Training by KTO on feedback: see ``docs/tuning.md``."""

from genwright.improve.methods.base import Material, methods
from genwright.improve.methods.training import tune_live_model
from genwright.improve.results import Proposal


@methods.register("kto")
class KTOTraining:
    """Learns from thumbs alone."""

    def propose(self, material: Material) -> Proposal:
        """The assistant with a trained model."""
        sets = {"epochs": 1}
        return tune_live_model(material, "kto", "thumbs", material.thumbs, sets)
