"""The leaderboard of a workspace: which votes count, and the ranking of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from genwright.arena.anomalies import Anomaly, find_anomalies
from genwright.arena.ratings import elo
from genwright.arena.ratings.ranking import Ranking, RankingOptions, StyleData, rank
from genwright.arena.ratings.style import compare_styles
from genwright.arena.votes import VoteColumns, VoteFilter, read_columns, read_tally
from genwright.errors import UsageError
from genwright.storage import Database
from genwright.types import Principal

LEAST_VOTES = 20
"""Votes of a judge below which nothing is said of them."""


@dataclass(frozen=True)
class Suspect:
    """A judge whose votes look rigged or random."""

    judge: str
    anomaly: Anomaly

    def format_line(self) -> str:
        """For people."""
        return (
            f"{self.judge}: {self.anomaly.suspicion}, {self.anomaly.votes} votes, odds "
            f"e^{self.anomaly.wealth:.1f} against chance"
        )


def rank_contenders(
    database: Database,
    principal: Principal,
    wanted: VoteFilter | None = None,
    options: RankingOptions | None = None,
    *,
    style: bool = False,
    drop_suspects: bool = False,
) -> Ranking:
    """Rank the contenders of a workspace.

    Args:
        database: The store.
        principal: Who asks.
        wanted: Which votes count; people's by default.
        options: How to rank.
        style: Take the influence of length, headers, lists and bold out.
        drop_suspects: Leave out judges whose votes look rigged.

    Raises:
        UsageError: There is no vote, or no vote has the style of its answers.
    """
    wanted = wanted or VoteFilter()
    if drop_suspects:
        out = tuple(each.judge for each in find_suspects(database, principal, wanted))
        wanted = replace(wanted, without=(*wanted.without, *out))
    if not style:
        return rank(read_tally(database, principal, wanted), options)
    columns = read_columns(database, principal, wanted, style=True)
    return rank(columns.tally(), options, _select_styles(columns))


def find_suspects(
    database: Database, principal: Principal, wanted: VoteFilter | None = None
) -> list[Suspect]:
    """Judges whose votes are not those of a person with an opinion, the worst first."""
    columns = read_columns(database, principal, wanted)
    if not len(columns):
        return []
    found = find_anomalies(
        columns.names, columns.left, columns.right, columns.winner, columns.judge
    )
    return [
        Suspect(columns.judges[each.judge], each)
        for each in found
        if each.is_flagged and each.votes >= LEAST_VOTES
    ]


def read_rating_history(
    database: Database, principal: Principal, wanted: VoteFilter | None = None
) -> Mapping[str, list[tuple[float, float]]]:
    """Online Elo of each contender after each of its votes: seconds since 1970, and rating."""
    columns = read_columns(database, principal, wanted)
    votes = zip(
        columns.left.tolist(), columns.right.tolist(), columns.winner.tolist(),
        columns.at.tolist(), strict=True,
    )  # fmt: skip
    return elo.compute_history(columns.names, votes)


def _select_styles(columns: VoteColumns) -> StyleData:
    known = [place for place, style in enumerate(columns.style) if style]
    if not known:
        raise UsageError("No vote has the style of its answers: rank without style control.")
    sides = [columns.style[place] or {} for place in known]
    return StyleData(
        columns.left[known],
        columns.right[known],
        columns.winner[known],
        compare_styles([each["left"] for each in sides], [each["right"] for each in sides]),
    )
