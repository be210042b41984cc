"""Questions with known answers, and their documents in a workspace."""

import ast
import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from genwright.documents import Extract, split_sentences
from genwright.documents.loaders.text import split_paragraphs
from genwright.evaluation.suites import read_squad
from genwright.library.ingest import DocumentIngester
from genwright.library.prefetch import ParsedDocument
from genwright.runtime import Runtime


@dataclass(frozen=True)
class Question:
    """A question on one document, with the spans that answer it."""

    suite: str
    text: str
    source: str
    document: str
    title: str
    spans: tuple[tuple[int, int], ...]
    answers: tuple[str, ...]
    held_back: bool

    def holds(self, source: str, start: int, end: int) -> bool:
        """Whether a span holds an answer: all of a short one, most of itself in a long one."""
        if source != self.source:
            return False
        return any(
            (start <= first and last <= end)
            or min(end, last) - max(start, first) > 0.6 * (end - start)
            for first, last in self.spans
        )

    def sentence(self) -> str:
        """The sentence of the document that holds the first answer."""
        first = self.spans[0][0]
        spans = split_sentences(self.document)
        return next((self.document[a:b] for a, b in spans if a <= first < b), "")


def xquad_questions(path: Path) -> list[Question]:
    """XQuAD: every second article, by name, is held back."""
    squad = read_squad(path)
    articles = sorted({paragraph.article for paragraph in squad.paragraphs})
    held = set(articles[1::2])
    made = []
    for each in squad.questions:
        paragraph = squad.paragraphs[each.paragraph]
        spans = tuple(
            (start, start + len(answer))
            for start, answer in zip(each.starts, each.answers, strict=True)
        )
        made.append(
            Question(
                suite="xquad",
                text=each.text,
                source=f"xquad-{each.paragraph}",
                document=paragraph.text,
                title=each.article.replace("_", " "),
                spans=spans,
                answers=each.answers,
                held_back=each.article in held,
            )
        )
    return made


def chunking_questions(folder: Path) -> list[Question]:
    """The chunking evaluation set: every second question is held back."""
    made = []
    with (folder / "questions_df.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            references = ast.literal_eval(row["references"])
            made.append(
                Question(
                    suite="chunking",
                    text=row["question"],
                    source=f"chunking-{row['corpus_id']}",
                    document=_corpus(folder, row["corpus_id"]),
                    title="",
                    spans=tuple((each["start_index"], each["end_index"]) for each in references),
                    answers=tuple(each["content"] for each in references),
                    held_back=bool(number % 2),
                )
            )
    return made


@lru_cache(maxsize=8)
def _corpus(folder: Path, name: str) -> str:
    return next((folder / "corpora").glob(f"{name}*")).read_text(encoding="utf-8")


def store(runtime: Runtime, questions: Sequence[Question]) -> None:
    """Put the documents of questions into the workspace."""
    documents = {each.source: each for each in questions}
    DocumentIngester(runtime).store(
        ParsedDocument(
            each.source,
            hashlib.sha256(each.document.encode()).hexdigest(),
            Extract(each.document, each.title, "text", blocks=split_paragraphs(each.document)),
        )
        for each in documents.values()
    )
