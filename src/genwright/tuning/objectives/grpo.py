"""GRPO: each reply against the mean of its group. Shao et al. 2024, arXiv:2402.03300, equation 3.

Several replies to one prompt are scored; a reply's advantage is its score less the group's mean,
over the group's deviation. No value head is needed.
"""

from typing import ClassVar

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.online import GroupObjective


@objectives.register("grpo")
class GRPO(GroupObjective):
    """Learns from groups of replies of its own to one prompt."""

    trl: ClassVar[str] = "GRPO"
