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
from genwright.storage import Collection, Document
from genwright.types import Principal, Progress, ignore_progress
from genwright.workspace import Workspace

Corpus = Mapping[str, tuple[str, str]]
"""Title and text by the name that the document is stored under."""

Corpora = Mapping[str, Corpus]
"""Corpora by the collection that holds each; an empty name is the settings' own."""

_Known = dict[tuple[str, str], tuple[str, str]]
"""Digest and recipe by collection and source."""

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
    with open_corpora(workspace, {"": corpus}, principal, progress) as runtime:
        yield runtime


@contextmanager
def open_corpora(
    workspace: Workspace,
    corpora: Corpora,
    principal: Principal,
    progress: Progress = ignore_progress,
) -> Iterator[Runtime]:
    """The same over a store of several collections; see ``open_corpus``."""
    with Runtime(workspace, principal, progress) as own:
        recipe = DocumentIngester(own).recipe
    folder = workspace.root / "runs" / "cache" / f"{_digest(corpora)[:16]}-{recipe[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    aside = CorpusWorkspace(folder, workspace.settings, workspace)
    try:
        with Runtime(aside, principal, progress) as runtime:
            _store(runtime, corpora, progress)
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


def _store(runtime: Runtime, corpora: Corpora, progress: Progress) -> None:
    known, done = _read_known(runtime), 0
    total = sum(map(len, corpora.values()))
    for name, corpus in corpora.items():
        ingest = DocumentIngester(runtime, name)

        def report_progress(stored: int, *_: object, before: int = done) -> None:
            progress(before + stored, total, f"{before + stored} of {total} documents stored")

        ingest.progress = report_progress
        ingest.store(_iterate_items(ingest, corpus, known))
        done += len(corpus)


def _iterate_items(ingest: DocumentIngester, corpus: Corpus, known: _Known) -> Iterator[Item]:
    for source, (title, text) in corpus.items():
        digest = hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()
        if known.get((ingest.collection, source)) == (digest, ingest.recipe):
            yield UnchangedDocument(source)
        elif text.strip():
            extract = Extract(text, title, "text", blocks=split_paragraphs(text))
            yield ParsedDocument(source, digest, extract)


def _read_known(runtime: Runtime) -> _Known:
    columns = (Collection.name, Document.source, Document.sha256, Document.recipe)
    statement = select(*columns).join(Collection, Document.collection_id == Collection.id)
    with runtime.database.read(runtime.principal) as session:
        rows = session.execute(statement)
        return {(name, source): (digest, recipe) for name, source, digest, recipe in rows}


def _digest(corpora: Corpora) -> str:
    rows = [
        [*filter(None, [name]), source, title, text]
        for name, corpus in corpora.items()
        for source, (title, text) in corpus.items()
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
