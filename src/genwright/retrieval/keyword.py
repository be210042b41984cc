"""Keyword search: BM25 over the words of passages, by SQLite's FTS5.

Robertson et al. 1994 (TREC-3), with FTS5's constants k1 = 1.2 and b = 0.75; words are reduced to
their stems in the language of their document, case and accents do not count.
"""

import json
import math
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from sqlalchemy import Integer, Select, bindparam, column, func, literal_column, select, text
from sqlalchemy.sql.expression import TableClause, table

from genwright.retrieval.base import Scope
from genwright.retrieval.scope import (
    PassageIds,
    build_conditions,
    encode_ids,
    list_languages,
    select_listed,
)
from genwright.retrieval.terms import extract_terms, list_variants
from genwright.storage import Document, Passage, StoreSession

HEADING_WEIGHT = 1.0
"""What a word in the title or section counts for, beside 1 in the text."""

_FTS: TableClause = table("passage_fts", column("rowid", Integer))
# The plus keeps SQLite from asking FTS5 for the whole query again for each id of a list.
_ROWID = literal_column("+passage_fts.rowid", Integer)


def search_keywords(
    session: StoreSession,
    query: str,
    scope: Scope,
    k: int,
    among: PassageIds | None = None,
    also: PassageIds | None = None,
) -> list[tuple[int, float]]:
    """The k passages that BM25 ranks best, as (passage id, score ≥ 0), best first.

    Exact in a store of at most ``SMALL`` passages, for a query of at most ``MATCHES`` matches, and
    where rights or a scope hold; else BM25 sees the passages whose words tell
    most (``_select_telling``).

    Args:
        session: Whose rights apply.
        query: Any text; its words are searched, no operators are understood.
        scope: Where to search; the condition is part of the query.
        k: At most so many.
        among: Score only these passages, where given.
        also: Score these too, whatever their rank: another search has found them.
    """
    where = build_conditions(session, scope)
    phrases = extract_terms(query, list_languages(session, where))
    if not phrases:
        return []
    if among is None and not where:
        among = _select_telling(session, phrases, max(ENOUGH, 2 * k))
        if among is not None and also is not None:
            among = np.union1d(among, also)
    statement = _build_ranking(among is not None, also is not None)
    if where:
        inside = select(Passage.id).join(Document, Passage.document_id == Document.id).where(*where)
        statement = statement.where(_ROWID.in_(inside))
    rows = session.execute(
        statement,
        {
            "match": " OR ".join(phrases),
            "k": k + (0 if also is None else len(also)),
            **({} if among is None else {"among": encode_ids(among)}),
            **({} if also is None else {"also": encode_ids(also)}),
        },
    )
    ranking = [(int(passage), max(0.0, float(value))) for passage, value in rows.all()]
    return ranking if also is None else _take_best(ranking, k, also)


@cache
def _build_ranking(among: bool, also: bool) -> Select[Any]:
    """The statement that ranks: among given passages, and with given ones first, or neither."""
    score = (-func.bm25(literal_column("passage_fts"), HEADING_WEIGHT, 1.0)).label("score")
    statement = select(_FTS.c.rowid, score).where(text("passage_fts MATCH :match"))
    if among:
        statement = statement.where(_ROWID.in_(select_listed("among")))
    if also:
        statement = statement.order_by(_ROWID.in_(select_listed("also")).desc())
    return statement.order_by(text("score DESC"), _FTS.c.rowid).limit(bindparam("k"))


def _take_best(
    ranking: list[tuple[int, float]], k: int, also: PassageIds
) -> list[tuple[int, float]]:
    """The first k of all, and after them those of ``also``."""
    ranking.sort(key=lambda row: (-row[1], row[0]))
    wanted = set(also.tolist())
    return ranking[:k] + [row for row in ranking[k:] if row[0] in wanted]


SMALL = 10_000
"""In a store of so many passages every match is scored, which takes about 1.2 µs each."""

MATCHES = 2500
"""In a larger one as well, where so few passages match."""

READ = 12_000
"""Passages of rare words that are looked at to choose some; each takes about 0.2 µs."""

ENOUGH = 500
"""Passages that are chosen at least, and twice as many as are asked for."""

_COUNTS = text(
    "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM passage_fts"
    " WHERE passage_fts MATCH value LIMIT :limit)) FROM json_each(:phrases)"
)
# As one string: a tenth of the time that a row for each takes.
_WITH_WORD = text(
    "SELECT (SELECT group_concat(rowid) FROM passage_fts WHERE passage_fts MATCH value)"
    " FROM json_each(:phrases)"
)
_LAST = text("SELECT max(id) FROM passage")


def _select_telling(session: StoreSession, phrases: list[str], number: int) -> PassageIds | None:
    """Passages whose words of the query have the largest sum of inverse document frequencies.

    BM25 without counts and lengths, which are what makes it slow: looking up a match costs a
    tenth of scoring it. The rarest words are looked up, up to ``READ`` matches; a passage with none
    of them could only have common ones, which tell little. (Turtle and Flood 1995,
    doi:10.1016/0306-4573(95)00020-H, leave out the same passages where it is safe.)

    Returns:
        At least ``number`` of them, with all that equal the last; None where there is nothing to
        choose: the store is small, few passages
        match, or every word is common.
    """
    total = int(session.execute(_LAST).scalar() or 0)
    if total <= SMALL:
        return None
    counts = _count_phrases(session, phrases, READ)
    if sum(counts.values()) <= MATCHES:
        return None
    read = _select_rarest(counts)
    found = session.execute(_WITH_WORD, {"phrases": json.dumps(read)}).scalars().all()
    if not found:
        return None
    places = np.fromstring(",".join(found), dtype=np.int64, sep=",")
    frequency = np.array([counts[phrase] for phrase in read])
    weights = np.log1p((total - frequency + 0.5) / (frequency + 0.5))
    order = np.argsort(places, kind="stable")  # quick: each word's passages are in order
    places = places[order]
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    ids = places[starts]
    if len(ids) <= number:
        return ids
    sums = np.add.reduceat(np.repeat(weights, frequency)[order], starts)
    sums = sums.round(6)  # equal words, equal sums
    return ids[sums >= np.partition(sums, -number)[-number]]


def _count_phrases(session: StoreSession, phrases: list[str], limit: int) -> dict[str, int]:
    """How many passages have each phrase, counted up to a limit."""
    rows = session.execute(_COUNTS, {"phrases": json.dumps(phrases), "limit": limit}).all()
    return {str(phrase): int(count) for phrase, count in rows}


def _select_rarest(counts: dict[str, int]) -> list[str]:
    """The rarest phrases that there are, as many as have ``READ`` matches together."""
    rising = sorted((count, phrase) for phrase, count in counts.items() if count)
    together = accumulate(count for count, _ in rising)
    return [phrase for (_, phrase), number in zip(rising, together, strict=True) if number < READ]


FREQUENT = 2000
"""Passages with a word are counted up to here; a commoner one is as good as everywhere."""


def measure_rarity(session: StoreSession, words: Iterable[str]) -> dict[str, float]:
    """How much each word tells: BM25's inverse document frequency over all passages.

    ``log(1 + (N - n + 0.5) / (n + 0.5))`` for N passages of which n have the word (Robertson and
    Spärck Jones 1976, doi:10.1002/asi.4630270302). Like BM25's own, it counts every
    passage of the workspace, whoever may read it.
    """
    total = session.scalar(select(func.count()).select_from(Passage)) or 0
    languages = list_languages(session)
    phrases = {word: list_variants(word, languages) for word in dict.fromkeys(words)}
    asked = {f'"{phrase}"' for variants in phrases.values() for phrase in variants}
    counts = _count_phrases(session, sorted(asked), FREQUENT)
    found = {}
    for word, variants in phrases.items():
        among = sum(counts.get(f'"{phrase}"', 0) for phrase in variants)
        found[word] = math.log1p((max(total - among, 0) + 0.5) / (among + 0.5))
    return found
