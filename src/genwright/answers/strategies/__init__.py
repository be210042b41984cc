"""Ways to answer, one file each; ``answers.answerer`` chooses among them by name.

Example:
    >>> from genwright.answers.base import strategies
    >>> strategies.names()
    ['extractive', 'inventory', 'overview', 'rag', 'short', 'smalltalk', 'summary']
"""
