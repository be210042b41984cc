"""Search and answers as evaluations see them: documents and places by the names of the set."""

import time

from sqlalchemy import select

from genwright.answers.answerer import Answerer
from genwright.evaluation.qa import Ask, QAAnswer, QuoteLocation
from genwright.evaluation.retrieval import Rank
from genwright.grounding.citations import Answer, Citation
from genwright.library.search import find_passages
from genwright.retrieval import EVERYWHERE, Hit, Scope
from genwright.runtime import Runtime
from genwright.storage import Document

DEEPER = 4
"""A search that found too few documents is repeated for so many times the passages."""


def make_ranker(runtime: Runtime) -> Rank:
    """Ranks documents, by their sources, as search ranks their passages."""

    def rank(query: str, mode: str, k: int) -> list[str]:
        # No deeper than needed: the fusion scales scores over its candidates, and the order of the
        # first ones should be what a user gets.
        depth = max(k, runtime.settings.retrieval.candidates)
        found: dict[str, None] = {}
        while True:
            hits = find_passages(runtime, query, k=depth, mode=mode, scope=EVERYWHERE)
            found |= dict.fromkeys(hit.source for hit in hits)
            if len(found) >= k or len(hits) < depth:
                return list(found)[:k]
            depth *= DEEPER

    return rank


def make_document_asker(runtime: Runtime, answerer: Answerer) -> Ask:
    """Asks an answerer over paragraphs that are stored under their numbers."""
    with runtime.database.read(runtime.principal) as session:
        rows = session.execute(select(Document.source, Document.id))
        documents = {int(source): id_ for source, id_ in rows}

    def ask(question: str, without: int | None) -> QAAnswer:
        scope = EVERYWHERE if without is None else Scope(without=(documents[without],))
        began = time.monotonic()
        answer = answerer.ask(question, scope=scope)
        return _convert_answer(answer, time.monotonic() - began)

    return ask


def _convert_answer(answer: Answer, seconds: float) -> QAAnswer:
    return QAAnswer(
        text=answer.answer,
        refused=answer.refused,
        sentences=tuple(
            tuple(_locate_citation(each) for each in sentence.citations)
            for sentence in answer.sentences
        ),
        hits=tuple(_locate_hit(each) for each in answer.hits),
        seconds=seconds,
    )


def _locate_citation(citation: Citation) -> QuoteLocation:
    return QuoteLocation(int(citation.source), citation.start, citation.end, citation.quote)


def _locate_hit(hit: Hit) -> QuoteLocation:
    return QuoteLocation(int(hit.source), hit.start, hit.end, hit.text)
