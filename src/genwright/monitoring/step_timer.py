"""Seconds that each step of a request takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StepTimer:
    """Seconds by step; a step may be entered again and again."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._spent: dict[str, float] = {}

    @contextmanager
    def measure_step(self, name: str) -> Iterator[None]:
        """Count what happens inside towards a step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._spent[name] = self._spent.get(name, 0.0) + time.perf_counter() - began

    def read_seconds(self) -> dict[str, float]:
        """All steps, and the total since this was made."""
        return {**self._spent, "total": time.perf_counter() - self._began}
