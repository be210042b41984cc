"""The vector index: FAISS over what the store holds, rebuilt from it at any time.

Up to ``exact_limit`` vectors every one is compared, in half precision (rounding of 2**-11 per
component; a third of the time and half the memory of float32). Above that an inverted file
(Jégou et al. 2011, doi:10.1109/TPAMI.2010.57) looks into as many lists as the asked recall needs,
measured on the vectors themselves when it is built.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genwright.types import Vectors

TRAINING_ROWS = 50_000
"""Vectors that the centres of the lists are learnt from."""
PROBES = 100
"""Stored vectors whose neighbours measure the recall."""
NARROW = 100_000
"""A search among so few ids compares them all, which takes milliseconds."""


@dataclass
class VectorIndex:
    """Vectors by passage id, searchable by inner product (cosine, as all have unit length).

    Not for use by several threads at once. ``recall`` is the measured recall@10 against exact
    search: 1.0 for the exact kind.
    """

    faiss_index: Any
    recall: float = 1.0

    def __len__(self) -> int:
        return int(self.faiss_index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether every vector is compared."""
        return "IVF" not in type(_unwrap_index(self.faiss_index)).__name__

    def is_outgrown(self, exact_limit: int) -> bool:
        """Whether it is exact and too large for that, or has twice the vectors it was made for."""
        if self.is_exact:
            return len(self) > exact_limit
        return (
            _count_lists(len(self)) > 1.4 * _unwrap_index(self.faiss_index).nlist
        )  # 4 * sqrt(n): sqrt(2)

    def add(self, ids: NDArray[np.int64], vectors: Vectors) -> None:
        """Add vectors of new ids, shapes (n,) and (n, dim)."""
        if len(ids):
            self.faiss_index.add_with_ids(np.ascontiguousarray(vectors), ids)

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Remove ids; those it does not have are passed over."""
        if len(ids):
            self.faiss_index.remove_ids(ids)

    def search(
        self, query: Vectors, k: int, among: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The k nearest as (id, cosine), best first.

        Args:
            query: Unit length, shape (dim,).
            k: At most so many.
            among: Only these ids may be found; None for all. The others are not even compared.
        """
        k = min(k, len(self) if among is None else len(among))
        if k <= 0:
            return []
        # A narrow scope may have its few vectors in lists far from the query.
        narrow = among is not None and len(among) <= max(NARROW, len(self) // 10)
        found = self._search(query, k, among, every_list=narrow)
        if len(found) < k and not narrow:
            found = self._search(query, k, among, every_list=True)
        return found

    def _search(
        self, query: Vectors, k: int, among: NDArray[np.int64] | None, every_list: bool
    ) -> list[tuple[int, float]]:
        import faiss

        parameters: Any = faiss.SearchParameters() if self.is_exact else faiss.SearchParametersIVF()
        if among is not None:
            parameters.sel = faiss.IDSelectorBatch(among)
        if not self.is_exact:
            inner = _unwrap_index(self.faiss_index)
            parameters.nprobe = inner.nlist if every_list else inner.nprobe
        with _use_one_thread():
            scores, ids = self.faiss_index.search(query[None], k, params=parameters)
        return [
            (int(i), float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0
        ]


def build_index(
    ids: NDArray[np.int64], vectors: Vectors, dim: int, exact_limit: int, recall: float
) -> VectorIndex:
    """Make an index of vectors, shape (n, dim), exact or tuned to a recall by their number."""
    import faiss

    if len(ids) <= exact_limit:
        flat = faiss.index_factory(dim, "SQfp16", faiss.METRIC_INNER_PRODUCT)
        index = VectorIndex(faiss.IndexIDMap2(flat))
        index.add(ids, vectors)
        return index
    kind = f"IVF{_count_lists(len(ids))},SQfp16"
    inverted = faiss.index_factory(dim, kind, faiss.METRIC_INNER_PRODUCT)
    sample = np.random.default_rng(0).permutation(len(ids))[:TRAINING_ROWS]
    inverted.train(vectors[np.sort(sample)])
    inverted.add_with_ids(np.ascontiguousarray(vectors), ids)
    index = VectorIndex(inverted)
    index.recall = _tune(index, vectors[sample[:PROBES]], ids, vectors, recall)
    return index


@contextmanager
def _use_one_thread() -> Iterator[None]:
    """One query has nothing to share out, and on a busy machine threads wait for one another."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _tune(
    index: VectorIndex, queries: Vectors, ids: NDArray[np.int64], vectors: Vectors, recall: float
) -> float:
    """Probe twice as many lists until the recall@10 asked for is measured; return what is."""
    k = min(10, len(ids))
    best = np.argpartition(-(queries @ vectors.T), k - 1, axis=1)[:, :k]
    truth = [set(ids[row].tolist()) for row in best]
    inner = index.faiss_index
    inner.nprobe = 4
    while True:
        found = [{i for i, _ in index.search(query, k)} for query in queries]
        measured = float(np.mean([len(a & b) / k for a, b in zip(found, truth, strict=True)]))
        if measured >= recall or inner.nprobe >= inner.nlist:
            return measured
        inner.nprobe = min(2 * inner.nprobe, inner.nlist)


def _count_lists(count: int) -> int:
    """Lists for so many vectors, as faiss advises; at least 39 vectors a list to learn from."""
    return max(1, min(4 * math.isqrt(count), count // 39))


def _unwrap_index(index: Any) -> Any:  # noqa: ANN401 - faiss has no type stubs
    """The index below the map of ids, as its own class."""
    import faiss

    return faiss.downcast_index(index.index) if hasattr(index, "index") else index
