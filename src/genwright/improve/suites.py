"""The regression suite: questions whose answers were good and must stay so, or bad and must not.

A case is made of any trace, with what somebody said of it, and is checked by rules and not by a
model: it is refused where it should be; it has the words of the reference; it has not those of a
bad answer; it cites the place.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from genwright.errors import NotFound, UsageError
from genwright.feedback import read_voices
from genwright.feedback.exchanges import read_exchange
from genwright.grounding import words
from genwright.grounding.citations import Answer
from genwright.storage import Database, SuiteCase
from genwright.types import Json, Principal

DEFAULT = "regression"
ENOUGH = 0.6
"""Share of the reference's words that an answer must have."""
ALIKE = 0.85
"""F1 of words from which on an answer is taken for one that was bad."""


@dataclass(frozen=True)
class RegressionCase:
    """A question with what its answer must be like."""

    id: int
    question: str
    reference: str = ""
    avoid: str = ""
    refuse: bool = False
    source: Json = field(default_factory=dict)
    """``{"document", "start", "end"}`` that must be cited; empty for any."""
    trace_id: str = ""
    owner: str = ""

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class CaseVerdict:
    """Whether an answer is as its case wants it."""

    passed: bool
    why: str = ""


def add_from_trace(
    database: Database,
    principal: Principal,
    trace: str,
    *,
    bad: bool = False,
    reference: str = "",
    suite: str = DEFAULT,
) -> RegressionCase:
    """Make a case of an answer.

    Args:
        database: The store.
        principal: Who adds it.
        trace: Of the answer.
        bad: Whether the answer was bad and must not come again. A correction that was given is
            what it should be.
        reference: What it should be; by default a correction, or the answer where it was good.
        suite: Which suite.

    Raises:
        NotFound: There is no such trace.
        UsageError: A bad answer has no words to avoid.
    """
    exchange = read_exchange(database, principal, trace)
    voices = [each for each in read_voices(database, principal) if each.trace_id == trace]
    corrected = next((each.correction for each in voices if each.correction), "")
    cited = next((each.citation for each in voices if each.citation), None)
    refuse = exchange.refused and not bad and not (reference or corrected)
    wanted = reference or corrected or ("" if bad or refuse else exchange.answer)
    avoid = exchange.answer if bad else ""
    if bad and not avoid and not wanted:
        raise UsageError("This trace holds no answer to avoid: say --reference what it should be.")
    source = {} if cited is None else {n: cited[n] for n in ("document", "start", "end")}
    case = RegressionCase(0, exchange.question, wanted, avoid, refuse, source, exchange.trace_id)
    return add_case(database, principal, case, suite)


def add_case(
    database: Database, principal: Principal, case: RegressionCase, suite: str = DEFAULT
) -> RegressionCase:
    """Keep a case; the same one is kept once.

    Raises:
        UsageError: It has no question, or nothing that an answer could fail.
    """
    if not case.question.strip():
        raise UsageError("A case needs a question.")
    if not (case.reference or case.avoid or case.refuse or case.source):
        raise UsageError("A case needs a reference, something to avoid, a source, or a refusal.")
    text = json.dumps([case.question, case.reference, case.avoid, case.refuse, case.source])
    digest = hashlib.sha256(text.encode()).hexdigest()
    with database.write(principal) as session:
        row = session.scalar(
            select(SuiteCase).where(SuiteCase.suite == suite, SuiteCase.digest == digest)
        )
        if row is None:
            row = SuiteCase(
                owner=principal.name, suite=suite, question=case.question,
                reference=case.reference, avoid=case.avoid, refuse=case.refuse,
                source=case.source, trace_id=case.trace_id, digest=digest,
            )  # fmt: skip
            session.add(row)
            session.flush()
        return _read_case(row)


def list_cases(
    database: Database, principal: Principal, suite: str = DEFAULT
) -> list[RegressionCase]:
    """The cases of a suite, oldest first."""
    with database.read(principal) as session:
        rows = session.scalars(
            select(SuiteCase).where(SuiteCase.suite == suite).order_by(SuiteCase.id)
        )
        return [_read_case(row) for row in rows]


def remove_case(database: Database, principal: Principal, id_: int) -> None:
    """Take a case out.

    Raises:
        NotFound: There is none of that id.
    """
    with database.write(principal) as session:
        row = session.get(SuiteCase, id_)
        if row is None:
            raise NotFound(f"There is no case {id_}: genwright eval regression list shows them.")
        session.delete(row)


def check_case(case: RegressionCase, answer: Answer) -> CaseVerdict:
    """Whether an answer is as its case wants it."""
    if case.refuse:
        return CaseVerdict(
            answer.refused, "" if answer.refused else "answered what it should refuse"
        )
    if answer.refused:
        return CaseVerdict(False, "refused")
    if case.reference and score_recall(answer.answer, case.reference) < ENOUGH:
        return CaseVerdict(False, f"has not the words of {case.reference[:60]!r}")
    if case.avoid and score_quality(answer.answer, case.avoid) >= ALIKE:
        return CaseVerdict(False, "is the answer that was bad")
    if case.source and not _has_citation(case.source, answer):
        return CaseVerdict(False, "does not cite the place it should")
    return CaseVerdict(True)


def score_quality(answer: str, reference: str) -> float:
    """F1 of stems, 0 to 1: how much of either is in the other.

    Example:
        >>> score_quality("It was built in 1912.", "Built 1912")
        1.0
    """
    mine, theirs = Counter(_stem_words(answer)), Counter(_stem_words(reference))
    shared = sum((mine & theirs).values())
    return 2 * shared / (sum(mine.values()) + sum(theirs.values())) if shared else 0.0


def score_recall(answer: str, reference: str) -> float:
    """Share of the reference's stems that an answer has, 0 to 1."""
    mine, theirs = Counter(_stem_words(answer)), Counter(_stem_words(reference))
    return sum((mine & theirs).values()) / sum(theirs.values()) if theirs else 0.0


def _stem_words(text: str) -> Sequence[str]:
    return words.extract_content(text) or tuple(
        words.stem(each) for each in words.split_tokens(text)
    )


def _has_citation(source: Json, answer: Answer) -> bool:
    return any(
        each.document == source["document"]
        and each.start < source["end"]
        and source["start"] < each.end
        for sentence in answer.sentences
        for each in sentence.citations
    )


def _read_case(row: SuiteCase) -> RegressionCase:
    return RegressionCase(
        row.id, row.question, row.reference, row.avoid, row.refuse, dict(row.source or {}),
        row.trace_id, row.owner,
    )  # fmt: skip
