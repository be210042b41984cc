"""Excerpts and evidence as sentences that cite themselves."""

from collections.abc import Sequence

from genwright.answers.excerpts import Excerpt
from genwright.grounding.citations import Sentence, cite
from genwright.grounding.evidence import Evidence


def quote_evidence(evidence: Evidence) -> Sentence:
    """Evidence in its own words, on one line."""
    text = " ".join(evidence.text.split())
    return Sentence(text, 1.0, (cite(evidence.hit, evidence.start, evidence.end),))


def quote_excerpts(excerpts: Sequence[Excerpt]) -> list[Sentence]:
    """The words of the sources, each excerpt a paragraph; lists, tables and code as they stand."""
    return [
        Sentence(_lay_out(each), 1.0, (cite(each.hit, each.start, each.end),), before="\n\n")
        for each in excerpts
    ]


def _lay_out(excerpt: Excerpt) -> str:
    """The text as it stands; the line breaks of wrapped prose mean nothing and are left out."""
    return excerpt.text if excerpt.is_block else " ".join(excerpt.text.split())
