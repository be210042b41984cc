"""Sets of claims and sources: does a source say what a claim says?

One folder a set, with ``dev.jsonl`` or several ``dev*.jsonl`` (else ``test.jsonl``); each row has
``source``, ``claim`` and ``label`` (``supported``, ``partly``, ``not``), and may have the
``question`` or ``message`` that the claim replies to.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.errors import NotFound, UsageError
from genwright.evaluation.suites.files import hash_files, read_jsonl

LABELS = ("supported", "partly", "not")


@dataclass(frozen=True)
class ClaimCase:
    """A claim and the source that may say it."""

    claim: str
    source: str
    question: str
    """What the claim replies to; empty where nothing was asked."""
    supported: bool
    """Whether all of it is said: a claim that partly is counts as not supported."""


@dataclass(frozen=True)
class ClaimSet:
    """The rows of one set."""

    name: str
    cases: tuple[ClaimCase, ...]
    sha256: str


def read_claim_sets(folder: Path, names: Sequence[str] = ()) -> list[ClaimSet]:
    """The sets under a folder, by name.

    Args:
        folder: Holds a folder for each set.
        names: Which; none for all.

    Raises:
        NotFound: There is no such folder or set; the message lists those there are.
        UsageError: A row is not in the form; the message says what is missing.
    """
    found = {
        each.parent.name
        for pattern in ("dev*", "test")
        for each in folder.glob(f"*/{pattern}.jsonl")
    }
    if not found:
        raise NotFound(f"{folder} has no sets of claims: name a folder with SET/dev.jsonl.")
    for name in names:
        if name not in found:
            raise NotFound(f"{folder} has no set {name!r}. Known: {', '.join(sorted(found))}.")
    return [_read_set(folder / name) for name in sorted(names or found)]


def _read_set(folder: Path) -> ClaimSet:
    files = sorted(folder.glob("dev*.jsonl")) or [folder / "test.jsonl"]
    cases = []
    for file in files:
        for number, row in enumerate(read_jsonl(file), start=1):
            missing = [name for name in ("claim", "source", "label") if not row.get(name)]
            if missing or row["label"] not in LABELS:
                raise UsageError(
                    f"{file}, row {number}: expected claim, source and a label of "
                    f"{', '.join(LABELS)}; got {', '.join(missing) or repr(row['label'])}."
                )
            asked = str(row.get("question") or row.get("message") or "")
            supported = row["label"] == "supported"
            cases.append(ClaimCase(str(row["claim"]), str(row["source"]), asked, supported))
    return ClaimSet(folder.name, tuple(cases), hash_files(files))


def draw_cases(made: ClaimSet, most: int | None, seed: int = 0) -> tuple[ClaimCase, ...]:
    """At most so many rows of a set, drawn at random; None for all."""
    if most is None or most >= len(made.cases):
        return made.cases
    return tuple(random.Random(seed).sample(made.cases, most))
