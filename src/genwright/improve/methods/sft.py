"""Training by SFT on feedback: see ``docs/tuning.md``."""

from genwright.improve.methods.base import Material, methods
from genwright.improve.methods.training import tune_live_model
from genwright.improve.results import Proposal


@methods.register("sft")
class SFTTraining:
    """Learns the answers that people liked, and what they put in the place of others."""

    def propose(self, material: Material) -> Proposal:
        """The assistant with a trained model."""
        sets = {"epochs": 2, "test_rows": 20, "loss_on": "last"}
        return tune_live_model(material, "sft", "messages", material.good, sets)
