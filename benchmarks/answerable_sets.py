"""Questions that documents do and do not answer, of many kinds, for ``answerable.py``.

A question is asked over documents that answer it, and over the same ones without those that do, or
as its set judged it. Nothing of the wild set is here.
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from questions import chunking_questions, xquad_questions

from genwright.evaluation.jobs.corpus_cache import Corpus, clean
from genwright.evaluation.suites.questions import AnswerCase, read_answer_set

SEED = 11
MOST_CHARACTERS = 1400
"""Of a passage that becomes a document."""
LEAST_SAID = 80
"""Characters at the beginning of an answer by which another passage is known to answer, too."""

ARTICLES = 24
"""Of XQuAD, with five paragraphs each."""
LANGUAGES = ("en", "de", "es", "zh")
NOMIRACL = ("ar", "de", "en", "es", "fr", "ja", "zh")
READER_FILES = {
    "faq-multi": 36,
    "tydiqa-goldp-multi": 30,
    "medquad-en": 25,
    "doc2dial-en": 20,
    "wikitablequestions-en": 25,
    "tatqa-en": 25,
    "covid-qa-en": 25,
    "heq-he": 44,
    "pquad-fa": 36,
    "afriqa-en-fr": 25,
    "selqa-en": 25,
    "fetaqa-en": 20,
}
"""Questions of each file that the reader learnt from. It has seen between a twentieth and half of
the rows of each, so figures of these sets are too good by a little."""


@dataclass(frozen=True)
class Ask:
    """A question over a collection, and whether its documents answer it."""

    id: str
    collection: str
    question: str
    answered: bool
    follows: str = ""
    without: tuple[str, ...] = ()
    """Documents that are left out."""


@dataclass(frozen=True)
class AskedSet:
    """Questions, and their documents by collection."""

    name: str
    asks: tuple[Ask, ...]
    corpora: dict[str, Corpus]


def read_sets(data: Path, names: Sequence[str] = ()) -> Iterator[AskedSet]:
    """All sets, or those named."""
    answers = data / "16-rag-answers"
    made: dict[str, Any] = {
        "clapnq": lambda: _as_judged(answers / "clapnq/dev.jsonl", "clapnq"),
        "clapnq-pool": lambda: _pooled(answers / "clapnq/dev.jsonl", "clapnq-pool", 70),
        "mtrag": lambda: _as_judged(answers / "mtrag/dev.jsonl", "mtrag"),
        "mtrag-pool": lambda: _with_and_without(answers / "mtrag/dev.jsonl", "mtrag-pool", 28),
        "hotpot": lambda: _with_and_without(answers / "hotpot-short/dev.jsonl", "hotpot", 70),
    }
    for code in NOMIRACL:
        made[f"nomiracl-{code}"] = lambda code=code: _as_judged(
            answers / f"nomiracl/{code}.jsonl", f"nomiracl-{code}", 14
        )
    for code in LANGUAGES:
        made[f"xquad-{code}"] = lambda code=code: _xquad(
            data / f"02-qa/xquad/xquad.{code}.json.gz", f"xquad-{code}"
        )
    made["chunking"] = lambda: _chunking(data / "02-qa/chunking-evaluation")
    made["pubmedqa"] = lambda: _pubmed(data / "02-qa/pubmedqa/pubmed_qa_labeled.jsonl.gz")
    for name, most in READER_FILES.items():
        file = answers / f"reader-training/{name}.jsonl.gz"
        made[name] = lambda file=file, name=name, most=most: _passages(file, name, most)
    for name in names or made:
        yield made[name]()


def _as_judged(file: Path, name: str, most: int = 1000) -> AskedSet:
    """Questions over their own documents, at most so many answered and others."""
    read = _read(file)
    random.Random(SEED).shuffle(read)
    cases = [
        case
        for expect in ("answer", "refuse")
        for case in [each for each in read if each.expect == expect][:most]
    ]
    asks = tuple(
        Ask(case.id, case.id, case.question, case.expect == "answer", _before(case))
        for case in cases
    )
    return AskedSet(name, asks, {case.id: _corpus(case) for case in cases})


def _pooled(file: Path, name: str, most: int) -> AskedSet:
    """Each question over the documents of all."""
    cases = _read(file)
    corpus: dict[str, tuple[str, str]] = {}
    for case in cases:
        corpus |= _corpus(case)
    drawn = random.Random(SEED).sample(cases, most)
    asks = tuple(
        Ask(case.id, name, case.question, case.expect == "answer", _before(case)) for case in drawn
    )
    return AskedSet(name, asks, {name: corpus})


def _with_and_without(file: Path, name: str, most: int) -> AskedSet:
    """Each question over the documents of all, and without its own."""
    cases = [case for case in _read(file) if case.expect == "answer"]
    corpus: dict[str, tuple[str, str]] = {}
    for case in cases:
        corpus |= _corpus(case)
    drawn = random.Random(SEED).sample(cases, min(most, len(cases)))
    asks = [
        ask
        for case in drawn
        for ask in _pair(
            case.id, name, case.question, tuple(each.id for each in case.documents), _before(case)
        )
    ]
    return AskedSet(name, tuple(asks), {name: corpus})


def _read(file: Path) -> list[AnswerCase]:
    """MTRAG has questions without any document, which are no set's; they are left out."""
    with TemporaryDirectory() as folder:
        kept = Path(folder) / file.name
        lines = file.read_text(encoding="utf-8").splitlines()
        kept.write_text("\n".join(line for line in lines if json.loads(line)["documents"]), "utf-8")
        return list(read_answer_set(kept, "documents").cases)


def _before(case: AnswerCase) -> str:
    """What the user said before."""
    said = [turn.content for turn in case.history if turn.role == "user"]
    return said[-1] if said else ""


def _corpus(case: AnswerCase) -> dict[str, tuple[str, str]]:
    return {each.id: (clean(each.title), clean(each.text)) for each in case.documents}


def _pair(
    id_: str, collection: str, question: str, own: tuple[str, ...], follows: str = ""
) -> Iterator[Ask]:
    yield Ask(f"{id_}+", collection, question, True, follows)
    yield Ask(f"{id_}-", collection, question, False, follows, own)


def _xquad(file: Path, name: str, most: int = 24) -> AskedSet:
    """Without its paragraph, others of the same article are near."""
    questions = xquad_questions(file)
    titles = sorted({each.title for each in questions})
    kept = set(random.Random(SEED).sample(titles, ARTICLES))
    questions = [each for each in questions if each.title in kept]
    corpus = {each.source: (each.title, clean(each.document)) for each in questions}
    drawn = random.Random(SEED).sample(questions, most)
    asks = [
        ask
        for number, each in enumerate(drawn)
        for ask in _pair(f"{name}-{number}", name, each.text, (each.source,))
    ]
    return AskedSet(name, tuple(asks), {name: corpus})


def _chunking(folder: Path, most: int = 30) -> AskedSet:
    """Pieces of long documents; those that hold a reference, or lie beside it, answer."""
    questions = [each for each in chunking_questions(folder) if len(each.document) < 300_000]
    drawn = random.Random(SEED).sample(questions, most)
    corpus: dict[str, tuple[str, str]] = {}
    asks = []
    for document in {each.source: each for each in drawn}.values():
        for start in range(0, len(document.document), MOST_CHARACTERS):
            text = clean(document.document[start : start + MOST_CHARACTERS])
            corpus[f"{document.source}-{start // MOST_CHARACTERS}"] = ("", text)
    for number, each in enumerate(drawn):
        own = {
            f"{each.source}-{place}"
            for start, end in each.spans
            for place in range(start // MOST_CHARACTERS, (end - 1) // MOST_CHARACTERS + 1)
        }
        asks += _pair(f"chunking-{number}", "chunking", each.text, tuple(sorted(own)))
    return AskedSet("chunking", tuple(asks), {"chunking": corpus})


def _pubmed(file: Path, most: int = 25) -> AskedSet:
    """Questions for yes or no over abstracts."""
    rows = _read_gz(file)
    corpus, asks = {}, []
    for number, row in enumerate(rows[:120]):
        text, _, asked = row["context"].partition("Question: ")
        corpus[f"pubmed-{number}"] = ("", clean(text.removeprefix("Context: ")))
        if number < most:
            question = asked.partition("\n")[0].strip()
            asks += _pair(f"pubmed-{number}", "pubmedqa", question, (f"pubmed-{number}",))
    return AskedSet("pubmedqa", tuple(asks), {"pubmedqa": corpus})


def _passages(file: Path, name: str, most: int) -> AskedSet:
    """A file of the reader's: passages of the same titles are near."""
    draw = random.Random(SEED)
    rows = [row for row in _read_gz(file) if row["question"].strip()]
    if name == "faq-multi":
        rows = [row for row in rows if row["language"] in ("en", "de", "fr", "es", "pt", "zh")]
    draw.shuffle(rows)
    right = [row for row in rows if row["answers"]]
    judged = [row for row in rows if not row["answers"] and "negative" not in row]
    chosen = right[:most]
    if name in ("heq-he", "pquad-fa"):
        chosen = [*right[: most // 2], *judged[: most // 2]]
    titles = {row["title"] or row["set"] for row in chosen}
    near = [row for row in rows if (row["title"] or row["set"]) in titles and row["answers"]]
    others = [*chosen, *near[:most], *right[most : 2 * most]]
    texts: dict[str, dict[str, Any]] = {}
    for row in others:
        texts.setdefault(_cut(row), row)
    ids = {text: f"{name}-{place}" for place, text in enumerate(texts)}
    corpora: dict[str, dict[str, tuple[str, str]]] = {}
    for text, row in texts.items():
        corpora.setdefault(_page(name, row), {})[ids[text]] = (clean(row["title"]), clean(text))
    asks: list[Ask] = []
    for row in chosen:
        page = _page(name, row)
        history = [turn["text"] for turn in row.get("history") or () if turn["role"] == "user"]
        follows = history[-1] if history else ""
        if not row["answers"]:
            asks.append(Ask(row["id"], page, row["question"], False, follows))
            continue
        said = [each["text"][:LEAST_SAID].lower() for each in row["answers"]]
        own = tuple(
            ids[text]
            for text, other in texts.items()
            if text == _cut(row)
            or (other["title"] == row["title"] and any(each in text.lower() for each in said))
        )
        pair = tuple(_pair(row["id"], page, row["question"], own, follows))
        asks += pair if name not in ("heq-he", "pquad-fa") else pair[:1]
    return AskedSet(name, tuple(asks), corpora)


def _page(name: str, row: dict[str, Any]) -> str:
    """The collection; a page of questions in several languages is several."""
    return f"{name}-{row['language']}" if name == "faq-multi" else name


def _cut(row: dict[str, Any]) -> str:
    """A part of a long passage, round its first answer."""
    passage, answers = row["passage"], row["answers"]
    first = answers[0]["start"] if answers else 0
    at = 0 if len(passage) <= MOST_CHARACTERS else max(0, first - MOST_CHARACTERS // 3)
    return str(passage[at : at + MOST_CHARACTERS])


def _read_gz(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as held:
        return [json.loads(line) for line in held]
