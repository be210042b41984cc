"""Where an assistant's citations stand in a reply: annotations, and what only genwright says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePath

from sqlalchemy import select

from genwright.grounding.citations import Answer, Citation, Sentence
from genwright.runtime import Runtime
from genwright.storage import CollectionFile, StoredFile
from genwright.types import Json

Files = Mapping[int, tuple[str, str]]
"""Id and name of the uploaded file that a document is, by document."""


def find_files(runtime: Runtime, answer: Answer) -> Files:
    """The files among the documents that an answer cites or shows."""
    cited = {each.document for sentence in answer.sentences for each in sentence.citations}
    wanted = sorted(cited | {hit.document for hit in answer.hits})
    with runtime.database.read(runtime.principal) as session:
        rows = session.execute(
            select(CollectionFile.document_id, StoredFile.id, StoredFile.name)
            .join(StoredFile, CollectionFile.file_id == StoredFile.id)
            .where(CollectionFile.document_id.in_(wanted))
        )
        return {document: (file, name) for document, file, name in rows if document}


def name_file(document: int, source: str, files: Files) -> tuple[str, str]:
    """What the API calls a document: its file, or a name of its own where it was no upload."""
    plain = PurePath(source).name or source
    return files.get(document, (f"document-{document}", plain))


def place_sentences(sentences: Sequence[Sentence]) -> Iterator[tuple[Sentence, int, int]]:
    """Each sentence with where it begins and ends in the answer, in characters."""
    end = 0
    for place, sentence in enumerate(sentences):
        start = end + len(sentence.before) * bool(place)
        end = start + len(sentence.text)
        yield sentence, start, end


def list_citations(sentences: Sequence[Sentence]) -> Iterator[tuple[Citation, int, int]]:
    """Each citation with where the sentence it supports stands in the answer."""
    for sentence, start, end in place_sentences(sentences):
        for citation in sentence.citations:
            yield citation, start, end


def make_chat_annotations(sentences: Sequence[Sentence], files: Files) -> list[Json]:
    """Annotations of a chat message, formed as OpenAI forms its ``url_citation``."""
    return [
        {"type": "file_citation", "file_citation": _make_annotation(citation, start, end, files)}
        for citation, start, end in list_citations(sentences)
    ]


def make_text_annotations(sentences: Sequence[Sentence], files: Files) -> list[Json]:
    """Annotations of a response's text: OpenAI's fields, and where the sentence stands."""
    return [
        {"type": "file_citation", "index": end, **_make_annotation(citation, start, end, files)}
        for citation, start, end in list_citations(sentences)
    ]


def _make_annotation(citation: Citation, start: int, end: int, files: Files) -> Json:
    file, name = name_file(citation.document, citation.source, files)
    return {
        "file_id": file,
        "filename": name,
        "start_index": start,
        "end_index": end,
        "page": citation.page,
        "quote": citation.quote,
    }


def describe_answer(answer: Answer, label: str, files: Files, ignored: Sequence[str] = ()) -> Json:
    """The object ``x_genwright`` of a reply.

    Args:
        answer: What was answered.
        label: By whom, such as ``assistant@3``.
        files: See ``find_files``.
        ignored: Fields of the request that had no effect.
    """
    return {
        "assistant": label,
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
                "remark": sentence.remark,
                "before": sentence.before,
                "citations": [_format_citation(each, files) for each in sentence.citations],
            }
            for sentence, start, end in place_sentences(answer.sentences)
        ],
        # The nearest passages of a refusal; those of an answer are what it cites.
        "passages": [hit.json() for hit in answer.hits] if answer.refused else [],
        "ignored": list(ignored),
    }


def _format_citation(citation: Citation, files: Files) -> Json:
    file, name = name_file(citation.document, citation.source, files)
    return {**asdict(citation), "file_id": file, "filename": name}
