"""The loop that makes assistants better: feedback, candidates, the gate, promotion, the way back.

Example:
    >>> from genwright.improve import GateGuard, GateTarget, decide
    >>> worse, better = [0.2, 0.4] * 20, [0.4, 0.5] * 20
    >>> decide(GateTarget("quality", worse, better), [GateGuard("safe", [1.0], [1.0], 0.0)]).passed
    True
    >>> decide(GateTarget("quality", better, better), []).passed
    False
"""

from genwright.improve.gate import GateDecision, GateGuard, GateTarget, decide

__all__ = ["GateDecision", "GateGuard", "GateTarget", "decide"]
