"""Requests whose kind people told, and what they teach about requests like them.

A request that is as good as one of them wants what was said of that one; the nearest counts. It is
as good as one where both mean the same (cosine of their vectors; of their n-grams where the
classifier knows no vectors) and the classifier itself sees nearly the same in both (Bhattacharyya
coefficient of the two estimates): "when was the meeting" is near "who was at the meeting" and asks
for something else. Nothing is trained, so that one correction reaches its neighbours and nothing
else, and one that is forgotten leaves nothing behind. ``benchmarks/intents/taught.py`` measures it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from sqlalchemy import select, update

from genwright.answers.understanding.intent import Intent, IntentClassifier, count_ngrams
from genwright.answers.understanding.kinds import KINDS
from genwright.embeddings import Embedder
from genwright.storage import Database, Feedback, StoreSession, TaughtRequest
from genwright.types import OWNER, Json, Principal, Vectors

NEAR = {"vectors": (0.97, 0.6), "ngrams": (0.85, 0.8)}
"""Least cosine and least Bhattacharyya coefficient of requests that are as good as each other: to
disturb one that wants something else is worse than to be told twice."""
TRUST = 0.95
"""Probability that a request within reach of a taught one wants the same: of 92 near ones that want
something else none was within reach."""
CACHED = 512


@dataclass(frozen=True)
class Taught:
    """A request with what it wants."""

    text: str
    intent: str
    vector: Vectors | None = None
    """(384,), unit length; None where the embedder is not the one that the classifier knows."""
    id: int = 0


def classify_request(
    embedder: Embedder, text: str, taught: Sequence[Taught] = ()
) -> tuple[Intent, Taught | None]:
    """What a request wants, and the taught one that says so, if one does.

    What is too short to say anything wants a fact, which is then not found.

    Args:
        embedder: Gives the request its vector.
        text: As typed.
        taught: What people told.
    """
    classifier = IntentClassifier(embedder.name)
    vector = embedder.embed_queries([text])[0] if classifier.uses_vectors else None
    intent = classifier.classify(vector, text)
    near = find_near(classifier, Taught(text, "", vector), intent.probabilities, taught)
    return (intent if near is None else follow(intent, near)), near


def follow(intent: Intent, near: Taught) -> Intent:
    """What a request wants where a taught one is as good as it."""
    told = {kind: (1 - TRUST) * each for kind, each in intent.probabilities.items()}
    told[near.intent] += TRUST
    return replace(intent, kind=near.intent, probabilities=MappingProxyType(told))


def find_near(
    classifier: IntentClassifier,
    asked: Taught,
    seen: Mapping[str, float],
    taught: Sequence[Taught],
) -> Taught | None:
    """The nearest taught request that is as good as another one; None where none is.

    Args:
        classifier: Says what it sees in the taught ones.
        asked: The other one.
        seen: Probabilities of its kinds, as the classifier gives them.
        taught: What people told; of two that are equally near the first counts.
    """
    if not taught:
        return None
    least, alike = NEAR["vectors" if classifier.uses_vectors else "ngrams"]
    near = _measure_nearness(classifier, asked, taught)
    for place in np.argsort(-near, kind="stable"):
        one = taught[place]
        if near[place] < least:
            return None
        known = classifier.classify(one.vector, one.text).probabilities
        if sum((known[kind] * seen[kind]) ** 0.5 for kind in KINDS) >= alike:
            return one
    return None


def _measure_nearness(
    classifier: IntentClassifier, asked: Taught, taught: Sequence[Taught]
) -> Vectors:
    """Cosines, (n,); 0 for a taught request without the vector that is needed."""
    if not classifier.uses_vectors:
        own = _count_once(asked.text)
        return np.array([float(own @ _count_once(one.text)) for one in taught])
    assert asked.vector is not None  # the classifier has asked for it
    nothing = np.zeros_like(asked.vector)
    rows = np.stack([nothing if one.vector is None else one.vector for one in taught])
    return np.asarray(rows @ asked.vector)


@lru_cache(CACHED)
def _count_once(text: str) -> Vectors:
    return count_ngrams(text)


def read_taught(database: Database, ids: Sequence[int]) -> list[Taught]:
    """Those that a version names and nobody has forgotten, in the order of their ids."""
    if not ids:
        return []
    row = TaughtRequest
    wanted = select(row.text, row.intent, row.vector, row.id).where(row.id.in_(ids))
    with database.read(OWNER) as session:  # what they say is shown to nobody
        found = session.execute(wanted.order_by(row.id)).all()
    return [Taught(text, intent, _read_vector(vector), id_) for text, intent, vector, id_ in found]


def store_taught(
    database: Database, principal: Principal, embedder: Embedder, rows: Sequence[Json]
) -> list[int]:
    """Keep requests, and return their ids; one that is there already is kept once.

    Args:
        database: The store.
        principal: Who has them learnt.
        embedder: Gives them their vectors.
        rows: ``{"text", "label", "lineage"}`` each.
    """
    texts = [str(row["text"]) for row in rows]
    uses_vectors = IntentClassifier(embedder.name).uses_vectors
    vectors = embedder.embed_queries(texts) if uses_vectors and texts else [None] * len(texts)
    ids = []
    with database.write(principal) as session:
        for row, vector in zip(rows, vectors, strict=True):
            kept = b"" if vector is None else np.asarray(vector, dtype="<f4").tobytes()
            made = _find_same(session, row, kept) or TaughtRequest(
                text=row["text"], intent=row["label"], vector=kept, lineage=row["lineage"]
            )
            session.add(made)
            session.flush()
            ids.append(made.id)
    return ids


def forget_taught(session: StoreSession, traces: Iterable[str], people: Iterable[str] = ()) -> int:
    """Take out what came of these answers or people, so that it is not learnt again either.

    Returns:
        How many went.
    """
    traces, people, gone = set(traces), set(people), 0
    for row in session.scalars(select(TaughtRequest)).all():
        from_traces = traces & set(row.lineage.get("traces", ()))
        if from_traces or people & set(row.lineage.get("people", ())):
            session.delete(row)
            gone += 1
    session.execute(update(Feedback).where(Feedback.trace_id.in_(traces)).values(intent=""))
    return gone


def _find_same(session: StoreSession, row: Json, vector: bytes) -> TaughtRequest | None:
    known = select(TaughtRequest).where(
        TaughtRequest.text == row["text"], TaughtRequest.intent == row["label"]
    )
    return next(
        (each for each in session.scalars(known)
         if each.lineage == row["lineage"] and each.vector == vector),
        None,
    )  # fmt: skip


def _read_vector(kept: bytes) -> Vectors | None:
    return np.frombuffer(kept, dtype="<f4") if kept else None
