"""Checking everything a workspace depends on, and saying how to mend what is wrong."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from genwright.documents import Reader
from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
from genwright.errors import GenwrightError, NotFound
from genwright.library.reindex import WIDTH, filter_without_vector
from genwright.prompts import list_prompt_names, load_prompt
from genwright.runtime import Runtime
from genwright.settings import MIB
from genwright.storage import SCHEMA_VERSION, Document, Passage, StoreSession, Vector
from genwright.types import Json, Vectors

REINDEX = "genwright reindex"
SPARE_BYTES = 256 * MIB
"""Free disk below which nothing more should be added; the size of the store comes on top."""
SAMPLE = 64
"""Stored vectors that the vector index must find again."""

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class HealthFinding:
    """What one check saw."""

    check: str
    level: Level
    says: str
    mend: str = ""
    """What to do about it: a command where there is one."""

    def json(self) -> Json:
        """Every field."""
        return asdict(self)


def examine(runtime: Runtime, names: Sequence[str] = ()) -> Iterator[HealthFinding]:
    """Run checks, each told as it ends: at least one finding for each.

    A check that fails is itself a finding, so that the others still run.

    Args:
        runtime: What is checked; nothing is fetched for it.
        names: Of ``CHECKS``; by default all of them.
    """
    for name in names or CHECKS:
        try:
            found = list(CHECKS[name](runtime))
        except GenwrightError as error:
            found = [HealthFinding(name, "wrong", str(error))]
        except DatabaseError as error:
            mend = "restore genwright.db from a backup"
            found = [HealthFinding(name, "wrong", str(error.orig), mend)]
        yield from found or [HealthFinding(name, "ok", "")]


def _check_schema(runtime: Runtime) -> Iterator[HealthFinding]:
    version = runtime.database.read_schema_version()
    if version != SCHEMA_VERSION:
        yield HealthFinding(
            "schema", "wrong", f"is {version}, expected {SCHEMA_VERSION}", "upgrade genwright"
        )
    else:
        yield HealthFinding("schema", "ok", version)


def _check_store(runtime: Runtime) -> Iterator[HealthFinding]:
    backup = "restore genwright.db from a backup, or add the documents to a new workspace"
    with runtime.database.read(runtime.principal) as session:
        for (problem,) in session.execute(text("PRAGMA integrity_check(5)")):
            if problem != "ok":
                yield HealthFinding("store", "wrong", str(problem), backup)
        for table, row, parent, _ in session.execute(text("PRAGMA foreign_key_check")):
            yield HealthFinding("store", "wrong", f"{table} {row} has no {parent}", backup)


def _check_documents(runtime: Runtime) -> Iterator[HealthFinding]:
    """Each document has passages, and each passage is what its offsets say."""
    wrong = 0
    with runtime.database.read(runtime.principal) as session:
        documents = session.execute(select(Document.id, Document.source)).all()
        for id_, source in documents:
            if problem := _find_problem(session, id_):
                wrong += 1
                mend = f"genwright remove {id_}, then add it again"
                yield HealthFinding("documents", "wrong", f"{source} {problem}", mend)
    if not wrong:
        yield HealthFinding("documents", "ok", str(len(documents)))


def _find_problem(session: StoreSession, document: int) -> str:
    whole = session.scalar(select(Document.text).where(Document.id == document)) or ""
    spans = select(Passage.start, Passage.end, Passage.text).where(Passage.document_id == document)
    rows = session.execute(spans).all()
    if not rows:
        return "has no passages"
    off = sum(whole[start:end] != text for start, end, text in rows)
    return f"has {off} passages that are not where their offsets point" if off else ""


def _check_keyword_index(runtime: Runtime) -> Iterator[HealthFinding]:
    with runtime.database.write(runtime.principal) as session:
        indexed = session.scalar(text("SELECT count(*) FROM passage_fts_docsize"))
        passages = session.scalar(select(func.count()).select_from(Passage))
        if indexed != passages:
            says = f"{indexed} passages are indexed, {passages} are stored"
            yield HealthFinding("keyword index", "wrong", says, REINDEX)
            return
        try:
            # Rank 1: compare with the rows too, and not only the index with itself.
            check = "INSERT INTO passage_fts (passage_fts, rank) VALUES ('integrity-check', 1)"
            session.execute(text(check))
        except DatabaseError as error:
            says = f"does not fit the passages ({error.orig})"
            yield HealthFinding("keyword index", "wrong", says, REINDEX)
            return
        unknown = session.scalar(
            select(func.count()).select_from(Document).where(Document.language.is_(None))
        )
    yield HealthFinding("keyword index", "ok", f"{passages} passages")
    if unknown:
        says = f"{unknown} documents were added before languages were known: stemmed as English"
        yield HealthFinding("keyword index", "note", says, REINDEX)


def _check_vectors(runtime: Runtime) -> Iterator[HealthFinding]:
    if not _has_embedder(runtime):
        yield HealthFinding("vectors", "note", "not checked: the embedding model is not here")
        return
    embedder = runtime.models.embedder
    with runtime.database.read(runtime.principal) as session:
        ours = Vector.embedder == embedder.fingerprint
        missing = session.scalar(
            select(func.count())
            .select_from(Passage)
            .where(filter_without_vector(embedder.fingerprint))
        )
        broken = session.scalar(
            select(func.count())
            .select_from(Vector)
            .where(ours, func.length(Vector.data) != WIDTH * embedder.dim)
        )
        number = session.scalar(select(func.count()).select_from(Vector).where(ours))
    if missing:
        says = f"{missing} passages have none of {embedder.fingerprint}"
        yield HealthFinding("vectors", "wrong", says, REINDEX)
    if broken:
        yield HealthFinding("vectors", "wrong", f"{broken} are not {embedder.dim} wide", REINDEX)
    if not (missing or broken):
        yield HealthFinding("vectors", "ok", f"{number} of {embedder.fingerprint}")


def _check_vector_index(runtime: Runtime) -> Iterator[HealthFinding]:
    """Its files can be read, and it has the rows that the store has, no more and no fewer."""
    if not _has_embedder(runtime):
        yield HealthFinding("vector index", "note", "not checked: the embedding model is not here")
        return
    if file := _find_unreadable(runtime.search.vectors.folder):
        yield HealthFinding("vector index", "wrong", f"{file} cannot be read", REINDEX)
        return
    search = runtime.search.vectors
    with runtime.database.read(runtime.principal) as session:
        index = search.catch_up(session)
        vectors = _sample(session, runtime.models.embedder.fingerprint)
        rows = session.scalar(
            select(func.count()).where(Vector.embedder == runtime.models.embedder.fingerprint)
        )
    if len(index) != rows:
        says = f"has {len(index)} vectors, the store has {rows}"
        yield HealthFinding("vector index", "wrong", says, REINDEX)
        return
    lost = sum(not np.isclose(index.search(each, 1)[0][1], 1, atol=0.01) for each in vectors)
    if lost:
        says = f"{lost} of {len(vectors)} stored vectors are not found by themselves"
        yield HealthFinding("vector index", "wrong", says, REINDEX)
    else:
        kind = "exact" if index.is_exact else f"recall {index.recall:.3f}"
        yield HealthFinding("vector index", "ok", f"{rows} vectors, {kind}")


def _find_unreadable(folder: Path) -> Path | None:
    from genwright.retrieval.vector import is_sound

    for file in sorted(folder.glob("*.faiss")):
        if not is_sound(file) and file.exists():  # another process may just have replaced it
            return file
    return None


def _sample(session: StoreSession, fingerprint: str) -> list[Vectors]:
    """Some stored vectors, from the first to the last."""
    ours = Vector.embedder == fingerprint
    ids = session.scalars(select(Vector.passage_id).where(ours).order_by(Vector.passage_id)).all()
    chosen = ids[:: max(1, len(ids) // SAMPLE)]
    data = session.scalars(select(Vector.data).where(ours, Vector.passage_id.in_(chosen)))
    return [np.frombuffer(each, "<f4") for each in data]


def _has_embedder(runtime: Runtime) -> bool:
    """Whether the embedder can be opened without fetching anything."""
    try:
        _require_model(runtime, runtime.settings.embedding.model)
    except NotFound:
        return False
    return True


def _require_model(runtime: Runtime, model: str) -> None:
    if model not in ("", "hashing", "scripted") and "/" not in model:
        runtime.models.catalog.find_path(model)


def _check_models(runtime: Runtime) -> Iterator[HealthFinding]:
    settings = runtime.settings
    for finding in runtime.models.catalog.verify():
        says = f"{finding.model}/{finding.file} {finding.problem}"
        yield HealthFinding("models", "wrong", says, finding.remedy)
    wanted = [settings.embedding.model, settings.retrieval.rerank_model]
    wanted += [] if settings.answer.extractive else [settings.answer.model]
    for name in wanted:
        _require_model(runtime, name)


def _check_engine(runtime: Runtime) -> Iterator[HealthFinding]:
    """The chat model loads and says something."""
    settings = runtime.settings.answer
    if settings.extractive:
        yield HealthFinding("engine", "ok", "none is used: answers are extractive")
        return
    _require_model(runtime, settings.model)
    request = ChatRequest((ChatMessage("user", "Say yes."),), Sampling(max_tokens=2))
    _, usage = collect_chat(runtime.models.get_engine(runtime.settings.answer.model), request)
    yield HealthFinding(
        "engine", "ok", f"{settings.model} answered {usage.completion_tokens} tokens"
    )


def _check_prompts(runtime: Runtime) -> Iterator[HealthFinding]:
    for name in list_prompt_names():
        load_prompt(name, runtime.workspace.prompts_dir)
    yield HealthFinding("prompts", "ok", f"{len(list_prompt_names())} prompts")


def _check_disk(runtime: Runtime) -> Iterator[HealthFinding]:
    root = runtime.workspace.root
    free = shutil.disk_usage(root).free
    needed = SPARE_BYTES + sum(path.stat().st_size for path in root.glob("genwright.db*"))
    says = f"{free // MIB:,} MiB free"
    if free < needed:
        mend = f"free {(needed - free) // MIB + 1:,} MiB at {root}"
        yield HealthFinding("disk", "wrong", f"{says}, {needed // MIB:,} MiB needed", mend)
    else:
        yield HealthFinding("disk", "ok", says)


def _check_sandbox(runtime: Runtime) -> Iterator[HealthFinding]:
    with Reader(runtime.settings.documents) as reader:
        reader.read_bytes(b"A sentence.", "check.txt")
        guards = {"system-call filter": reader.confined, "Landlock": reader.shut_in}
    missing = [name for name, there in guards.items() if not there]
    if missing:
        says = f"this kernel gives documents' parsers no {' and no '.join(missing)}"
        yield HealthFinding(
            "sandbox", "note", says, "add only documents you trust, or change the kernel"
        )
    else:
        yield HealthFinding("sandbox", "ok", "no network, no other files")


CHECKS: dict[str, Callable[[Runtime], Iterator[HealthFinding]]] = {
    "schema": _check_schema,
    "store": _check_store,
    "documents": _check_documents,
    "keyword index": _check_keyword_index,
    "vectors": _check_vectors,
    "vector index": _check_vector_index,
    "models": _check_models,
    "engine": _check_engine,
    "prompts": _check_prompts,
    "disk": _check_disk,
    "sandbox": _check_sandbox,
}
