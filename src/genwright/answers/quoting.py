"""Evidence as a sentence of the answer."""

from genwright.grounding.citations import Sentence, cite
from genwright.grounding.evidence import Evidence


def quote_evidence(evidence: Evidence) -> Sentence:
    """Evidence in its own words, on one line."""
    text = " ".join(evidence.text.split())
    return Sentence(text, 1.0, (cite(evidence.hit, evidence.start, evidence.end),))
