"""IPO: identity preference optimisation. Azar et al. 2023, arXiv:2310.12036, equation 17.

``(log pi(c)/ref(c) - log pi(r)/ref(r) - 1/(2 tau))^2`` over the mean of tokens: does not run away
where preferences are always the same, as DPO does. ``beta`` is its tau.
"""

from typing import ClassVar

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.dpo import DPO


@objectives.register("ipo")
class IPO(DPO):
    """Learns a gap of log-ratios between both replies, by a squared loss."""

    loss: ClassVar[str] = "ipo"
