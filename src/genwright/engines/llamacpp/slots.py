"""Which slot of llama.cpp a prompt goes to, so that one party's prefixes serve that party only.

A slot keeps the last prompt it read; one that begins alike is read faster. Whoever sees by that
that others asked the same learns what they asked, so a slot's cache is used for the key that left
it, and a slot that changes its key begins anew. llama.cpp's own store of prompts in memory is not
looked into when the slot is named.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from genwright.types import Json


@dataclass
class _Slot:
    key: str = ""
    users: int = 0
    last: int = 0
    """When it was last taken, counted in takings."""


class Slots:
    """The slots of one engine. Safe to use from threads.

    Args:
        number: How many there are.
    """

    def __init__(self, number: int) -> None:
        self._slots = [_Slot() for _ in range(number)]
        self._lock, self._takings = threading.Lock(), 0

    @contextmanager
    def hold_slot(self, key: str) -> Iterator[Json]:
        """The fields of a request that name its slot; none without a key."""
        if not key:
            yield {}
            return
        place, same = self._take(key)
        try:
            yield {"id_slot": place, "cache_prompt": same}
        finally:
            with self._lock:
                self._slots[place].users -= 1

    def _take(self, key: str) -> tuple[int, bool]:
        """The place of a slot, and whether its cache is this key's."""
        with self._lock:
            self._takings += 1

            def rank(place: int) -> tuple[int, bool, int]:
                slot = self._slots[place]
                return slot.users, slot.key != key, slot.last

            place = min(range(len(self._slots)), key=rank)
            slot = self._slots[place]
            same = slot.key == key
            slot.key, slot.last = key, self._takings
            slot.users += 1
            return place, same
