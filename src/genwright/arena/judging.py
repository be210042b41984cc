"""Offline battles: the same questions to several contenders, a language model as judge."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from genwright.arena.ratings.style import measure_style
from genwright.arena.ratings.tally import LEFT, RIGHT, TIE, Tally
from genwright.arena.votes import JUDGED, Vote, VoteFilter, add_votes, read_tally
from genwright.engines import Engine
from genwright.errors import EngineFailed, UsageError
from genwright.evaluation.judge import AnswerPair, judge_pairs
from genwright.storage import Database
from genwright.types import Json, Principal, Progress, ignore_progress

Answers = Mapping[str, Sequence[str]]
"""Answers by contender, in the order of the questions."""
UNREADABLE = 0.5
"""Share of verdicts that cannot be read above which a judge is not believed at all."""


@dataclass(frozen=True)
class JudgingResult:
    """What a judge said of a set of questions."""

    votes: int
    unread: int
    consistent: float
    """Share of pairs whose verdict does not depend on the order of the answers."""
    wins: Json
    """Win rate of each pair's first, by ``first / second``."""

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Contest:
    """What is put before a judge."""

    questions: Sequence[str]
    answers: Answers
    references: Sequence[str] = ()
    """Right answers, in the order of the questions, where they are known."""

    def make_pairs(self, left: str, right: str) -> list[AnswerPair]:
        """The questions with the answers of two contenders."""
        return [
            AnswerPair(
                question,
                self.answers[left][n],
                self.answers[right][n],
                _get_value(self.references, n),
            )
            for n, question in enumerate(self.questions)
        ]


def judge_battles(
    database: Database,
    principal: Principal,
    judge: Engine,
    name: str,
    contest: Contest,
    progress: Progress = ignore_progress,
) -> JudgingResult:
    """Let a model judge every pair of contenders on every question, in both orders.

    Its votes are kept as a judge's, apart from those of people; a verdict that changes with the
    order is a tie, one that cannot be read is no vote.

    Raises:
        UsageError: There are fewer than two contenders.
        EngineFailed: More than half of the verdicts cannot be read: nothing is kept.
    """
    if len(contest.answers) < 2:
        raise UsageError(f"Expected two contenders or more, got {len(contest.answers)}.")
    votes, wins, unread, consistent = list[Vote](), dict[str, Json](), 0, list[bool]()
    for left, right in combinations(contest.answers, 2):
        pairs = contest.make_pairs(left, right)
        report = judge_pairs(judge, pairs, progress)
        wins[f"{left} / {right}"] = report.win_rate.json()
        consistent += [each.is_consistent for each in report.judged]
        for pair, each in zip(pairs, report.judged, strict=True):
            if each.verdict == "unread":
                unread += 1
                continue
            winner = {"a": LEFT, "b": RIGHT}.get(each.verdict, TIE)
            style = {"left": measure_style(pair.a), "right": measure_style(pair.b)}
            votes.append(Vote(left, right, winner, name, time.time(), JUDGED, style=style))
    if unread > UNREADABLE * len(consistent):
        raise EngineFailed(
            f"The judge {name!r} gave no verdict on {unread} of {len(consistent)} pairs: choose a "
            "model that follows instructions. None of its votes is kept."
        )
    add_votes(database, principal, votes)
    return JudgingResult(len(votes), unread, float(np.mean(consistent)), wins)


def measure_kind_agreement(database: Database, principal: Principal) -> Json | None:
    """How far judges' and people's win rates agree, over the pairs that both voted on.

    Returns:
        Pairs, their correlation, and the share whose winner is the same; None without such pairs.
    """
    human = read_tally(database, principal, VoteFilter(("human",)))
    judged = read_tally(database, principal, VoteFilter(("judge",)))
    common = [name for name in human.names if name in judged.names]
    rates = []
    for a, b in combinations(common, 2):
        both = [_compute_win_rate(each, a, b) for each in (human, judged)]
        if None not in both:
            rates.append(both)
    if not rates:
        return None
    values = np.array(rates, dtype=float)
    spread = values.std(axis=0).min()
    correlation = float(np.corrcoef(values.T)[0, 1]) if len(values) > 2 and spread > 0 else None
    same = np.sign(values[:, 0] - 0.5) == np.sign(values[:, 1] - 0.5)
    return {"pairs": len(rates), "correlation": correlation, "same_winner": float(same.mean())}


def _compute_win_rate(counted: Tally, a: str, b: str) -> float | None:
    i, j = counted.names.index(a), counted.names.index(b)
    games = counted.games[i, j]
    return float(counted.scores[i, j] / games) if games else None


def _get_value(values: Sequence[str], place: int) -> str:
    return values[place] if place < len(values) else ""
