"""The newest passages first, by the dates that they name."""

import re
from collections.abc import Sequence
from typing import ClassVar

from genwright.retrieval.rerankers.base import rerankers

_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")


@rerankers.register("newest_first")
class NewestFirstReranker:
    """Scores a passage by the latest date in it; those without any keep their order, at the end."""

    needs_model: ClassVar[bool] = False

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score per text; higher is better."""
        return [float(max(map(_to_number, _DATE.findall(text)), default=0)) for text in texts]


def _to_number(date: tuple[str, str, str]) -> int:
    return int("".join(date))
