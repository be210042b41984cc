"""Near duplicates by MinHash. Broder 1997, doi:10.1109/SEQUEN.1997.666900.

Signatures of 128 hashes over word 3-grams, banded for a similarity of about 0.8 (Leskovec et al.
2014, section 3.4), by the ``rensa`` library.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from genwright.extras import need

PERMUTATIONS, BANDS, ROWS = 128, 16, 8
"""16 bands of 8 rows: pairs of a similarity over (1/16)^(1/8) = 0.71 mostly become candidates."""
NEAR = 0.8
"""Estimated Jaccard similarity from which two texts are near duplicates."""
GRAM = 3
_WORDS = re.compile(r"\w+")


def extract_ngrams(text: str, length: int = GRAM) -> list[str]:
    """Word n-grams of a text in small letters; all its words together where it is shorter.

    Example:
        >>> extract_ngrams("The cat sat down.")
        ['the cat sat', 'cat sat down']
    """
    words = _WORDS.findall(text.lower())
    if len(words) <= length:
        return [" ".join(words)]
    return [" ".join(words[i : i + length]) for i in range(len(words) - length + 1)]


def compute_signatures(texts: Iterable[str]) -> list[list[int]]:
    """MinHash signatures of texts, ``PERMUTATIONS`` numbers each."""
    rensa = need("rensa", "train", "Finding near duplicates")
    return [_compute_signature(rensa, text) for text in texts]


def _compute_signature(rensa: Any, text: str) -> list[int]:  # noqa: ANN401 - a module without types
    sketch = rensa.RMinHash(num_perm=PERMUTATIONS, seed=42)
    sketch.update(extract_ngrams(text))
    return sketch.digest()


def group_near_duplicates(found: Sequence[Sequence[int]]) -> list[int]:
    """For each signature the first one that it is near to, itself where there is none before.

    Nearness is taken on from one to the next, so that a group is what chains of pairs connect.
    """
    import numpy as np

    table = np.asarray(found, dtype=np.uint64).reshape(len(found), PERMUTATIONS)
    parents = list(range(len(found)))

    def find_root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for band in range(BANDS):
        columns = np.ascontiguousarray(table[:, band * ROWS : (band + 1) * ROWS])
        keys = columns.view(np.dtype((np.void, columns.itemsize * ROWS))).ravel()
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        leaders = first[inverse]
        for place in np.flatnonzero(leaders != np.arange(len(table))):
            mine, theirs = find_root(int(place)), find_root(int(leaders[place]))
            if mine != theirs and (table[place] == table[leaders[place]]).mean() >= NEAR:
                parents[max(mine, theirs)] = min(mine, theirs)
    return [find_root(place) for place in range(len(found))]
