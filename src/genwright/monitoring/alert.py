"""An alert as a value."""

from dataclasses import dataclass
from datetime import datetime

from genwright.types import Json


@dataclass(frozen=True)
class FiredAlert:
    """An alert as lists show it."""

    id: int
    rule: str
    severity: str
    summary: str
    value: float
    fired_at: datetime
    resolved_at: datetime | None

    def json(self) -> Json:
        """Every field."""
        ended = self.resolved_at.isoformat() if self.resolved_at else None
        return {**self.__dict__, "fired_at": self.fired_at.isoformat(), "resolved_at": ended}
