"""Requests that the classifier of intents learns from: our own, and questions of public sets."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

REQUESTS = Path(__file__).parent / "requests"
FOLLOW_UP = "follow-up"
MOST_PUBLIC = 150
"""Rows of public sets for each kind."""

_PUBLIC: dict[str, tuple[str, str]] = {
    "fact": ("short", r"^(?!why|how (do|to|does|did)|explain)(?!.*(what are|list|difference))"),
    "how-to": ("how-to", r"^(?!.*(funciona|fonctionne|work|scale|what is))"),
    "explanation": ("long", r"^(why|explain|what causes|how (does|do|did))\b(?!.*differ)"),
    "list": ("list", r"\b(what (are|were|other)|which|name|list|who (are|were))\b"),
}
"""The kind that a public row of each kind has, and how its question reads."""
_READ = ("set", "language", "question", "kind")


@dataclass(frozen=True)
class Request:
    """What a person typed, and what was wanted."""

    text: str
    kind: str
    language: str
    group: str
    """Domain or template; all of one group are held back together."""
    follow_up: bool = False
    own: bool = True


def read_requests(folder: Path = REQUESTS) -> list[Request]:
    """Our own requests: a file for each kind, blocks under ``# group``, ``xx:`` before a language.

    Those of ``follow-up.txt`` have their kind beside the group.
    """
    return list(chain.from_iterable(map(_read_file, sorted(folder.glob("*.txt")))))


def _read_file(path: Path) -> Iterator[Request]:
    group, kind, follow_up = "", path.stem, path.stem == FOLLOW_UP
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            group, _, named = line[2:].partition(" ")
            kind = named or path.stem
        elif line.strip():
            found = re.match(r"([a-z]{2}): (.+)", line)
            language, text = found.groups() if found else ("en", line)
            yield Request(text, kind, language, group, follow_up)


def read_public(folder: Path, seed: int = 0) -> list[Request]:
    """Questions of public sets, at most ``MOST_PUBLIC`` a kind, spread over languages."""
    rows = [row for path in sorted(folder.glob("*.jsonl.gz")) for row in _read_rows(path)]
    Random(seed).shuffle(rows)
    return [request for kind in _PUBLIC for request in _choose(rows, kind)]


def _read_rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [{name: row.get(name, "") for name in _READ} for row in rows]


def _choose(rows: list[dict[str, str]], kind: str) -> Iterator[Request]:
    fitting = [row for row in rows if _fits(row, kind)]
    languages = Counter(row["language"] for row in fitting)
    share = max(4, MOST_PUBLIC // max(1, len(languages)))
    taken: Counter[str] = Counter()
    for row in fitting:
        most = MOST_PUBLIC // 2 if row["language"] == "en" else share
        if taken[row["language"]] < most and taken.total() < MOST_PUBLIC:
            taken[row["language"]] += 1
            yield Request(row["question"], kind, row["language"], row["set"], own=False)


def _fits(row: dict[str, str], kind: str) -> bool:
    wanted, reads = _PUBLIC[kind]
    question = row["question"]
    is_right = row["kind"] == wanted and row["set"] not in ("doc2dial", "fetaqa")
    is_language = not row["language"].endswith(("-en", "-fr"))  # of questions half in another one
    return (
        is_right
        and is_language
        and (kind == "how-to") == row["set"].startswith("faq")
        and 8 <= len(question) <= 200
        and bool(re.search(reads, question, re.IGNORECASE))
    )
