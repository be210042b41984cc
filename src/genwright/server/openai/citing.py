"""Where an assistant's citations stand in a reply: annotations, and what only genwright says."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import PurePath

from genwright.rag.answer import Answer
from genwright.rag.citations import Citation, Sentence
from genwright.rag.library import hit_json
from genwright.registry import Served
from genwright.types import Json

BETWEEN = " "
"""What sentences are joined by."""


def file_id(document: int) -> str:
    """The id under which the API names a document."""
    return f"document-{document}"


def file_name(source: str) -> str:
    """The last part of where a document came from."""
    return PurePath(source).name or source


def placed(sentences: Sequence[Sentence]) -> Iterator[tuple[Sentence, int, int]]:
    """Each sentence with where it begins and ends in the answer, in characters."""
    at = 0
    for sentence in sentences:
        end = at + len(sentence.text)
        yield sentence, at, end
        at = end + len(BETWEEN)


def citations(sentences: Sequence[Sentence]) -> Iterator[tuple[Citation, int, int]]:
    """Each citation with where the sentence it supports stands in the answer."""
    for sentence, start, end in placed(sentences):
        for citation in sentence.citations:
            yield citation, start, end


def chat_annotations(sentences: Sequence[Sentence]) -> list[Json]:
    """Annotations of a chat message, formed as OpenAI forms its ``url_citation``."""
    return [
        {
            "type": "file_citation",
            "file_citation": {
                "file_id": file_id(citation.document),
                "filename": file_name(citation.source),
                "start_index": start,
                "end_index": end,
                "page": citation.page,
                "quote": citation.quote,
            },
        }
        for citation, start, end in citations(sentences)
    ]


def about(answer: Answer, served: Served, ignored: Sequence[str] = ()) -> Json:
    """The object ``x_genwright`` of a reply.

    Args:
        answer: What was answered.
        served: By whom.
        ignored: Fields of the request that had no effect.
    """
    return {
        "assistant": served.label,
        "trace_id": answer.trace_id,
        "refused": answer.refused,
        "answerable": round(answer.answerable, 4),
        "model": answer.model,
        "prompt_version": answer.prompt_version,
        "sentences": [
            {
                "text": sentence.text,
                "start": start,
                "end": end,
                "support": round(sentence.support, 4),
                "citations": [_cited(each) for each in sentence.citations],
            }
            for sentence, start, end in placed(answer.sentences)
        ],
        # The nearest passages of a refusal; those of an answer are what it cites.
        "passages": [hit_json(hit) for hit in answer.hits] if answer.refused else [],
        "ignored": list(ignored),
    }


def _cited(citation: Citation) -> Json:
    named = {"file_id": file_id(citation.document), "filename": file_name(citation.source)}
    return {**asdict(citation), **named}
