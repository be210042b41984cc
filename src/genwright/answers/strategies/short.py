# ruff: noqa: RUF001 - the quotation marks of texts are part of its subject
"""Short answers: a few words of the source, chosen by the model from those that could answer.

The reply is constrained to an enumeration of spans by a JSON schema, so it is always verbatim.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from genwright.answers.base import Question, strategies
from genwright.answers.layout import WrittenUnit
from genwright.answers.packing import PromptContext
from genwright.answers.strategies.rag import RagStrategy
from genwright.answers.writing import AnswerWriter
from genwright.engines import ChatMessage
from genwright.grounding import words
from genwright.grounding.citations import Sentence, cite
from genwright.grounding.evidence import classify_question
from genwright.grounding.support import SupportCheck
from genwright.types import Json

MOST_WORDS = 8
MOST_SPANS = 400
"""An engine compiles the enumeration to a grammar for each question; larger ones take seconds."""

_PIECE = re.compile(r"\S+")
_CROSSES = re.compile(r"[.;:!?][\"')\]]* ")
_EDGE = " \t\n.,;:!?()[]{}\"'“”‘’*_`|"
_KNOWN_SHARE = 0.6


def build_short_schema(question: str, texts: Sequence[str]) -> Json:
    """The JSON schema of a short answer. Its ``enum`` is empty where no span could answer.

    Example:
        >>> build_short_schema("Who built it?", ["It was built by Gustave Eiffel."])["enum"]
        ['Gustave', 'Gustave Eiffel', 'Eiffel']
    """
    return {"enum": list_answer_spans(question, texts)}


def parse_choice(reply: str) -> str:
    r"""The span that a reply names; empty where it was cut short.

    Example:
        >>> parse_choice('"grade\\n46"'), parse_choice('"gra')
        ('grade\n46', '')
    """
    try:
        return str(json.loads(reply))
    except ValueError:
        return ""


def list_answer_spans(question: str, texts: Sequence[str]) -> list[str]:
    """Spans of at most ``MOST_WORDS`` words that add something to the question, in order.

    Where the question asks for a number, a date, a person or a place, and there are spans that
    look like one, only those.
    """
    found = dict.fromkeys(span for text in texts for span in _split_spans(text))
    known = set(words.extract_content(question))
    adding = [span for span in found if _is_informative(span, known)] or list(found)
    fitting = [span for span in adding if _may_answer(classify_question(question), span)]
    return (fitting or adding)[:MOST_SPANS]


def _split_spans(text: str) -> list[str]:
    pieces = [match.span() for match in _PIECE.finditer(text)]
    made = []
    for place, (start, _) in enumerate(pieces):
        for _, end in pieces[place : place + MOST_WORDS]:
            if _CROSSES.search(text[start:end]):
                break
            span = text[start:end].strip(_EDGE)
            own = words.split_tokens(span)
            if own and words.extract_content(own[0]) and words.extract_content(own[-1]):
                made.append(span)
    return made


def _is_informative(span: str, known: set[str]) -> bool:
    own = set(words.extract_content(span))
    return len(own & known) < _KNOWN_SHARE * len(own)


def _may_answer(kind: str, span: str) -> bool:
    if kind == "any":
        return True
    if kind == "number":
        return bool(words.extract_numbers(span))
    if kind == "date":
        return words.has_date(words.split_tokens(span)) or bool(words.extract_numbers(span))
    return span[0].isupper()


class ShortWriter(AnswerWriter):
    """Has the model choose a span of the excerpts."""

    def _wants_excerpts(self) -> bool:
        return True

    def _stream_units(
        self, packed: PromptContext, more: Sequence[ChatMessage], reply: list[str]
    ) -> Iterator[WrittenUnit]:
        texts = [each.text for each in packed.evidence]
        schema = build_short_schema(self._brief.question.text, texts)
        if schema["enum"]:
            said = "".join(delta.text for delta in self._stream_deltas(packed, schema))
            yield WrittenUnit(parse_choice(said))

    @property
    def falls_short(self) -> bool:
        """Never: it chose from what there is."""
        return False

    def _judge(
        self, unit: WrittenUnit, lead: str, packed: PromptContext, check: SupportCheck
    ) -> Sentence:
        """A short answer, on one line, with the evidence whose words it is."""
        text = unit.text
        for each in packed.evidence:
            if text and text in each.text:
                citation = cite(each.hit, each.start, each.end)
                return Sentence(" ".join(text.split()), 1.0, (citation,))
        return Sentence(text, 0.0)


@strategies.register("short")
class ShortStrategy(RagStrategy):
    """Answers with a few words of the source."""

    writer: ClassVar[type[AnswerWriter]] = ShortWriter

    def _may_write(self, question: Question) -> bool:
        """Any model can choose."""
        return self._setup.runtime.settings.answer.wording != "quote"

    def _may_judge(self) -> bool:
        """It can only choose."""
        return False
