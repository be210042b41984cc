"""Objectives: what a model learns to do, one file each.

Example:
    >>> from genwright.tuning.objectives import objectives
    >>> objectives.names()
    ['classification', 'dpo', 'generation', 'grpo', 'ipo', 'kto', 'ppo', 'question_answering', ...]
"""

from genwright.tuning.objectives.base import Objective, PaddingCollator, objectives

__all__ = ["Objective", "PaddingCollator", "objectives"]
