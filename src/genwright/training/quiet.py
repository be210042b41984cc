"""Letting a training run as it should: quiet libraries, and memory that stays when it is let go."""

import ctypes
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Of glibc's ``mallopt``."""


@contextmanager
def quietly() -> Iterator[None]:
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


def keep_memory() -> None:
    """Let the allocator keep what a step frees for the next one.

    By default every tensor over 32 MB is given back to the kernel when it is freed and taken anew,
    zeroed page by page: logits of each step, for one. That took up to a third of the time of a step
    (docs/LOG.md).
    """
    if sys.platform == "linux":
        try:
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, -1)
        except (OSError, AttributeError):
            return  # another C library: nothing is lost but time
