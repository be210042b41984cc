"""Shots: examples before a question, fixed or picked for it from a data set.

Zero-, one- and few-shot prompting (Brown et al. 2020, arXiv:2005.14165). Which examples help
depends on the question: the nearest ones (Liu et al. 2021, arXiv:2101.06804), those that differ
from one another (maximal marginal relevance, Carbonell and Goldstein 1998,
doi:10.1145/290941.291025), or
some of each label.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from genwright.errors import UnknownName, UsageError
from genwright.types import Vectors

Embed = Callable[[Sequence[str]], Vectors]
"""Unit vectors of texts, shape (n, dim)."""
PICKERS = ("fixed", "random", "nearest", "mmr", "balanced")
RELEVANCE = 0.7
"""Weight of nearness against difference in maximal marginal relevance."""


@dataclass(frozen=True)
class Shot:
    """One example."""

    user: str
    assistant: str
    label: str = ""
    """What it is an example of, for a picker that balances."""
    name: str = ""


class Picker:
    """Chooses examples for questions. The vectors of the examples are made once.

    Args:
        shots: To choose from.
        how: One of ``PICKERS``.
        embed: Needed by ``nearest`` and ``mmr``.
        seed: Of what is drawn.

    Raises:
        UnknownName: There is no such picker.
        UsageError: It needs an embedder and there is none.

    Example:
        >>> shots = [Shot("1+1", "2"), Shot("2+2", "4")]
        >>> [shot.assistant for shot in Picker(shots, "fixed").pick("3+3", 1)]
        ['2']
    """

    def __init__(
        self, shots: Sequence[Shot], how: str = "fixed", embed: Embed | None = None, seed: int = 0
    ) -> None:
        if how not in PICKERS:
            raise UnknownName(f"There is no picker {how!r}. Known: {', '.join(PICKERS)}.")
        if how in ("nearest", "mmr") and embed is None:
            raise UsageError(f"The picker {how!r} needs an embedder: set embedding.model.")
        self.shots, self.how, self.seed = list(shots), how, seed
        self._embed = embed
        self._vectors: Any = None

    def pick(self, question: str, k: int) -> list[Shot]:
        """At most k examples for a question; the nearest stands last, next to the question.

        Models attend most to what is near (Liu et al. 2021, section 4.3, found the order to matter
        little on average; nearest last did best there on two of three sets).
        """
        if self.how == "fixed":
            return self.shots[:k]
        if self.how == "random":
            drawn = random.Random(f"{self.seed}/{question}")
            return drawn.sample(self.shots, min(k, len(self.shots)))
        if self.how == "balanced":
            return self._pick_balanced(question, k)
        scores = self._score_nearness(question)
        order = scores.argsort()[::-1]
        places = order[:k].tolist() if self.how == "nearest" else self._pick_diverse(scores, k)
        return [self.shots[place] for place in reversed(places)]

    def _score_nearness(self, question: str) -> Any:
        assert self._embed is not None  # checked when it was made
        if self._vectors is None:
            self._vectors = self._embed([shot.user for shot in self.shots])
        return self._vectors @ self._embed([question])[0]

    def _pick_diverse(self, scores: Any, k: int) -> list[int]:
        """Each next one is near to the question and far from those that were chosen."""
        chosen: list[int] = []
        while len(chosen) < min(k, len(self.shots)):
            best, value = -1, -float("inf")
            for place in range(len(self.shots)):
                if place in chosen:
                    continue
                like = max(
                    (float(self._vectors[place] @ self._vectors[c]) for c in chosen), default=0.0
                )
                worth = RELEVANCE * float(scores[place]) - (1 - RELEVANCE) * like
                if worth > value:
                    best, value = place, worth
            chosen.append(best)
        return chosen

    def _pick_balanced(self, question: str, k: int) -> list[Shot]:
        """One of each label in turn, drawn by the question."""
        drawn = random.Random(f"{self.seed}/{question}")
        groups: dict[str, list[Shot]] = {}
        for shot in self.shots:
            groups.setdefault(shot.label or shot.assistant, []).append(shot)
        queues = [drawn.sample(group, len(group)) for _, group in sorted(groups.items())]
        drawn.shuffle(queues)
        found: list[Shot] = []
        while len(found) < k and any(queues):
            found += [queue.pop() for queue in queues if queue][: k - len(found)]
        return found
