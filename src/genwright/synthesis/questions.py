"""Questions with answers and citations, made of a team's own documents.

A sentence of a passage is chosen as the answer and a model writes a question for it; the question
is kept where the assistant's own search finds the passage, finds the question answerable by just
this place, and the support check finds the answer in it (round-trip consistency: Alberti et al.
2019, arXiv:1906.05416). Kinds: ``fact`` (one sentence), ``detail`` (a number, date or name in it),
``pair`` (two neighbouring sentences).
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from genwright.answers.rarity import RarityTable
from genwright.datasets import Dataset
from genwright.documents import split_sentences
from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling, collect_chat
from genwright.errors import NotFound
from genwright.grounding.calibration import load_calibration
from genwright.grounding.evidence import Evidence, estimate_answerability, find_evidence
from genwright.grounding.support import SupportCheck
from genwright.library.search import find_passages
from genwright.retrieval import Hit, Scope
from genwright.runtime import Runtime
from genwright.storage import Document, Passage, may_read
from genwright.synthesis.recipes import Sieve, SynthesisResult, mark_synthetic
from genwright.types import Json

KINDS = ("fact", "detail", "pair")
ASK = """\
Write one question that this text answers. The question must be understood without the text, and \
name what it is about.

Title: {title}
Text: {text}

{hint}Reply with the question only."""
HINT = "The answer must be: {answer}\n\n"
_DETAIL = re.compile(
    r"\b\d[\d.,/:]*(?:\s?(?:%|percent|million|billion|km|kg|m|bar|years?|days?|hours?))?"
    r"|\b(?:[A-Z][\w'-]+\s){1,3}[A-Z][\w'-]+"
)
LEAST_WORDS, MOST_WORDS = 4, 30
BEST = 1
"""Pieces of evidence for a question, the best ones, among which its own place must be."""
RANKS = ((1, "easy"), (3, "medium"))
"""Rank of its own passage in the search, up to which a question counts as this hard."""


@dataclass(frozen=True)
class QuestionSpot:
    """A place in a document that a question is made for."""

    document: int
    title: str
    source: str
    start: int
    end: int
    text: str
    """What stands there."""
    answer: str
    kind: str


def make_questions(
    runtime: Runtime, count: int, *, model: str = "", collections: Sequence[str] = (), seed: int = 0
) -> SynthesisResult:
    """Questions about the documents, as rows of the form ``qa`` with their citation.

    Args:
        runtime: In the asker's rights: only what they may read is asked about.
        count: Rows that are wanted.
        model: Chat model that words the questions; by default the settings'.
        collections: Only from these.
        seed: Of the choice of places, and of the model's sampling.

    Returns:
        Rows with ``question``, ``context`` (the passage), ``answers``, ``starts`` (within the
        context), ``slice`` (kind and difficulty) and lineage (document, span, passage).

    Raises:
        NotFound: There are no documents that the principal may read.
    """
    engine, sieve, rows = runtime.models.get_engine(model), Sieve(), list[Json]()
    scope = Scope(tuple(collections))
    for spot in _draw_spots(runtime, collections, seed):
        if len(rows) >= count or sieve.tried >= count * 6:
            break
        sieve.tried += 1
        question = _write_question(engine, spot, seed + sieve.tried)
        if (row := _check_question(runtime, scope, spot, question, sieve)) is not None:
            rows.append(row)
            runtime.progress(len(rows), count, f"{len(rows)} questions of {sieve.tried} tried")
    return SynthesisResult(
        Dataset("questions", "qa", tuple(rows), "synthesis"), sieve.tried, sieve.dropped
    )


def _write_question(engine: Engine, spot: QuestionSpot, seed: int) -> str:
    hint = HINT.format(answer=spot.answer) if spot.kind == "detail" else ""
    asked = ASK.format(title=spot.title, text=spot.text, hint=hint)
    request = ChatRequest(
        (ChatMessage("user", asked),), Sampling(48, temperature=0.7, top_p=0.9, seed=seed)
    )
    text, _ = collect_chat(engine, request)
    return find_first_question(text)


def find_first_question(text: str) -> str:
    """The first question in what a model wrote; empty where there is none.

    Example:
        >>> find_first_question('Sure! Here it is: "When was the pump built?" Good luck.')
        'When was the pump built?'
    """
    for line in text.splitlines():
        cut = line.split("?")[0]
        if "?" not in line:
            continue
        question = re.split(r"[.!:]\s+", cut)[-1].strip(" \"'*-1234567890.)") + "?"
        return question[0].upper() + question[1:]
    return ""


def _check_question(
    runtime: Runtime, scope: Scope, spot: QuestionSpot, question: str, sieve: Sieve
) -> Json | None:
    """The row, where the round trip holds; else the reason is counted."""
    made = _run_round_trip(runtime, scope, spot, question)
    if isinstance(made, str):
        sieve.drop(made)
        return None
    return made if sieve.admit(question) else None


def _run_round_trip(
    runtime: Runtime, scope: Scope, spot: QuestionSpot, question: str
) -> Json | str:
    """The row, or why the question is no good."""
    if fault := _find_fault(question):
        return fault
    hits = find_passages(runtime, question, scope=scope)
    rank = _find_rank(hits, spot)
    if not rank:
        return "its own passage is not found"
    rarity = RarityTable(runtime.database, runtime.principal)
    rare = rarity.look_up(question)
    evidence = find_evidence(
        question, hits, runtime.models.embedder, rare, load_calibration().evidence
    )
    chance = estimate_answerability(question, evidence, rare, load_calibration().answerable)
    if chance < runtime.settings.answer.min_answerable:
        return "not answerable from the documents"
    if not any(_is_overlapping(each, spot) for each in evidence[:BEST]):
        return "another place answers it better"
    own = hits[rank - 1]
    check = SupportCheck(
        question,
        [own],
        runtime.models.embedder,
        load_calibration().support,
        runtime.models.reader.pairs,
    )
    best = check.find_best(spot.text, rarity.look_up(spot.text))
    if best is None or not check.is_supported(best, runtime.settings.answer.min_support):
        return "its answer is not supported"
    level = next((name for most, name in RANKS if rank <= most), "hard")
    place = own.text.find(spot.answer)
    return mark_synthetic(
        {
            "question": question, "context": own.text, "answers": [spot.answer],
            "starts": [place], "slice": f"{spot.kind}/{level}",
        },
        "questions", document=spot.document, source=spot.source, start=spot.start, end=spot.end,
        passage=own.passage, rank=rank, support=round(best.probability, 3),
    )  # fmt: skip


def _find_fault(question: str) -> str:
    """What is wrong with the words of a question; empty for nothing."""
    if not LEAST_WORDS <= len(question.split()) <= MOST_WORDS:
        return "no question"
    alone = not re.search(r"\b(this|the) (text|passage|paragraph|sentence|title)\b", question, re.I)
    return "" if alone else "cannot be understood alone"


def _is_overlapping(evidence: Evidence, spot: QuestionSpot) -> bool:
    same = evidence.hit.document == spot.document
    return same and evidence.start < spot.end and spot.start < evidence.end


def _find_rank(hits: Sequence[Hit], spot: QuestionSpot) -> int:
    for rank, hit in enumerate(hits, 1):
        inside = hit.document == spot.document and hit.start <= spot.start and spot.end <= hit.end
        if inside and spot.answer in hit.text:
            return rank
    return 0


def _draw_spots(runtime: Runtime, collections: Sequence[str], seed: int) -> Iterator[QuestionSpot]:
    """Places in random order, kinds in turn.

    Raises:
        NotFound: There is no passage to ask about.
    """
    from genwright.storage import Collection

    wanted = (
        select(Passage.id)
        .join(Document, Document.id == Passage.document_id)
        .where(may_read(runtime.principal))
    )
    if collections:
        wanted = wanted.join(Collection, Collection.id == Document.collection_id).where(
            Collection.name.in_(collections)
        )
    with runtime.database.read(runtime.principal) as session:
        ids = list(session.scalars(wanted))
    if not ids:
        raise NotFound("There are no documents to ask about: genwright add FILES.")
    draw = random.Random(seed)
    draw.shuffle(ids)
    for turn, id_ in enumerate(ids * len(KINDS)):
        with runtime.database.read(runtime.principal) as session:
            passage = session.get_one(Passage, id_)
            document = session.get_one(Document, passage.document_id)
            spot = _find_spot(
                passage, document, KINDS[(turn + turn // len(ids)) % len(KINDS)], draw
            )
        if spot is not None:
            yield spot


def _find_spot(
    passage: Passage, document: Document, kind: str, draw: random.Random
) -> QuestionSpot | None:
    """A place of one kind in a passage; None where there is none."""
    found = [
        (a, b)
        for a, b in split_sentences(passage.text)
        if 5 <= len(passage.text[a:b].split()) <= 50
    ]
    if not found:
        return None
    place = draw.randrange(len(found))
    start, end = found[place]
    if kind == "pair" and place + 1 < len(found):
        end = found[place + 1][1]
    text = passage.text[start:end].strip()
    answer = text
    if kind == "detail":
        details = [m.group().strip() for m in _DETAIL.finditer(text) if m.start() > 0]
        if not details:
            return None
        answer = draw.choice(details)
    return QuestionSpot(
        document.id, document.title, document.source, passage.start + start, passage.start + end,
        text, answer, kind,
    )  # fmt: skip
