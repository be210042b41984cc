"""A language model as judge of two answers, or of one.

Zheng et al. 2023, arXiv:2306.05685: pairs are judged in both orders, and a win counts only where
both agree, because judges favour a position. What cannot be read as a verdict is counted, never
guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling, collect_chat
from genwright.errors import UsageError
from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean
from genwright.types import Json, Progress, ignore_progress

Verdict = Literal["a", "b", "tie", "unread"]

PAIR = """\
Which of two answers to a question is better? Judge by correctness first, then by how well the \
question is answered; not by length, nor by order.

Question: {question}

{reference}Answer A:
{a}

Answer B:
{b}

Reply with one letter: A, B, or C where they are as good."""
SINGLE = """\
Rate an answer to a question from 1 (useless) to 10 (perfect), by correctness first.

Question: {question}

{reference}Answer:
{answer}

Reply with one number."""
_LETTER = re.compile(
    r"^\W*(?:answer\s+|verdict\W+)?([ABC])(?:\W*$|[.:,;)\n]|\s+is\b)", re.IGNORECASE
)
"""A verdict, and no word that begins a sentence: "A tie" is none."""
_NUMBER = re.compile(r"^\W*(?:rating\W+)?(10|[1-9])\b(?!\.\d)", re.IGNORECASE)


@dataclass(frozen=True)
class AnswerPair:
    """Two answers to one question."""

    question: str
    a: str
    b: str
    reference: str = ""
    """A right answer, where one is known."""


@dataclass(frozen=True)
class PairJudgment:
    """A pair with both verdicts, in the terms of the pair as it was given."""

    first: Verdict
    second: Verdict
    """With the answers in the other order."""

    @property
    def verdict(self) -> Verdict:
        """The one that both orders agree on; a tie where they do not."""
        if "unread" in (self.first, self.second):
            return "unread"
        return self.first if self.first == self.second else "tie"

    @property
    def is_consistent(self) -> bool:
        """Whether both orders agree."""
        return self.first == self.second and self.first != "unread"


@dataclass(frozen=True)
class JudgeReport:
    """What a judge said of all pairs."""

    judged: Sequence[PairJudgment]
    win_rate: ConfidenceInterval
    """Of the first answers, ties as a half, over the pairs with a verdict."""
    consistent: ConfidenceInterval
    """Share of pairs whose verdict does not depend on the order."""
    unread: int

    def json(self) -> Json:
        """Every field, with a count of each verdict."""
        verdicts = [each.verdict for each in self.judged]
        return {
            "win_rate": self.win_rate.json(),
            "consistent": self.consistent.json(),
            "verdicts": {name: verdicts.count(name) for name in ("a", "b", "tie", "unread")},
            "each": [each.verdict for each in self.judged],
        }


def judge_pairs(
    judge: Engine, pairs: Sequence[AnswerPair], progress: Progress = ignore_progress
) -> JudgeReport:
    """Have a model judge pairs, each in both orders.

    Args:
        judge: Any engine that chats.
        pairs: What is judged.
        progress: Told of pairs that are judged.

    Raises:
        UsageError: There are no pairs.
    """
    if not pairs:
        raise UsageError("Expected pairs of answers to judge, got none.")
    judged = []
    for number, pair in enumerate(pairs, 1):
        first = _ask_verdict(judge, pair)
        other = _ask_verdict(judge, AnswerPair(pair.question, pair.b, pair.a, pair.reference))
        swapped: dict[Verdict, Verdict] = {"a": "b", "b": "a"}
        judged.append(PairJudgment(first, swapped.get(other, other)))
        progress(number, len(pairs), f"{number} of {len(pairs)} pairs judged")
    values = {"a": 1.0, "b": 0.0, "tie": 0.5}
    told = [values[each.verdict] for each in judged if each.verdict != "unread"]
    return JudgeReport(
        judged,
        bootstrap_mean(told),
        bootstrap_mean([float(each.is_consistent) for each in judged]),
        sum(each.verdict == "unread" for each in judged),
    )


def rate(judge: Engine, question: str, answer: str, reference: str = "") -> int | None:
    """A rating of one answer, 1 to 10; None where the judge's reply is none."""
    text = SINGLE.format(question=question, answer=answer, reference=_format_reference(reference))
    match = _NUMBER.match(_ask_judge(judge, text))
    return int(match[1]) if match else None


def measure_judge_agreement(
    judge: Sequence[Verdict], humans: Sequence[Verdict], seed: int = 0
) -> Json:
    """How far a judge and people agree on the same pairs.

    Args:
        judge: Verdicts of the judge.
        humans: Verdicts of people, in the same order.
        seed: Of the intervals.

    Returns:
        Share of the same verdict and Cohen's kappa (Cohen 1960, doi:10.1177/001316446002000104),
        each with its interval, over the pairs that both have judged.

    Raises:
        UsageError: The numbers of verdicts differ.
    """
    if len(judge) != len(humans):
        raise UsageError(f"Expected verdicts of the same pairs: {len(judge)} and {len(humans)}.")
    told = [(a, b) for a, b in zip(judge, humans, strict=True) if "unread" not in (a, b)]
    same = bootstrap_mean([float(a == b) for a, b in told], seed)
    random = np.random.default_rng(seed)
    drawn = [
        kappa([told[i] for i in random.integers(0, len(told), len(told))])
        for _ in range(500 if told else 0)
    ]
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if drawn else (np.nan, np.nan)
    whole = ConfidenceInterval(kappa(told), float(low), float(high))
    return {"pairs": len(told), "agreement": same.json(), "kappa": whole.json()}


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa: agreement beyond chance.

    Example:
        >>> kappa([("a", "a"), ("b", "b")])
        1.0
    """
    if not pairs:
        return float("nan")
    seen = sum(a == b for a, b in pairs) / len(pairs)
    names = {name for pair in pairs for name in pair}
    chance = sum(
        (sum(a == name for a, _ in pairs) / len(pairs))
        * (sum(b == name for _, b in pairs) / len(pairs))
        for name in names
    )
    return (seen - chance) / (1 - chance) if chance < 1 else 1.0


def _ask_verdict(judge: Engine, pair: AnswerPair) -> Verdict:
    text = PAIR.format(
        question=pair.question, a=pair.a, b=pair.b, reference=_format_reference(pair.reference)
    )
    match = _LETTER.match(_ask_judge(judge, text))
    named: dict[str, Verdict] = {"A": "a", "B": "b", "C": "tie"}
    return named[match[1].upper()] if match else "unread"


def _ask_judge(judge: Engine, text: str) -> str:
    request = ChatRequest((ChatMessage("user", text),), Sampling(max_tokens=16))
    return collect_chat(judge, request)[0]


def _format_reference(text: str) -> str:
    return f"A right answer: {text}\n\n" if text else ""
