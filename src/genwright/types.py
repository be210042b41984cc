"""The few types that every floor shares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
else:
    Vectors = Any  # numpy takes a tenth of a second to import, and the store does without it
"""Unit-length embeddings, shape (n, dim) or (dim,)."""

Json = dict[str, Any]
"""A JSON object as Python reads it."""

Progress = Callable[[int, int, str], None]
"""Told of long work as (done, total, what): same unit for both numbers, total 0 when unknown."""


@dataclass(frozen=True)
class Principal:
    """Who asks. Every access to the store takes one, so that rights are enforced in its queries."""

    name: str
    groups: tuple[str, ...] = ()


OWNER = Principal("owner")
"""The person at the machine, who may do everything in the workspace."""


def unheard(done: int, total: int, what: str) -> None:
    """Progress that nobody watches: the default of functions that report it."""
