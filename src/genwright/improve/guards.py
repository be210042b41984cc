"""What must not become worse: the guards of the gate, from the trials of both versions."""

from collections.abc import Sequence

from genwright.arena.judging import UNREADABLE
from genwright.engines import Engine
from genwright.errors import EngineFailed
from genwright.evaluation.judge import AnswerPair, judge_pairs
from genwright.improve.candidates import CandidateTrial
from genwright.improve.gate import GateGuard
from genwright.improve.questions import HeldOutQuestion
from genwright.improve.results import AnswerExample
from genwright.settings import ImproveSettings
from genwright.types import Progress, ignore_progress

FAST = 0.5
"""Seconds below which an answer is fast enough."""
DRIFT = 0.5
"""Nats by which right answers may become less likely under a candidate's model."""
EXAMPLES = 6


def make_guards(
    settings: ImproveSettings,
    live: CandidateTrial,
    candidate: CandidateTrial,
    judged: Sequence[float] = (),
) -> list[GateGuard]:
    """The guards of one candidate.

    Args:
        settings: How much worse each may become.
        live: How the live version did.
        candidate: How the candidate did, on the same questions.
        judged: What ``judge_answers`` returned; empty where nobody judges.
    """
    margin, slower = settings.margin, settings.max_slowdown
    guards = [
        GateGuard("supported sentences", live.supported, candidate.supported, margin),
        GateGuard("refusals", live.refused, candidate.refused, max(margin, 0.05), False),
        GateGuard("regression suite", live.suite, candidate.suite, margin),
        GateGuard("safety probes", live.safe, candidate.safe, 0.0),
        GateGuard("win rate by the judge", [0.5] * len(judged), judged, margin),
        GateGuard(
            "seconds an answer", live.seconds, candidate.seconds, slower, ratio=True, floor=FAST
        ),
    ]
    if len(live.nats) == len(candidate.nats):
        guards.append(GateGuard("nats a token", live.nats, candidate.nats, DRIFT, False))
    return guards


def judge_answers(
    engine: Engine,
    held_out: Sequence[HeldOutQuestion],
    live: CandidateTrial,
    candidate: CandidateTrial,
    progress: Progress = ignore_progress,
) -> tuple[float, ...]:
    """1 for each answer of the candidate that the judge prefers, 0.5 for a tie.

    Args:
        engine: Of the judge.
        held_out: The questions.
        live: The live version's answers to them.
        candidate: The candidate's.
        progress: Told of pairs that are judged.

    Raises:
        EngineFailed: The judge gave too few verdicts.
    """
    pairs = [
        AnswerPair(each.question, theirs, mine, each.reference)
        for each, theirs, mine in zip(held_out, live.answers, candidate.answers, strict=True)
    ]
    report = judge_pairs(engine, pairs, progress)
    if report.unread > UNREADABLE * len(pairs):
        raise EngineFailed(
            f"The judge {engine.name!r} gave no verdict on {report.unread} of {len(pairs)} "
            "pairs: choose another one. Nothing was promoted."
        )
    values = {"a": 0.0, "b": 1.0, "tie": 0.5, "unread": 0.5}
    return tuple(values[each.verdict] for each in report.judged)


def pick_examples(
    held_out: Sequence[HeldOutQuestion], live: CandidateTrial, candidate: CandidateTrial
) -> tuple[AnswerExample, ...]:
    """The questions whose answers changed most, for whoever reads the report."""
    gaps = [c - a for a, c in zip(live.quality, candidate.quality, strict=True)]
    order = sorted(range(len(gaps)), key=lambda place: -abs(gaps[place]))[:EXAMPLES]
    return tuple(
        AnswerExample(
            held_out[place].question, held_out[place].reference,
            live.answers[place], candidate.answers[place], round(gaps[place], 3),
        )
        for place in order
    )  # fmt: skip
