"""Training by DPO on feedback: see ``docs/tuning.md``."""

from genwright.improve.methods.base import Material, methods
from genwright.improve.methods.training import tune_live_model
from genwright.improve.results import Proposal


@methods.register("dpo")
class DPOTraining:
    """Learns to prefer what people preferred, from corrections, ratings and votes."""

    def propose(self, material: Material) -> Proposal:
        """The assistant with a trained model."""
        sets = {"epochs": 1, "sft": 1.0, "learning_rate": 3e-4}
        return tune_live_model(material, "dpo", "preference", material.pairs, sets)
