"""Ways to make an assistant better from feedback, one file each.

Example:
    >>> from genwright.improve.methods import methods
    >>> methods.names()
    ['answering', 'dpo', 'intents', 'kto', 'prompt', 'reranker', 'retrieval', 'sft', 'shots']
"""

from genwright.improve.methods.base import (
    ImprovementMethod,
    Material,
    MethodNotApplicable,
    methods,
)
from genwright.improve.results import Proposal

__all__ = ["ImprovementMethod", "Material", "MethodNotApplicable", "Proposal", "methods"]
