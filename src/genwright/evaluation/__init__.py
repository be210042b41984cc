"""Evaluation: measures with intervals, the sets they are taken on, and the runs that keep them.

Example:
    >>> from genwright.evaluation import bootstrap_mean
    >>> bootstrap_mean([1.0, 0.0, 1.0, 1.0], seed=0).value
    0.75
"""

from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean, bootstrap_ratio
from genwright.evaluation.records import list_runs, save_run

__all__ = ["ConfidenceInterval", "bootstrap_mean", "bootstrap_ratio", "list_runs", "save_run"]
