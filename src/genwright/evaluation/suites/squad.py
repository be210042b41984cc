"""Question sets in the form of SQuAD 1.1 and 2.0 (Rajpurkar et al. 2018, arXiv:1806.03822)."""

import json
from dataclasses import dataclass
from pathlib import Path

from genwright.errors import UsageError
from genwright.evaluation.suites.files import hash_files, read_text
from genwright.types import Json


@dataclass(frozen=True)
class SquadParagraph:
    """One paragraph of an article."""

    article: str
    text: str


@dataclass(frozen=True)
class SquadQuestion:
    """A question on one paragraph; without answers it cannot be answered from it."""

    id: str
    text: str
    article: str
    paragraph: int
    """Index into ``SquadSet.paragraphs``."""
    answers: tuple[str, ...]
    starts: tuple[int, ...]
    """Where each answer begins in the paragraph, in characters."""

    @property
    def is_answerable(self) -> bool:
        """Whether its paragraph holds an answer."""
        return bool(self.answers)


@dataclass(frozen=True)
class SquadSet:
    """Paragraphs and the questions on them."""

    paragraphs: tuple[SquadParagraph, ...]
    questions: tuple[SquadQuestion, ...]
    sha256: str


def read_squad(path: Path) -> SquadSet:
    """Read a SQuAD JSON file, gzipped or not.

    Raises:
        NotFound: There is no such file.
        UsageError: It is not in the form; the message says what is missing.
    """
    paragraphs: list[SquadParagraph] = []
    questions: list[SquadQuestion] = []
    try:
        for article in json.loads(read_text(path))["data"]:
            title = str(article.get("title", ""))
            for paragraph in article["paragraphs"]:
                for row in paragraph["qas"]:
                    questions.append(_parse_question(row, title, len(paragraphs)))
                paragraphs.append(SquadParagraph(title, str(paragraph["context"])))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path} should be SQuAD JSON, data[].paragraphs[] with context and qas[]: {error!r}."
        ) from error
    return SquadSet(tuple(paragraphs), tuple(questions), hash_files([path]))


def _parse_question(row: Json, article: str, paragraph: int) -> SquadQuestion:
    answers = [] if row.get("is_impossible") else row["answers"]
    return SquadQuestion(
        id=str(row["id"]),
        text=str(row["question"]),
        article=article,
        paragraph=paragraph,
        answers=tuple(str(answer["text"]) for answer in answers),
        starts=tuple(int(answer["answer_start"]) for answer in answers),
    )
