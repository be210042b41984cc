"""Asking the questions of a set, and what came of it: verdicts by kind and by collection."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from genwright.evaluation.intervals import bootstrap_mean, wilson_interval
from genwright.evaluation.metrics import token_f1
from genwright.evaluation.metrics.texts import rouge_l
from genwright.evaluation.suites.questions import AnswerCase
from genwright.evaluation.verdicts import VERDICTS, GivenAnswer, judge_answer, normalize_reply
from genwright.types import Json, Progress, ignore_progress

AskCase = Callable[[AnswerCase], GivenAnswer]
"""Asks one question of a set."""


@dataclass(frozen=True)
class JudgedAnswer:
    """A question with its answer and the verdict on it."""

    case: AnswerCase
    given: GivenAnswer
    verdict: str


def ask_cases(
    cases: Sequence[AnswerCase],
    ask: AskCase,
    progress: Progress = ignore_progress,
    judged: Callable[[JudgedAnswer], None] = lambda _: None,
) -> list[JudgedAnswer]:
    """Ask every question and judge what is answered.

    Args:
        cases: The questions, asked in this order.
        ask: Asks one.
        progress: Told of each.
        judged: Handed each answer as soon as it is there.
    """
    found = []
    for number, case in enumerate(cases, start=1):
        given = ask(case)
        found.append(JudgedAnswer(case, given, judge_answer(case, given)))
        judged(found[-1])
        progress(number, len(cases), f"{number} of {len(cases)} questions asked")
    return found


def summarize_answers(judged: Sequence[JudgedAnswer]) -> Json:
    """Counts of verdicts, over all and by group, seconds, lengths and measures of references.

    Returns:
        ``{"overall", "kinds", "collections", "measures", "failed"}``. A group has ``n``, the
        verdicts, ``right_share`` with its interval, ``seconds`` and ``characters`` (median and
        p95); ``failed`` has the ids of questions that asking failed for.
    """
    return {
        "overall": count_verdicts(judged),
        "kinds": _group(judged, lambda each: each.case.kind),
        "collections": _group(judged, lambda each: each.case.collection),
        "measures": _measure_references(judged),
        "failed": [each.case.id for each in judged if each.given.error],
    }


def count_verdicts(judged: Sequence[JudgedAnswer]) -> Json:
    """A line of the table."""
    counts = Counter(each.verdict for each in judged)
    lengths = [len(normalize_reply(e.given.answer)) for e in judged if not e.given.refused]
    return {
        "n": len(judged),
        **{name: counts[name] for name in VERDICTS},
        "right_share": wilson_interval(counts["right"], len(judged)).json(),
        "seconds": _spread([each.given.seconds for each in judged]),
        "characters": _spread(lengths),
    }


def _group(judged: Iterable[JudgedAnswer], key: Callable[[JudgedAnswer], str]) -> Json:
    groups: dict[str, list[JudgedAnswer]] = {}
    for each in judged:
        groups.setdefault(key(each), []).append(each)
    return {name: count_verdicts(groups[name]) for name in sorted(groups)}


def _measure_references(judged: Sequence[JudgedAnswer]) -> Json:
    """How often it was right to answer and to refuse; likeness to answers that people wrote."""
    answerable = [each for each in judged if each.case.expect == "answer"]
    others = [each for each in judged if each.case.expect == "refuse"]
    answered = sum(not each.given.refused and not each.given.error for each in answerable)
    refused = sum(each.given.refused for each in others)
    measures = {
        "answered": wilson_interval(answered, len(answerable)).json(),
        "refused": wilson_interval(refused, len(others)).json(),
    }
    written = [
        ("" if each.given.refused else normalize_reply(each.given.answer), each.case.answers)
        for each in answerable
        if each.case.answers
    ]
    if written:
        measures["token_f1"] = bootstrap_mean([token_f1(*pair) for pair in written]).json()
        measures["rouge_l"] = bootstrap_mean([rouge_l(*pair) for pair in written]).json()
    return measures


def _spread(values: Sequence[float]) -> Json:
    """Median and 95th percentile (nearest rank)."""
    if not values:
        return {"median": None, "p95": None}
    p95 = sorted(values)[math.ceil(0.95 * len(values)) - 1]
    return {"median": round(statistics.median(values), 3), "p95": round(p95, 3)}
