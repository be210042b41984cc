"""Whether a span of a source says what a sentence claims, and which span says it best.

With the trained reader the check is by meaning (``grounding.meaning``). Where that is not there it
is by wording: a logistic model over how much of the claim the span contains: its words weighed by
rarity, its neighbouring pairs, its numbers and names, its meaning. By wording alone a paraphrase
without a shared word is not seen, and a claim that turns the words of its source around can pass.
A sentence that no place of the documents says as a whole is looked for part by part
(``grounding.parts``). No model's markers are read or trusted; ``docs/answers.md`` gives the
figures of both.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings import Embedder
from genwright.grounding import words
from genwright.grounding.calibration import LogisticRegression
from genwright.grounding.meaning import WINDOW_CHARACTERS, MeaningCheck
from genwright.grounding.parts import split_parts
from genwright.grounding.reading import PairReader
from genwright.grounding.spans import Support, SupportSpan, list_support_spans
from genwright.retrieval import Hit

__all__ = ["Support", "SupportCheck", "SupportSpan", "describe", "list_support_spans"]

PAIR_GAIN = 0.05
"""A span of two sentences is cited only where it supports a claim by so much more than one."""


LEAST, WORDING_LEAST = 0.5, 0.8
"""From which probability on a claim counts as said, where nothing else is set; by wording alone."""


class SupportCheck:
    """Checks claims against the spans of the hits of one question.

    Args:
        question: What the claims answer.
        hits: Passages the claims could come from.
        embedder: Gives meaning to claims and spans.
        model: The fitted weights of the check by wording.
        pairs: The trained reader; None checks by wording.
    """

    def __init__(
        self,
        question: str,
        hits: Sequence[Hit],
        embedder: Embedder,
        model: LogisticRegression,
        pairs: PairReader | None = None,
    ) -> None:
        self._question, self._embedder, self._model = question, embedder, model
        self.spans = list_support_spans(hits)
        self._by_meaning = MeaningCheck(question, hits, embedder, pairs) if pairs else None
        self._vectors: NDArray[np.float32] | None = None

    def is_supported(self, support: Support | None, least: float) -> bool:
        """Whether a claim counts as said.

        Args:
            support: What ``find_best`` found for it.
            least: Probability from which on it does. Where there is no trained reader, wording must
                be at least ``WORDING_LEAST`` sure: it takes much for support that is none.
        """
        needed = least if self._by_meaning else max(least, WORDING_LEAST)
        return support is not None and support.probability >= needed

    def find_best(
        self, claim: str, rarity: Mapping[str, float], least: float = LEAST
    ) -> Support | None:
        """The span that supports a claim best; None where there is no span at all.

        Args:
            claim: One sentence.
            rarity: Inverse document frequency of the claim's stems; a missing one counts 1.
            least: As for ``is_supported``. Where no span supports the claim, each of its parts is
                looked for; when all are found with at most half of the doubt, in places that no
                one window holds, the support is that of the weakest.
        """
        whole = self._find_whole(claim, rarity)
        if whole is None or self.is_supported(whole, least):
            return whole
        return self._find_parts(claim, rarity, least) or whole

    def _find_parts(self, claim: str, rarity: Mapping[str, float], least: float) -> Support | None:
        parts, found = split_parts(claim), list[Support]()
        for part in parts if len(parts) > 1 else ():
            support = self._find_whole(part, rarity)
            if support is None or not self.is_supported(support, (1 + least) / 2):
                return None
            found.append(support)
        spans = tuple({_place(each.span): each.span for each in found}.values())
        if not is_scattered(spans):
            return None  # the window that holds all of it was read, and does not say so
        return Support(spans[0], min(each.probability for each in found), spans[1:])

    def _find_whole(self, claim: str, rarity: Mapping[str, float]) -> Support | None:
        if self._by_meaning:
            return self._by_meaning.find_best(claim, rarity)
        if not self.spans:
            return None
        if self._vectors is None:
            self._vectors = self._embedder.embed([span.text for span in self.spans])
        cosines = self._vectors @ self._embedder.embed_queries([claim])[0]
        features = np.array(
            [
                describe(claim, span, float(cosine), rarity, self._question)
                for span, cosine in zip(self.spans, cosines, strict=True)
            ]
        )
        chances = self._model.predict_probability(features)
        said = _lower_words(claim)
        chances[[_lower_words(span.text) == said for span in self.spans]] = 1.0
        handicap = np.array([PAIR_GAIN * span.pair for span in self.spans])
        place = int(np.argmax(chances - handicap))
        return Support(self.spans[place], float(chances[place]))


def is_scattered(spans: Sequence[SupportSpan]) -> bool:
    """Whether spans stand in several passages, or further apart than what is read at once."""
    if len({_place(each)[:2] for each in spans}) > 1:
        return True
    return (
        bool(spans)
        and max(each.end for each in spans) - min(each.start for each in spans) > WINDOW_CHARACTERS
    )


def _place(span: SupportSpan) -> tuple[int, int, int, int]:
    """Document, passage, and first and last character."""
    return span.hit.document, span.hit.passage, span.start, span.end


def _lower_words(text: str) -> list[str]:
    """What makes two sentences the same: their words."""
    return [word.lower() for word in words.split_tokens(text)]


def describe(
    claim: str, span: SupportSpan, cosine: float, rarity: Mapping[str, float], question: str
) -> list[float]:
    """The features of a claim made in answer to a question, and of a span that may support it.

    What a claim adds to its question counts on its own: words of the question are in most
    passages found for it, so they prove nothing.
    """
    stems = words.extract_content(claim)
    about = {*words.extract_content(span.hit.title), *words.extract_content(span.hit.section)}
    said = set(words.extract_content(span.text))
    weight = {stem: rarity.get(stem, 1.0) for stem in stems}
    heaviest = max(weight.values(), default=0.0) or 1.0
    missing = {stem: value for stem, value in weight.items() if stem not in said | about}
    added = {
        stem: value for stem, value in weight.items() if stem not in words.extract_content(question)
    }
    unsaid = {stem: value for stem, value in added.items() if stem not in said}
    claimed_pairs = words.pair_neighbors(stems)
    shared = len(claimed_pairs & words.pair_neighbors(words.extract_content(span.text))) / max(
        1, len(claimed_pairs)
    )
    strange = words.extract_names(claim) - said - about
    known = 1 - sum(missing.values()) / (sum(weight.values()) or 1.0)
    fresh = 1 - sum(unsaid.values()) / (sum(added.values()) or 1.0)
    return [
        known,
        known**2,
        cosine,
        known * cosine,
        shared,
        max(missing.values(), default=0.0) / heaviest,
        float(
            bool(
                words.extract_numbers(claim)
                - words.extract_numbers(span.text)
                - words.extract_numbers(question)
            )
        ),
        len(strange) / max(1, len(words.extract_names(claim))),
        float(bool(strange)),
        float(words.has_negation(claim) != words.has_negation(span.text)),
        math.log1p(len(stems)),
        fresh,
        fresh**2,
        min(len(unsaid), 4) / 4,
        float(not added),
        float(span.pair),
    ]
