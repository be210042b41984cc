"""Search in the language of the documents: what stems and function words by language bring.

    python benchmarks/languages.py --models WORKSPACE/models [--hybrid] [--questions 300]

Questions with the passage that answers them, by language: XQuAD (en, de, es, zh) and, in languages
that it does not have here, the answerable rows of the reader's training data (nothing is fitted on
them here). Each language's passages are stored as documents of their own twice, by the product's
own rows and index: once with their languages, once as before there were any (every passage indexed
and every question asked as English). Last, all of XQuAD's languages together in one store, where a
question is right by the passage in its own language only; it shows what several languages cost one
another.

Printed: the share of questions whose passage comes first, and nDCG@10 (one relevant passage), both
ways, by keyword and with ``--hybrid`` by both; the difference with its 95 % bootstrap interval over
the questions; processor seconds of writing the rows and words of all passages, without languages
and with (told by each text, stemmed), their ratio, and with ``--hybrid`` the ratio together with
the embedding, which both need.
"""

import argparse
import gzip
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import DATA

from genwright.embeddings import Embedder, open_embedder
from genwright.embeddings.hashing import HashingEmbedder
from genwright.evaluation.intervals import bootstrap_mean
from genwright.evaluation.metrics import ndcg
from genwright.evaluation.suites import read_squad
from genwright.languages import detect_document_language
from genwright.retrieval import PassageSearch, VectorSearch
from genwright.settings import RetrievalSettings
from genwright.storage import Collection, Database, Document, Passage, Vector
from genwright.types import OWNER, Vectors

XQUAD = ("en", "de", "es", "zh")
TRAINING = {
    "ar": "tydiqa-goldp-multi", "fi": "tydiqa-goldp-multi", "ru": "tydiqa-goldp-multi",
    "id": "tydiqa-goldp-multi", "fr": "afriqa-en-fr", "pt": "faquad-pt", "no": "norquad-no",
    "fa": "pquad-fa", "ja": "jaquad-ja", "th": "iapp-wiki-qa-th",
}  # fmt: skip
K = 10

Asked = tuple[str, str]
"""A question and the passage that answers it."""


def main() -> None:
    """Measure each language, then XQuAD's together."""
    options = _options()
    embedder: Embedder = HashingEmbedder()
    if options.hybrid:
        folder = options.models / options.embedder
        embedder = open_embedder(folder, name=options.embedder, threads=2, batch_tokens=4096)
    together: list[list[Asked]] = []
    for language in options.languages:
        asked = _read(language)
        if language in XQUAD:
            together.append(asked)
        _compare(language, asked, _draw(asked, options.questions), embedder, options.hybrid)
    if len(together) > 1:
        everything = [each for asked in together for each in asked]
        drawn = [each for own in together for each in _draw(own, options.questions // 2)]
        _compare("together", everything, drawn, embedder, options.hybrid)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="genwright's folder of models")
    parser.add_argument("--embedder", default="multilingual-e5-small")
    parser.add_argument("--hybrid", action="store_true")
    parser.add_argument("--questions", type=int, default=600, help="of a language, at most")
    parser.add_argument("--languages", nargs="+", default=[*XQUAD, *TRAINING])
    return parser.parse_args()


def _read(language: str) -> list[Asked]:
    if language in XQUAD:
        squad = read_squad(DATA / f"02-qa/xquad/xquad.{language}.json.gz")
        return [(each.text, squad.paragraphs[each.paragraph].text) for each in squad.questions]
    file = DATA / f"16-rag-answers/reader-training/{TRAINING[language]}.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        (row["question"], row["passage"])
        for row in rows
        if row["language"] == language and row["answers"]
    ]


def _draw(asked: Sequence[Asked], number: int) -> list[Asked]:
    return random.Random(0).sample(list(asked), min(number, len(asked)))


def _compare(
    name: str, everything: Sequence[Asked], drawn: Sequence[Asked], embedder: Embedder, hybrid: bool
) -> None:
    passages = list(dict.fromkeys(passage for _, passage in everything))
    start = time.process_time()
    vectors = embedder.embed(passages)
    embedding = time.process_time() - start
    scores: dict[tuple[str, bool], list[list[str]]] = {}
    seconds = {}
    for knows in (False, True):
        with _fill(passages, vectors, embedder, knows) as (database, search, spent):
            seconds[knows] = spent
            for mode in ("keyword", "hybrid") if hybrid else ("keyword",):
                scores[mode, knows] = [
                    _ask(database, search, question, mode) for question, _ in drawn
                ]
    ratio = seconds[True] / seconds[False]
    whole = (seconds[True] + embedding) / (seconds[False] + embedding)
    print(
        f"{name}: {len(drawn)} questions, {len(passages)} passages; writing them "
        f"{seconds[False]:.2f} s, {seconds[True]:.2f} s, ratio {ratio:.2f}"
        + (f", with the embedding {whole:.3f}" if hybrid else ""),
        flush=True,
    )
    for mode in dict.fromkeys(mode for mode, _ in scores):
        _print(mode, scores[mode, False], scores[mode, True], [right for _, right in drawn])


@contextmanager
def _fill(
    passages: Sequence[str], vectors: Vectors, embedder: Embedder, knows: bool
) -> Iterator[tuple[Database, PassageSearch, float]]:
    """A store of one document a passage, its search, and the seconds that writing took."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "genwright.db")
        with database.write(OWNER) as session:
            session.add(Collection(id=1, name="default", owner=OWNER.name))
        detect_document_language("It loads its model before anything is timed, once and for all.")
        start = time.process_time()
        with database.write(OWNER) as session:
            for id_, text in enumerate(passages, start=1):
                language = detect_document_language(text) if knows else ""
                session.add(_make_document(id_, text, language))
                session.flush()
                session.add(_make_passage(id_, text, language))
        spent = time.process_time() - start
        with database.write(OWNER) as session:
            session.add_all(
                Vector(embedder=embedder.fingerprint, passage_id=id_, data=vector.tobytes())
                for id_, vector in enumerate(vectors.astype("<f4"), start=1)
            )
        settings = RetrievalSettings()
        index = VectorSearch(Path(folder), embedder.fingerprint, vectors.shape[1], settings)
        yield database, PassageSearch(index, embedder, settings), spent
        database.close()


def _make_document(id_: int, text: str, language: str) -> Document:
    return Document(
        id=id_, collection_id=1, owner=OWNER.name, source=f"/{id_}.txt", title="", format="text",
        sha256="", recipe="", characters=len(text), pages=[], details={}, warnings=[], text=text,
        language=language,
    )  # fmt: skip


def _make_passage(id_: int, text: str, language: str) -> Passage:
    return Passage(
        id=id_, document_id=id_, start=0, end=len(text), page=None, section="", heading="",
        text=text, language=language,
    )  # fmt: skip


def _ask(database: Database, search: PassageSearch, question: str, mode: str) -> list[str]:
    with database.read(OWNER) as session:
        return [hit.text for hit in search.search(session, question, k=K, mode=mode)]


def _print(
    mode: str, before: Sequence[list[str]], after: Sequence[list[str]], right: Sequence[str]
) -> None:
    def first(found: Sequence[list[str]]) -> list[float]:
        return [float(texts[:1] == [own]) for texts, own in zip(found, right, strict=True)]

    def gain(found: Sequence[list[str]]) -> list[float]:
        return [ndcg(texts, {own: 1.0}, K) for texts, own in zip(found, right, strict=True)]

    for what, measure in (("first", first), ("nDCG@10", gain)):
        old, new = measure(before), measure(after)
        difference = bootstrap_mean([b - a for a, b in zip(old, new, strict=True)])
        print(
            f"  {mode:<8} {what:<8} {sum(old) / len(old):.3f} -> {sum(new) / len(new):.3f}  "
            f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]",
            flush=True,
        )


if __name__ == "__main__":
    main()
