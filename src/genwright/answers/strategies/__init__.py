"""Ways to answer, one file each; ``answers.answerer`` chooses among them by name.

Example:
    >>> from genwright.answers.base import strategies
    >>> strategies.names()
    ['extractive', 'rag', 'short']
"""
