"""Letting a training run without the advice of the libraries it is made of."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silence_libraries() -> Iterator[None]:
    """Keep progress bars and advice of transformers off the terminal; errors still come."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(transformers|peft|torch|accelerate)\b.*")
            yield
    finally:
        logging.set_verbosity(before)
