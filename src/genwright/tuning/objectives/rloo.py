"""RLOO: each reply against the mean of the others. Ahmadian et al. 2024, arXiv:2402.14740.

REINFORCE with the leave-one-out baseline of Kool et al. 2019: unbiased, and without a value head.
"""

from typing import ClassVar

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.online import GroupObjective


@objectives.register("rloo")
class RLOO(GroupObjective):
    """Learns from replies of its own, each against the others of its group."""

    trl: ClassVar[str] = "RLOO"
