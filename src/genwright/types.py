"""The few types that every floor shares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

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


Role = Literal["reader", "editor", "admin"]
"""What a person may do: ask; also add documents and make assistants; everything."""

EVERYONE = "group:everyone"
"""The group that every user is in."""


@dataclass(frozen=True)
class Principal:
    """Who asks. Every access to the store takes one, so that rights are enforced in its queries.

    Names of users have no colon; those of groups begin with ``group:``, so that neither can be
    taken for the other where a right is held.
    """

    name: str
    groups: tuple[str, ...] = ()
    role: Role = "editor"

    @property
    def sees_all(self) -> bool:
        """Whether no document, trace or collection is hidden; conversations are their owner's."""
        return self.role == "admin"

    @property
    def holders(self) -> tuple[str, ...]:
        """Every name under which it may hold a right."""
        return (self.name, *self.groups)


OWNER = Principal("owner", role="admin")
"""The person at the machine, who may do everything in the workspace."""


def ignore_progress(done: int, total: int, what: str) -> None:
    """Progress that nobody watches: the default of functions that report it."""


class Closing:
    """A context manager that closes itself at its end."""

    def close(self) -> None:
        """Give back what is held; calling it again does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
