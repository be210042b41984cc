"""What requests want, as people said: see ``answers.understanding.taught``.

Every request whose kind somebody told is learnt, held out or not: the kind of a request is no
answer. Where people do not agree, most of them count, and nothing is learnt of a request on which
as many say one thing as another. An answer that was liked speaks for the kind that its request was
taken for, where it is nearer to a new request than what was told.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from genwright.answers.understanding.held_back import score_held_back
from genwright.answers.understanding.intent import IntentClassifier
from genwright.answers.understanding.kinds import KINDS
from genwright.answers.understanding.taught import (
    Taught,
    classify_request,
    find_near,
    read_taught,
    store_taught,
)
from genwright.embeddings import Embedder
from genwright.feedback.exchanges import normalize_question
from genwright.improve.gate import GateGuard, GateTarget
from genwright.improve.methods.base import Material, MethodNotApplicable, methods
from genwright.improve.results import Proposal
from genwright.types import Json

MOST = 300
"""Requests that are learnt, the last ones; each costs a little of every answer's time."""


@methods.register("intents")
class TaughtIntents:
    """Takes requests, and those as good as they are, for what people said."""

    def propose(self, material: Material) -> Proposal:
        """The assistant with requests whose kind was told; no training."""
        told, disputed = agree_on_kinds(material.intents)
        liked = [row for row in _select(material.intents, "liked") if _plain(row) not in told]
        if not told:
            raise MethodNotApplicable("nobody has said what was wanted instead")
        runtime, embedder = material.runtime, material.runtime.models.embedder
        before = read_taught(runtime.database, material.live.intents)
        rows = list(told.values())[-MOST:]
        rows += select_near(embedder, rows, liked)[-MOST:]
        ids = store_taught(runtime.database, runtime.principal, embedder, rows)
        if set(ids) == {each.id for each in before}:
            raise MethodNotApplicable("what people said was wanted is learnt already")
        after = read_taught(runtime.database, ids)
        margin, classifier = runtime.settings.improve.margin, IntentClassifier(embedder.name)
        target, kept = (
            (_score(embedder, found, before), _score(embedder, found, after))
            for found in (list(told.values()), liked)
        )
        held = score_held_back(classifier, before), score_held_back(classifier, after)
        return Proposal(
            "intents",
            {"intents": tuple(ids)},
            f"{len(told)} requests are taken for what people said was wanted",
            {"told": len(told), "disputed": disputed, "liked": len(rows) - len(told)},
            GateTarget("requests taken as people said", *target, outright=True),
            (
                GateGuard("requests of answers that were liked", *kept, margin),
                GateGuard("held-back requests taken for what they are", *held, margin),
            ),
        )


def agree_on_kinds(rows: Sequence[Json]) -> tuple[dict[str, Json], int]:
    """Rows of requests with the kind that most people told, by the plain request.

    Also how many requests as many people take for one thing as for another.
    """
    asked: dict[str, list[Json]] = defaultdict(list)
    for row in _select(rows, "intent"):
        asked[_plain(row)].append(row)
    found, disputed = {}, 0
    for text, said in sorted(asked.items(), key=lambda each: max(map(_find_last, each[1]))):
        votes = Counter({row["label"]: len(row["lineage"]["people"]) for row in said})
        (kind, most), *others = votes.most_common(2)
        if others and others[0][1] == most:
            disputed += 1
        else:
            found[text] = next(row for row in said if row["label"] == kind)
    return found, disputed


def select_near(embedder: Embedder, told: Sequence[Json], liked: Sequence[Json]) -> list[Json]:
    """Of the requests whose answer was liked those that what was told would reach."""
    if not liked:
        return []
    classifier = IntentClassifier(embedder.name)
    taught, others = _make_taught(embedder, told), _make_taught(embedder, liked)
    seen = [classifier.classify(each.vector, each.text).probabilities for each in others]
    return [row for row, each, kinds in zip(liked, others, seen, strict=True)
            if find_near(classifier, each, kinds, taught)]  # fmt: skip


def _make_taught(embedder: Embedder, rows: Sequence[Json]) -> list[Taught]:
    texts = [str(row["text"]) for row in rows]
    uses_vectors = IntentClassifier(embedder.name).uses_vectors
    vectors = embedder.embed_queries(texts) if uses_vectors else [None] * len(texts)
    return [Taught(row["text"], row["label"], vector)
            for row, vector in zip(rows, vectors, strict=True)]  # fmt: skip


def _score(embedder: Embedder, rows: Sequence[Json], taught: Sequence[Taught]) -> list[float]:
    """1 for each request that is taken for what its row says."""
    found = (classify_request(embedder, row["text"], taught)[0].kind for row in rows)
    return [float(kind == row["label"]) for kind, row in zip(found, rows, strict=True)]


def _select(rows: Sequence[Json], why: str) -> list[Json]:
    """Rows that people told, or liked; kinds of earlier versions that are none any more go."""
    return [row for row in rows if row["lineage"]["kind"] == why and row["label"] in KINDS]


def _plain(row: Mapping[str, str]) -> str:
    return normalize_question(row["text"])


def _find_last(row: Json) -> int:
    return max(row["lineage"]["feedback"])
