"""Export: what was trained, as files that llama.cpp runs.

Example:
    >>> from genwright.export import permute_rows
    >>> import numpy
    >>> permute_rows(numpy.arange(4.0).reshape(4, 1), heads=1).ravel().tolist()
    [0.0, 2.0, 1.0, 3.0]
"""

from genwright.export.adapter import find_adapter_problem, write_adapter
from genwright.export.model import SUPPORTED, write_model
from genwright.export.tensors import permute_rows

__all__ = ["SUPPORTED", "find_adapter_problem", "permute_rows", "write_adapter", "write_model"]
