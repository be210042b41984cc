"""Training: one trainer for everything that has a loss, bases to start from, tokenizers, search.

Nothing here is imported before it is asked for: torch takes seconds.

Example:
    >>> from genwright.training.config import TrainConfig
    >>> TrainConfig(epochs=1).batch_size
    8
"""
