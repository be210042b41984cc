"""Methods: which weights of a model are trained, one file each.

Example:
    >>> from genwright.tuning.methods import methods
    >>> methods.get("full").adapter
    False
"""

from genwright.tuning.methods.base import TuningMethod, methods

__all__ = ["TuningMethod", "methods"]
