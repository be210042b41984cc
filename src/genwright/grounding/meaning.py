"""Whether a source says what a sentence claims, as the trained reader and exact checks see it.

The passages are taken in windows of a few whole sentences. The windows nearest to the claim are
read together with it; what the reader says, how the words agree and what is exactly compared
(``grounding.exact``) go into one small logistic regression, which ``benchmarks/support.py`` fits.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings import Embedder
from genwright.grounding import exact, words
from genwright.grounding.calibration import LogisticRegression
from genwright.grounding.order import measure_turned
from genwright.grounding.reading import PairReader
from genwright.grounding.spans import Support, SupportSpan, list_support_spans
from genwright.retrieval import Hit
from genwright.types import Json

READ_WINDOWS = 3
"""Windows that are read together with a claim; reading is what takes the time."""
WINDOW_CHARACTERS = 640
"""Longest window of more than one sentence: what the reader takes in one piece."""
DENSE_WEIGHT = 2.5
"""A character of a script without spaces counts as so many."""
CAPPED = 0.45
"""The most that a claim gets with a number or a quotation that its source does not have."""
LEAST_LOGIT = 6.0


@dataclass(frozen=True)
class SupportModel:
    """The fitted weights, and how they were fitted and judged."""

    weights: LogisticRegression
    about: Json


@lru_cache(maxsize=1)
def load_support_model() -> SupportModel:
    """The numbers that come with genwright."""
    file = files("genwright.grounding") / "support.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    # A fit from before a feature was there gives it no weight.
    weights = (*data["weights"], *[0.0] * (FEATURES - len(data["weights"])))
    return SupportModel(LogisticRegression(weights, data["bias"]), about=data["about"])


@dataclass(frozen=True)
class Window:
    """Some sentences of a hit in a row."""

    hit: Hit
    spans: tuple[SupportSpan, ...]
    """Its sentences, and every two neighbours."""

    @property
    def text(self) -> str:
        """From its first sentence to its last, as the document has it."""
        start = min(span.start for span in self.spans) - self.hit.start
        return self.hit.text[start : max(span.end for span in self.spans) - self.hit.start]

    @property
    def heading(self) -> str:
        """What it stands under."""
        return "\n".join(dict.fromkeys(filter(None, (self.hit.title, self.hit.section))))


def list_windows(hits: Sequence[Hit]) -> list[Window]:
    """Windows over the hits, each beginning with the last sentence of the one before."""
    return [window for hit in hits for window in _cut_hit(hit)]


def _cut_hit(hit: Hit) -> Iterator[Window]:
    spans = list_support_spans([hit])
    single = [span for span in spans if not span.pair]
    first = 0
    while first < len(single):
        last, size = first, _weigh(single[first].text)
        while last + 1 < len(single):
            size += _weigh(single[last + 1].text)
            if size > WINDOW_CHARACTERS:
                break
            last += 1
        start, end = single[first].start, single[last].end
        yield Window(hit, tuple(s for s in spans if start <= s.start and s.end <= end))
        if last + 1 == len(single):
            return
        first = max(last, first + 1)


def _weigh(text: str) -> float:
    dense = sum(each >= "\u2e80" for each in text)
    return len(text) + (DENSE_WEIGHT - 1) * dense


@dataclass(frozen=True)
class ReadWindow:
    """A window that was read, the span of it that is nearest to the claim, and what was seen."""

    span: SupportSpan
    features: tuple[float, ...]


class MeaningCheck:
    """Checks claims against the passages of one question with the trained reader.

    Args:
        question: What the claims answer.
        hits: Passages the claims could come from.
        embedder: Finds the windows that are near to a claim where there are many.
        pairs: The trained reader.
        model: Fitted weights; those shipped by default.
    """

    def __init__(
        self,
        question: str,
        hits: Sequence[Hit],
        embedder: Embedder,
        pairs: PairReader,
        model: LogisticRegression | None = None,
    ) -> None:
        self._question, self._embedder, self._pairs = question, embedder, pairs
        self._model = model
        self._windows = list_windows(hits)
        self._vectors: NDArray[np.float32] | None = None

    def find_best(self, claim: str, rarity: Mapping[str, float]) -> Support | None:
        """The span that supports a claim best; None where there is no span at all."""
        if not self._windows:
            return None
        if copied := self._find_copy(claim):
            return Support(copied, 1.0)
        candidates = self.list_candidates(claim, rarity)
        features = np.array([each.features for each in candidates])
        model = self._model or load_support_model().weights
        chances = cap(features, model.predict_probability(features))
        place = int(np.argmax(chances))
        return Support(candidates[place].span, float(chances[place]))

    def list_candidates(self, claim: str, rarity: Mapping[str, float]) -> list[ReadWindow]:
        """The windows nearest to a claim, as read with it."""
        windows = self._pick_windows(claim, rarity)
        texts = [
            f"{window.heading}\n{window.text}" if window.heading else window.text
            for window in windows
        ]
        chances = self._pairs.check(claim, texts)
        return [
            self._describe(claim, window, chance, rarity)
            for window, chance in zip(windows, chances, strict=True)
        ]

    def _find_copy(self, claim: str) -> SupportSpan | None:
        """Sentences of one window in a row whose words are the claim's, together."""
        said = _lower_words(claim)
        for window in self._windows if said else ():
            single = [(span, _lower_words(span.text)) for span in window.spans if not span.pair]
            for first in range(len(single)):
                words_so_far: list[str] = []
                for last in range(first, len(single)):
                    words_so_far += single[last][1]
                    if words_so_far == said:
                        return _join(single[first][0], single[last][0])
                    if len(words_so_far) >= len(said):
                        break
        return None

    def _pick_windows(self, claim: str, rarity: Mapping[str, float]) -> list[Window]:
        if len(self._windows) <= READ_WINDOWS:
            return self._windows
        if self._vectors is None:
            self._vectors = self._embedder.embed([window.text for window in self._windows])
        cosines = self._vectors @ self._embedder.embed_queries([claim])[0]
        shared = [_share(claim, window.text, rarity) for window in self._windows]
        spread = float(np.std(cosines)) or 1.0
        near = (cosines - cosines.mean()) / spread / 6 + np.array(shared)
        return [self._windows[place] for place in np.argsort(-near, kind="stable")[:READ_WINDOWS]]

    def _describe(
        self, claim: str, window: Window, chance: float, rarity: Mapping[str, float]
    ) -> ReadWindow:
        span = _pick_span(claim, window, rarity)
        source = f"{self._question}\n{window.heading}\n{window.text}"
        logit = math.log(max(chance, 1e-9) / max(1 - chance, 1e-9))
        return ReadWindow(
            span,
            (
                max(-LEAST_LOGIT, min(LEAST_LOGIT, logit)),
                *describe_wording(claim, window.text, source, span.text, rarity),
                *describe_exactly(claim, source, span.text),
                measure_turned(claim, window.text),
            ),
        )


def _join(first: SupportSpan, last: SupportSpan) -> SupportSpan:
    """From one sentence of a hit to another."""
    if first is last:
        return first
    text = first.hit.text[first.start - first.hit.start : last.end - first.hit.start]
    return SupportSpan(first.hit, first.start, last.end, text, pair=True)


def _pick_span(claim: str, window: Window, rarity: Mapping[str, float]) -> SupportSpan:
    """The sentence with most of the claim's words, or two where they have clearly more."""

    def value(span: SupportSpan) -> float:
        return _share(claim, span.text, rarity) - 0.15 * span.pair

    return max(window.spans, key=value)


def _share(claim: str, text: str, rarity: Mapping[str, float]) -> float:
    """How much of the claim's words, weighed by rarity, a text has; 0 to 1."""
    stems = set(words.extract_content(claim))
    said = set(words.extract_content(text))
    weight = {stem: rarity.get(stem, 1.0) for stem in stems}
    return sum(weight[stem] for stem in stems & said) / (sum(weight.values()) or 1.0)


def describe_wording(
    claim: str, text: str, source: str, span: str, rarity: Mapping[str, float]
) -> list[float]:
    """How the words agree: known, in pairs, in order, in one place; and the length."""
    stems, said = words.extract_content(claim), words.extract_content(text)
    pairs = words.pair_neighbors(stems)
    shared = len(pairs & words.pair_neighbors(said)) / max(1, len(pairs))
    known = _share(claim, source, rarity)
    ranks = [said.index(stem) for stem in stems if stem in said]
    turned = sum(b < a for a, b in pairwise(ranks)) / max(1, len(ranks) - 1)
    return [
        known,
        known**2,
        shared,
        turned,
        known - _share(claim, span, rarity),
        math.log1p(len(stems)),
    ]


def describe_exactly(claim: str, source: str, span: str) -> list[float]:
    """What is not as the source has it: numbers, dates, names, negation, quotations."""
    return [
        float(exact.find_missing_numbers(claim, source) > 0),
        float(bool(exact.find_dates(claim) - exact.find_dates(source))),
        exact.find_missing_names(claim, source),
        float(exact.is_negated(claim) and not exact.is_negated(span)),
        float(exact.is_negated(span) and not exact.is_negated(claim)),
        float(exact.has_changed_quote(claim, source)),
    ]


NUMBERS, QUOTES, FEATURES = 7, 12, 14
"""Columns of the features that cap what a claim gets, and how many there are."""


def cap(features: NDArray[np.float64], chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities, lowered where a number or a quotation is not in the source."""
    strange = (features[:, NUMBERS] > 0) | (features[:, QUOTES] > 0)
    return np.where(strange, np.minimum(chances, CAPPED), chances)


def _lower_words(text: str) -> list[str]:
    return [word.lower() for word in words.split_tokens(text)]
