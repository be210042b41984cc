"""Verdicts on answers to questions that say what a right answer holds.

An answer is right when it makes every statement asked for, none that is forbidden, cites one of the
sources, and is short enough to be an answer instead of a passage to read.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from genwright.evaluation.suites.questions import AnswerCase
from genwright.types import Json

VERDICTS = ("right", "partial", "wrong", "refused")

SHORT_KINDS = frozenset(
    "fact number date person yes-no definition table-value table-aggregate".split()
)
"""Kinds of questions that a sentence or two answer."""
LONGEST_SHORT, LONGEST, LONGEST_SMALLTALK = 700, 1500, 400
"""Characters of a normalised answer: of these kinds, of the others, of small talk."""

_MARKER = re.compile(r"\[\s*\^?\d+(?:\s*[,;\u2013-]\s*\d+)*\s*\]|\u3010[^\u3011]*\u3011")
_SIGNS = str.maketrans("", "", "*_#>")


@dataclass(frozen=True)
class GivenAnswer:
    """What was replied to a question."""

    id: str
    """Of the question."""
    answer: str
    refused: bool
    citations: tuple[str, ...]
    """Sources, each once."""
    seconds: float
    error: str = ""
    """Why there is no answer, where asking failed."""

    def json(self) -> Json:
        """As a line of a file of answers."""
        row = {**asdict(self), "citations": list(self.citations), "seconds": round(self.seconds, 3)}
        return row if self.error else {key: row[key] for key in row if key != "error"}


def normalize_reply(text: str) -> str:
    r"""A reply as the regexes see it: NFKC, without Markdown's signs and citation markers.

    Example:
        >>> normalize_reply("Run **`PRAGMA foreign_keys`**\n first. [1, 2]")
        'Run `PRAGMA foreignkeys` first.'
    """
    bare = _MARKER.sub(" ", unicodedata.normalize("NFKC", text)).translate(_SIGNS)
    return " ".join(re.split(r"\s+", bare)).strip()


def is_source(citation: str, sources: Iterable[str]) -> bool:
    """Whether a citation names one of the sources: by path, by the end of it, or by file name.

    Example:
        >>> is_source("/home/ada/manual/wal.html", ["wal.html"]), is_source("a.md", ["b.md"])
        (True, False)
    """
    cited = citation.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return any(cited == source.rstrip("/").rpartition("/")[2] for source in sources)


def judge_answer(case: AnswerCase, given: GivenAnswer) -> str:
    """One of ``right``, ``partial``, ``wrong`` and ``refused``."""
    text = normalize_reply(given.answer)
    if case.expect == "refuse":
        return _say(given.refused)
    if case.expect == "clarify_or_refuse":
        return _say(given.refused or "?" in text)
    if case.expect == "smalltalk":
        talks = bool(text) and not given.refused and not given.citations
        return _say(talks and len(text) <= LONGEST_SMALLTALK)
    if given.refused:
        return "refused"
    if case.documents:  # nobody said what it must hold: answering is what was asked for
        return _say(bool(text))
    return _judge_statements(case, given.citations, text)


def find_missing(case: AnswerCase, given: GivenAnswer) -> list[str]:
    """What keeps an answer from being right, each in a few words; for whoever reads it."""
    text = normalize_reply(given.answer)
    if case.expect != "answer" or given.refused or case.documents:
        return []
    found = [f"lacks: {each.text}" for each in case.nuggets if not each.is_in(text)]
    found += [f"says: {each.text}" for each in case.forbidden if each.is_in(text)]
    if not _is_cited(case, given.citations):
        found.append("cites none of: " + ", ".join(case.sources))
    if len(text) > _find_longest(case):
        found.append(f"{len(text)} characters")
    return found


def _judge_statements(case: AnswerCase, citations: Sequence[str], text: str) -> str:
    if any(each.is_in(text) for each in case.forbidden):
        return "wrong"
    made = sum(each.is_in(text) for each in case.nuggets)
    whole = made == len(case.nuggets)
    if whole and _is_cited(case, citations) and len(text) <= _find_longest(case):
        return "right"
    return "partial" if 2 * made >= len(case.nuggets) else "wrong"


def _is_cited(case: AnswerCase, citations: Sequence[str]) -> bool:
    return not case.sources or any(is_source(each, case.sources) for each in citations)


def _find_longest(case: AnswerCase) -> int:
    return LONGEST_SHORT if case.kind in SHORT_KINDS else LONGEST


def _say(right: bool) -> str:
    return "right" if right else "wrong"
