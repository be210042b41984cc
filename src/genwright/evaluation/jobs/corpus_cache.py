"""Documents of evaluation sets, stored apart from the workspace's own and kept for the next time.

They go through the real splitter, embedder and store, into a folder below ``runs/cache/`` of the
workspace that is named by what they are and how they were stored. Deleting it costs only time.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from genwright.documents import Extract
from genwright.documents.loaders.text import split_paragraphs
from genwright.library.ingest import DocumentIngester
from genwright.library.prefetch import Item, ParsedDocument, UnchangedDocument
from genwright.runtime import Runtime
from genwright.storage import Document
from genwright.types import Principal, Progress, ignore_progress
from genwright.workspace import Workspace

Corpus = Mapping[str, tuple[str, str]]
"""Title and text by the name that the document is stored under."""

_UNCLEAN = {0: " ", 13: " "} | dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")


@dataclass(frozen=True)
class CorpusWorkspace(Workspace):
    """A store of its own, with the models, settings and prompts of another workspace."""

    owner: Workspace

    @property
    def models_dir(self) -> Path:
        """The other's."""
        return self.owner.models_dir

    @property
    def prompts_dir(self) -> Path:
        """The other's."""
        return self.owner.prompts_dir


@contextmanager
def open_corpus(
    workspace: Workspace, corpus: Corpus, principal: Principal, progress: Progress = ignore_progress
) -> Iterator[Runtime]:
    """Parts over a store that holds just these documents, with the workspace's settings.

    What an earlier run stored is found again, also where that run was interrupted. A document
    without any text is left out: no search could find it.

    Args:
        workspace: Whose settings and models apply, and below whose ``runs/`` the store is.
        corpus: The documents; their texts must be ``clean``.
        principal: Who asks.
        progress: Told of documents that are stored, and of a model that is pulled.
    """
    with Runtime(workspace, principal, progress) as own:
        recipe = DocumentIngester(own).recipe
    folder = workspace.root / "runs" / "cache" / f"{_digest(corpus)[:16]}-{recipe[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    aside = CorpusWorkspace(folder, workspace.settings, workspace)
    try:
        with Runtime(aside, principal, progress) as runtime:
            _store(runtime, corpus, progress)
            yield runtime
    finally:
        aside.close()


def clean(text: str) -> str:
    r"""A text as the store holds it, of the same length so that offsets stay what they are.

    Example:
        >>> clean("one\r\ntwo")
        'one \ntwo'
    """
    return text.translate(_UNCLEAN)


def _store(runtime: Runtime, corpus: Corpus, progress: Progress) -> None:
    ingest = DocumentIngester(runtime)
    known = _read_known(runtime)
    total = len(corpus)

    def report_progress(done: int, *_: object) -> None:
        progress(done, total, f"{done} of {total} documents stored")

    def iterate_items() -> Iterator[Item]:
        for source, (title, text) in corpus.items():
            digest = hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()
            if known.get(source) == (digest, ingest.recipe):
                yield UnchangedDocument(source)
            elif text.strip():
                extract = Extract(text, title, "text", blocks=split_paragraphs(text))
                yield ParsedDocument(source, digest, extract)

    ingest.progress = report_progress
    ingest.store(iterate_items())


def _read_known(runtime: Runtime) -> dict[str, tuple[str, str]]:
    with runtime.database.read(runtime.principal) as session:
        rows = session.execute(select(Document.source, Document.sha256, Document.recipe))
        return {source: (digest, recipe) for source, digest, recipe in rows}


def _digest(corpus: Corpus) -> str:
    rows = [[source, title, text] for source, (title, text) in corpus.items()]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
