"""Ways to make an assistant better from feedback, one file each.

Example:
    >>> from genwright.improve.methods import methods
    >>> methods.names()
    ['answering', 'dpo', 'kto', 'prompt', 'reranker', 'retrieval', 'sft', 'shots']
"""

from genwright.improve.methods.base import Material, Method, NotPossible, Proposal, methods

__all__ = ["Material", "Method", "NotPossible", "Proposal", "methods"]
