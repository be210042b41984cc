"""Objectives: what a model learns to do, one file each.

Example:
    >>> from genwright.tuning.objectives import objectives
    >>> objectives.names()
    ['classification', 'generation', 'question_answering', 'summarisation']
"""

from genwright.tuning.objectives.base import Objective, Padding, objectives

__all__ = ["Objective", "Padding", "objectives"]
