"""Evaluation: measures with intervals, the sets they are taken on, and the runs that keep them.

Example:
    >>> from genwright.evaluation import interval
    >>> interval([1.0, 0.0, 1.0, 1.0], seed=0).value
    0.75
"""

from genwright.evaluation.intervals import Interval, interval, ratio_interval
from genwright.evaluation.records import list_runs, save_run

__all__ = ["Interval", "interval", "list_runs", "ratio_interval", "save_run"]
