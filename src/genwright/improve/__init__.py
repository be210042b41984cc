"""The loop that makes assistants better: feedback, candidates, the gate, promotion, the way back.

Example:
    >>> from genwright.improve import Guard, Target, decide
    >>> worse, better = [0.2, 0.4] * 20, [0.4, 0.5] * 20
    >>> decide(Target("quality", worse, better), [Guard("safe", [1.0], [1.0], 0.0)]).passed
    True
    >>> decide(Target("quality", better, better), []).passed
    False
"""

from genwright.improve.gate import Decision, Guard, Target, decide

__all__ = ["Decision", "Guard", "Target", "decide"]
