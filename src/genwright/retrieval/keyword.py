"""Keyword search: BM25 over the words of passages, by SQLite's FTS5.

Robertson et al. 1994 (TREC-3), with FTS5's constants k1 = 1.2 and b = 0.75; words are reduced to
Porter stems, case and accents do not count.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from sqlalchemy import Integer, column, func, literal_column, select, text
from sqlalchemy.sql.expression import TableClause, table

from genwright.retrieval.base import Scope
from genwright.retrieval.scope import PassageIds, conditions
from genwright.storage import Document, Passage, StoreSession
from genwright.storage.segment import segment

HEADING_WEIGHT = 1.0
"""What a word in the title or section counts for, beside 1 in the text."""

MAX_TERMS = 64
"""Words of a query that are searched; a pasted page would otherwise match everything slowly."""

MAX_CHARACTERS = 20_000
"""Beginning of a query that is looked at."""

_MARKS = "".join(filter(lambda mark: unicodedata.category(mark)[0] == "M", map(chr, range(0x1E00))))
_WORD = re.compile(rf"[\w{_MARKS}]+")

# Function words match nearly every passage: they cost time and say nothing (BM25's weight for a
# word in over half of the passages is zero). They count only when a query has nothing else.
_FUNCTION_WORDS = frozenset(
    """a an and are as at be by did do does for from had has have how i if in into is it its of on
    or so than that the their them then there these they this those to was we were what when where
    which who whom whose why will with would you your""".split()
)

_FTS: TableClause = table("passage_fts", column("rowid", Integer))
# The plus keeps SQLite from asking FTS5 for the whole query again for each id of a list.
_ROWID = literal_column("+passage_fts.rowid", Integer)


def terms(query: str) -> list[str]:
    """The words of a query as FTS5 phrases, in order, without repeats or function words.

    A run of a script without spaces becomes a phrase for every two neighbours: a question is one
    run, and as one phrase it would only find itself (Nie et al. 2000, doi:10.1145/355214.355235).

    Example:
        >>> terms('What is the "BM25" of 北京市?')
        ['"BM25"', '"北 京"', '"京 市"']
    """
    words = list(dict.fromkeys(_words(query)))
    content = [word for word in words if word.lower() not in _FUNCTION_WORDS] or words
    phrases = (f'"{phrase}"' for word in content[:MAX_TERMS] for phrase in _phrases(word))
    return list(dict.fromkeys(phrases))[:MAX_TERMS]


def _phrases(word: str) -> list[str]:
    parts = segment(word).split()
    return [" ".join(pair) for pair in pairwise(parts)] or parts


def _words(query: str) -> list[str]:
    """Runs of letters, digits, and the marks on them, which are a part of many scripts' words."""
    composed = unicodedata.normalize("NFC", query[:MAX_CHARACTERS])
    return [word for word in re.findall(_WORD, composed) if re.search(r"[^\W_]", word)]


def keyword_search(
    session: StoreSession,
    query: str,
    scope: Scope,
    k: int,
    among: PassageIds | None = None,
) -> list[tuple[int, float]]:
    """The k passages that BM25 ranks best, as (passage id, score ≥ 0), best first.

    Args:
        session: Whose rights apply.
        query: Any text; its words are searched, no operators are understood.
        scope: Where to search; the condition is part of the query.
        k: At most so many.
        among: Score only these passages, where given: for those another search has found.
    """
    phrases = terms(query)
    if not phrases:
        return []
    score = (-func.bm25(literal_column("passage_fts"), HEADING_WEIGHT, 1.0)).label("score")
    statement = (
        select(_FTS.c.rowid, score)
        .where(text("passage_fts MATCH :match"))
        .order_by(text("score DESC"), _FTS.c.rowid)
        .limit(k)
    )
    if among is not None:
        statement = statement.where(_ROWID.in_(among.tolist()))
    where = [condition for condition in conditions(session, scope) if str(condition) != "true"]
    if where:
        inside = select(Passage.id).join(Document, Passage.document_id == Document.id).where(*where)
        statement = statement.where(_ROWID.in_(inside))
    rows = session.execute(statement, {"match": " OR ".join(phrases)})
    return [(int(passage), max(0.0, float(value))) for passage, value in rows]


FREQUENT = 2000
"""Passages with a word are counted up to here; a commoner one is as good as everywhere."""


def rarity(session: StoreSession, words: Iterable[str]) -> dict[str, float]:
    """How much each word tells: BM25's inverse document frequency over all passages.

    ``log(1 + (N - n + 0.5) / (n + 0.5))`` for N passages of which n have the word (Robertson and
    Spärck Jones 1976, doi:10.1002/asi.4630270302). Like BM25's own, it counts every
    passage of the workspace, whoever may read it.
    """
    total = session.scalar(select(func.count()).select_from(Passage)) or 0
    counted = text(
        "SELECT count(*) FROM "
        f"(SELECT 1 FROM passage_fts WHERE passage_fts MATCH :match LIMIT {FREQUENT})"
    )
    found = {}
    for word in dict.fromkeys(words):
        among = 0
        if parts := _words(segment(word)):  # letters and digits only: a query has no syntax then
            match = {"match": f'"{" ".join(parts)}"'}
            among = int(session.execute(counted, match).scalar() or 0)
        found[word] = math.log1p((max(total - among, 0) + 0.5) / (among + 0.5))
    return found
