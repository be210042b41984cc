"""Vector search: an index that follows the store.

The store is the truth. An index file carries in its name how far it has read: the last passage and
the last removal. Opening one reads what came since; a file that is damaged, or that has read
further than the store goes (it is another's, or the store is an older copy), is made anew.
"""

import contextlib
import os
import re
import secrets
import time
import zlib
from pathlib import Path
from threading import RLock

import numpy as np
from sqlalchemy import select, text

from genwright.retrieval.base import Scope
from genwright.retrieval.index import VectorIndex, build_index
from genwright.retrieval.scope import PassageIds, encode_ids, list_permitted, select_listed
from genwright.settings import RetrievalSettings
from genwright.storage import StoreSession, Vector, VectorRemoval
from genwright.types import Vectors

_NAME = re.compile(r"passages-(\d+)-removals-(\d+)-recall-(\d\.\d+)-crc-([0-9a-f]{8})\.faiss")

SAVE_AFTER = 2000
"""Changes after which a search writes the index it caught up; fewer are read again in no time."""

ABANDONED_SECONDS = 3600
"""Age at which a half-written file is taken for one whose writer died."""


class VectorSearch:
    """The vectors of one embedder, searchable, and never behind the session that asks.

    Args:
        folder: Where the index file lives (``indexes/`` of the workspace).
        embedder: Fingerprint of the embedder whose vectors these are.
        dim: Width of its vectors.
        settings: When to go from exact to approximate, and to which recall.
    """

    def __init__(self, folder: Path, embedder: str, dim: int, settings: RetrievalSettings) -> None:
        self.folder = folder / re.sub(r"[^\w.-]", "-", embedder)
        self.embedder, self.dim, self.settings = embedder, dim, settings
        self._index: VectorIndex | None = None
        self._lock = RLock()
        self._folder_changed = 0
        self._passage = self._removal = 0
        self._unsaved = 0

    def search(
        self, session: StoreSession, query: Vectors, scope: Scope, k: int
    ) -> list[tuple[int, float]]:
        """The k passages of highest cosine in scope, as (passage id, cosine), best first."""
        among = list_permitted(session, scope)
        with self._lock:
            found = self.catch_up(session).search(query, k, among)
            if self._unsaved >= SAVE_AFTER:
                self.save()
        return found

    def catch_up(self, session: StoreSession) -> VectorIndex:
        """The index, with everything that the session sees. For one thread at a time."""
        if self._index is None or self._read_change_time() != self._folder_changed:
            # A first look; or another process wrote a file, perhaps one that knows old passages
            # by vectors made since (`genwright reindex`).
            self._load(session)
        assert self._index is not None
        passage, removal = self._read_marks(session)
        if removal > self._removal:
            self._remove(session, self._index)
        if passage > self._passage:
            ids, vectors = self._read(session, self._passage)
            self._index.add(ids, vectors)
            self._unsaved += len(ids)
        self._passage, self._removal = passage, removal
        if self._index.is_outgrown(self.settings.exact_limit):
            self.rebuild(session)
        return self._index

    def rebuild(self, session: StoreSession) -> VectorIndex:
        """Make the index anew from the rows, and save it."""
        with self._lock:
            self._passage = self._removal = 0  # only what this session sees will have been read
            marks = self._read_marks(session)
            ids, vectors = self._read(session, 0)
            limit, recall = self.settings.exact_limit, self.settings.target_recall
            self._index = build_index(ids, vectors, self.dim, limit, recall)
            self._passage, self._removal = marks
            self.save()
            return self._index

    def save(self) -> None:
        """Write the index beside the others and take its place at once; then drop older files."""
        import faiss

        if self._index is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"passages-{self._passage}-removals-{self._removal}-recall-{self._index.recall:.4f}"
        part = self.folder / f"{name}.{secrets.token_hex(4)}.part"
        faiss.write_index(self._index.faiss_index, str(part))
        with part.open("rb") as file:
            os.fsync(file.fileno())
        whole = self.folder / f"{name}-crc-{_compute_checksum(part)}.faiss"
        part.replace(whole)
        self._unsaved = 0
        self._tidy(whole)
        self._folder_changed = self._read_change_time()

    def _read_change_time(self) -> int:
        """When a file of the folder last came or went, in nanoseconds since 1970."""
        try:
            return self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _tidy(self, newest: Path) -> None:
        """Drop files that are behind, damaged ones of the same marks, and what a crash left."""
        for other in self.folder.glob("*.faiss"):
            if other != newest and _parse_progress(other) <= (self._passage, self._removal):
                other.unlink(missing_ok=True)  # another process may have been first
        for part in self.folder.glob("*.part"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > ABANDONED_SECONDS:
                    part.unlink()

    def _load(self, session: StoreSession) -> None:
        import faiss

        self._folder_changed = self._read_change_time()
        used = session.execute(text("SELECT name, seq FROM sqlite_sequence")).all()
        ends = {str(name): int(last) for name, last in used}
        for file in sorted(self.folder.glob("*.faiss"), key=_parse_progress, reverse=True):
            passage, removal = _parse_progress(file)
            ahead = passage > ends.get("passage", 0) or removal > ends.get("vector_removal", 0)
            match = _NAME.fullmatch(file.name)
            if match is None or ahead or not is_sound(file):
                continue
            with contextlib.suppress(RuntimeError):  # another process may just have dropped it
                self._index = VectorIndex(faiss.read_index(str(file)), float(match[3]))
                self._passage, self._removal = passage, removal
                return
        self.rebuild(session)

    def _read_marks(self, session: StoreSession) -> tuple[int, int]:
        """Last passage and last removal that the session sees for this embedder."""
        passage, removal = session.execute(_LAST, {"embedder": self.embedder}).one()
        # A removed last passage, or a session that began earlier, leaves a smaller maximum; what
        # has been read stays read.
        return max(passage or 0, self._passage), max(removal or 0, self._removal)

    def _read(self, session: StoreSession, after: int) -> tuple[PassageIds, Vectors]:
        rows = session.execute(
            select(Vector.passage_id, Vector.data)
            .where(Vector.embedder == self.embedder, Vector.passage_id > after)
            .order_by(Vector.passage_id)
        ).all()
        ids = np.array([passage for passage, _ in rows], dtype=np.int64)
        data = b"".join(data for _, data in rows)
        return ids, np.frombuffer(data, dtype="<f4").reshape(len(rows), self.dim)

    def _remove(self, session: StoreSession, index: VectorIndex) -> None:
        gone = session.scalars(
            select(VectorRemoval.passage_id).where(
                VectorRemoval.embedder == self.embedder,
                VectorRemoval.id > self._removal,
                VectorRemoval.passage_id <= self._passage,
            )
        ).all()
        index.remove(np.array(gone, dtype=np.int64))
        self._unsaved += len(gone)


def is_sound(file: Path) -> bool:
    """Whether an index file is as it was written, by the checksum in its name.

    Asked before faiss sees a file, whose reader trusts the sizes that the file states.
    """
    match = _NAME.fullmatch(file.name)
    try:
        return match is not None and _compute_checksum(file) == match[4]
    except OSError:
        return False


def _parse_progress(file: Path) -> tuple[int, int]:
    """How far an index file has read; before everything where its name is of another form."""
    match = _NAME.fullmatch(file.name)
    return (int(match[1]), int(match[2])) if match else (-1, -1)


def _compute_checksum(path: Path) -> str:
    """CRC-32 of a file, 8 hexadecimal digits: finds damage, at a gigabyte a second."""
    total = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total = zlib.crc32(block, total)
    return f"{total:08x}"


_LAST = text(
    "SELECT (SELECT max(passage_id) FROM vector WHERE embedder = :embedder),"
    " (SELECT max(id) FROM vector_removal)"
)
_DATA = text(
    "SELECT passage_id, data FROM vector"
    f" WHERE embedder = :embedder AND passage_id IN ({select_listed('ids')})"
)


def compute_cosines(
    session: StoreSession, embedder: str, query: Vectors, passages: PassageIds
) -> dict[int, float]:
    """Exact cosine of a query, shape (dim,), with stored passages; those without a vector miss."""
    rows = session.execute(_DATA, {"embedder": embedder, "ids": encode_ids(passages)}).all()
    if not rows:
        return {}
    ids, data = zip(*rows, strict=True)
    vectors = np.frombuffer(b"".join(data), dtype="<f4").reshape(len(rows), -1)
    return dict(zip(ids, (vectors @ query).tolist(), strict=True))
