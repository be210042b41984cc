"""Checking a data set before anything is trained on it."""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from genwright.datasets.base import LINEAGE, Dataset, extract_text
from genwright.datasets.findings import CheckReport, FindingCollector, shorten_text
from genwright.datasets.near_duplicates import extract_ngrams, group_near_duplicates
from genwright.datasets.scan import repair_text, scan_texts
from genwright.datasets.secrets import find_secret
from genwright.types import Json, Vectors

CountTokens = Callable[[Sequence[str]], Sequence[int]]
Embed = Callable[[Sequence[str]], Vectors]
OVERLAP_GRAM = 13
"""Words in a row that two sets must share to overlap: Brown et al. 2020, arXiv:2005.14165, C."""
HALF = 0.5
SAME = 0.95
"""Cosine similarity from which a row and one of an evaluation set say the same."""
RARE = 5
"""Rows of a label below which it can hardly be learnt."""
IMBALANCE = 10
"""Times that the commonest label is as common as the rarest, from which it is said."""
SIGNIFICANT = 0.01
LONG = 0.6
"""Share of pairs whose longer reply is the chosen one, from which length is what is learnt."""


@dataclass(frozen=True)
class LengthLimits:
    """What decides whether a row is too long."""

    count_tokens: CountTokens
    """Length of texts, by the tokenizer of the model that will be trained."""
    tokens: int


def check_dataset(
    dataset: Dataset,
    *,
    limits: LengthLimits | None = None,
    against: Sequence[Dataset] = (),
    embed: Embed | None = None,
    near: bool = True,
) -> CheckReport:
    """Look for what would spoil a training, or an evaluation after it.

    Args:
        dataset: The rows.
        limits: How long a row may be; None to leave lengths alone.
        against: Evaluation sets that the rows must not overlap with.
        embed: Unit vectors of texts, to find rows that say the same in other words; slower by far.
        near: Look for near duplicates.
    """
    began = time.monotonic()
    texts = [extract_text(row) for row in dataset.rows]
    found = FindingCollector(texts)
    figures: Json = {"characters": _summarize_spread([len(text) for text in texts])}
    _check_shape(dataset, found)
    _check_lengths(dataset, texts, limits, found, figures)
    # Questions about one context are alike by that, and different by what they ask.
    seen = scan_texts(texts, near and dataset.form != "qa")
    _check_duplicates(dataset, seen.signatures, found)
    _check_private(seen, found, texts)
    _check_encoding(seen.broken, found)
    _check_labels(dataset, found, figures)
    _check_pairs(dataset, found, figures)
    _check_overlap(texts, against, embed, found)
    order = {"error": 0, "warning": 1, "info": 2}
    findings = tuple(sorted(found.found, key=lambda each: order[each.severity]))
    seconds = time.monotonic() - began
    return CheckReport(
        dataset.name, dataset.form, len(dataset), dataset.sha256, findings, seconds, figures
    )


def repair_dataset(dataset: Dataset, report: CheckReport) -> Dataset:
    """A copy without the rows that have errors or repeat others, and with encodings repaired.

    Each row's lineage says which row of which set it was, and what was done to it.
    """
    drop = report.list_bad_rows()
    fix: set[int] = set()
    for each in report.findings:
        if each.check in ("exact_duplicates", "near_duplicates"):
            drop |= set(each.rows)
        if each.check == "encoding":
            fix |= set(each.rows)
    drop -= fix - {row for each in report.findings if each.severity == "error"
                   for row in each.rows if each.check != "encoding"}  # fmt: skip
    rows = []
    for number, row in enumerate(dataset.rows, 1):
        if number in drop:
            continue
        lineage = row.get(LINEAGE) or {"dataset": dataset.sha256, "row": number}
        if number in fix:
            lineage = {**lineage, "mended": ["encoding"]}
        rows.append({**(_repair_value(row) if number in fix else row), LINEAGE: lineage})
    return dataset.with_rows(rows)


def _repair_value(value: Any) -> Any:  # noqa: ANN401 - a row, or a part of it
    if isinstance(value, str):
        return repair_text(value)
    if isinstance(value, list):
        return [_repair_value(each) for each in value]
    if isinstance(value, dict):
        return {key: each if key == LINEAGE else _repair_value(each) for key, each in value.items()}
    return value


def _summarize_spread(values: Sequence[int]) -> Json:
    return {"least": min(values), "median": median(values), "most": max(values)} if values else {}


def _check_shape(dataset: Dataset, found: FindingCollector) -> None:
    """Empty fields and conversations whose turns are out of order."""
    empty = [place for place, row in enumerate(dataset.rows) if _is_empty(row, dataset.form)]
    found.add(
        "empty", "error", empty, "A field has no text: there is nothing to learn or to read.",
        "Fill it in, or drop the rows with --fix.",
    )  # fmt: skip
    if dataset.form != "messages":
        return
    problems: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(dataset.rows):
        if problem := find_turn_problem(row["messages"]):
            problems[problem].append(place)
    for problem, places in problems.items():
        mend = "Put the turns in order: system, then user and assistant in turn."
        found.add("turns", "error", places, problem, mend)


def _is_empty(row: Json, form: str) -> bool:
    if form == "messages":
        return not row["messages"] or any(
            not (each.get("content") or "").strip() and not each.get("tool_calls")
            for each in row["messages"]
        )
    if form == "qa":
        return not row["question"].strip() or not row["context"].strip()
    if form == "summarization":
        return not row["document"].strip() or not all(each.strip() for each in row["summaries"])
    return any(not value.strip() for key, value in row.items()
               if isinstance(value, str) and key != LINEAGE)  # fmt: skip


def find_turn_problem(messages: Sequence[Json]) -> str:
    """What is wrong with the order of a conversation's turns; empty where nothing is.

    Example:
        >>> find_turn_problem([{"role": "assistant"}, {"role": "user"}])
        'It begins with a turn of assistant.'
    """
    roles = [str(each["role"]) for each in messages]
    if "system" in roles[1:]:
        return "A system message stands within the conversation."
    spoken = roles[1:] if roles and roles[0] == "system" else roles
    if not spoken or spoken[0] != "user":
        return f"It begins with a turn of {spoken[0] if spoken else 'nobody'}."
    if "assistant" not in spoken:
        return "No turn of the assistant: there is nothing to learn."
    for before, after in pairwise(spoken):
        if before == after == "user" or (before == "user" and after == "tool"):
            return f"A turn of {after} follows one of {before}."
    return ""


def _check_lengths(
    dataset: Dataset,
    texts: Sequence[str],
    limits: LengthLimits | None,
    found: FindingCollector,
    figures: Json,
) -> None:
    if limits is None:
        return
    counts = list(limits.count_tokens(texts))
    figures["tokens"] = _summarize_spread(counts) | {"all": sum(counts)}
    found.add(
        "over_length", "warning" if dataset.form == "text" else "error",
        [place for place, count in enumerate(counts) if count > limits.tokens],
        f"Longer than {limits.tokens} tokens: the training would cut its end off.",
        "Raise max_length, shorten the rows, or drop them with --fix.",
        excerpt=lambda place: f"{counts[place]} tokens: {shorten_text(texts[place])}",
    )  # fmt: skip


def _check_duplicates(
    dataset: Dataset, signatures: Sequence[Sequence[int]], found: FindingCollector
) -> None:
    first: dict[bytes, int] = {}
    leaders = [first.setdefault(line, place) for place, line in enumerate(dataset.lines)]
    again = [place for place, leader in enumerate(leaders) if leader != place]
    found.add(
        "exact_duplicates", "warning", again,
        "The same as an earlier row: it counts twice in training, and leaks between parts.",
        "Drop the repeats with --fix.",
    )  # fmt: skip
    _check_contradictions(dataset, found)
    if not signatures:
        return
    exact = set(again)
    groups = group_near_duplicates(signatures)
    near = [p for p, leader in enumerate(groups) if leader != p and p not in exact]
    found.add(
        "near_duplicates", "warning", near,
        "Almost the same as an earlier row (MinHash similarity of 0.8 or more).",
        "Drop the repeats with --fix; a split keeps them in one part.",
        excerpt=lambda place: f"like row {groups[place] + 1}: {shorten_text(found.texts[place])}",
    )  # fmt: skip


def _check_contradictions(dataset: Dataset, found: FindingCollector) -> None:
    """The same question with different answers, where there can be one only."""
    if dataset.form != "classification":
        return
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for row in dataset.rows:
        labels[row["text"]].add(row["label"])
    places = [i for i, row in enumerate(dataset.rows) if len(labels[row["text"]]) > 1]
    found.add(
        "contradictions", "warning", places, "The same text has different labels.",
        "Decide which one is right.",
    )  # fmt: skip


def _check_private(seen: Any, found: FindingCollector, texts: Sequence[str]) -> None:  # noqa: ANN401 - a Scan
    def mask_secret(place: int) -> str:
        start, end = find_secret(texts[place]) or (0, 0)
        return shorten_text(
            f"…{texts[place][max(0, start - 30) : start]}{'*' * min(end - start, 12)}…"
        )

    found.add(
        "secrets", "error", seen.secrets,
        "A key, token or password: a model can repeat it to anybody.",
        "Remove it, and revoke it where it is real.", excerpt=mask_secret,
    )  # fmt: skip
    for kind, places in sorted(seen.identifiers.items()):
        found.add(
            f"pii_{kind}", "warning", places,
            f"Identifies a person ({kind}): a model can repeat it.",
            "Remove or replace it, unless those persons agreed.",
            excerpt=lambda place, kind=kind: f"a {kind}",  # type: ignore[misc]
        )  # fmt: skip


def _check_encoding(places: Sequence[int], found: FindingCollector) -> None:
    found.add(
        "encoding", "error", places,
        "Characters that come of a wrong encoding, or control characters.",
        "Repair them with --fix, or convert the source again.",
    )  # fmt: skip


def _check_labels(dataset: Dataset, found: FindingCollector, figures: Json) -> None:
    if dataset.form not in ("classification", "thumbs") or not len(dataset):
        return
    counts = Counter(str(row["label"]) for row in dataset.rows)
    figures["labels"] = dict(counts.most_common())
    most, least = counts.most_common(1)[0][1], min(counts.values())
    rare = {label for label, count in counts.items() if count < RARE}
    found.add(
        "rare_labels", "warning",
        [place for place, row in enumerate(dataset.rows) if str(row["label"]) in rare],
        f"A label with fewer than {RARE} rows can hardly be learnt or measured.",
        "Add rows, or join labels.",
    )  # fmt: skip
    if most >= IMBALANCE * least:
        says = f"The commonest label has {most} rows, the rarest {least}."
        mend = "Look at macro F1 and not at accuracy; add rows of the rare labels."
        found.add("imbalance", "warning", [], says, mend, whole=True)
    if len(counts) < 2:
        says = "All rows have the same label: there is nothing to tell apart."
        found.add("one_label", "error", [], says, "Add rows of other labels.", whole=True)


def _check_pairs(dataset: Dataset, found: FindingCollector, figures: Json) -> None:
    if dataset.form != "preference":
        return
    same = [i for i, row in enumerate(dataset.rows) if row["chosen"] == row["rejected"]]
    found.add(
        "identical_pairs", "error", same, "The chosen reply is the rejected one.",
        "Drop the pairs with --fix.",
    )  # fmt: skip
    longer = sum(len(row["chosen"]) > len(row["rejected"]) for row in dataset.rows)
    shorter = sum(len(row["chosen"]) < len(row["rejected"]) for row in dataset.rows)
    share = longer / max(1, longer + shorter)
    figures["chosen_longer"] = {"share": round(share, 4), "p": sign_test(longer, shorter)}
    if share >= LONG and sign_test(longer, shorter) < SIGNIFICANT:
        says = f"In {share:.0%} of the pairs the longer reply is the chosen one: length is learnt."
        mend = "Add pairs whose better reply is short, or control for length when you train."
        found.add("longer_is_chosen", "warning", [], says, mend, whole=True)


def sign_test(wins: int, losses: int) -> float:
    """Two-sided p value of as uneven a count if both were equally likely (normal for many).

    Example:
        >>> sign_test(5, 5)
        1.0
    """
    total = wins + losses
    if total == 0:
        return 1.0
    if total > 1000:
        z = max(0.0, abs(wins - losses) - 1) / math.sqrt(total)
        return math.erfc(z / math.sqrt(2))
    tail = sum(math.comb(total, k) for k in range(min(wins, losses) + 1)) / 2**total
    return min(1.0, 2 * tail)


def _check_overlap(
    texts: Sequence[str], against: Sequence[Dataset], embed: Embed | None, found: FindingCollector
) -> None:
    for other in against:
        theirs = [extract_text(row) for row in other.rows]
        grams_of_theirs = {gram for text in theirs for gram in extract_ngrams(text, OVERLAP_GRAM)}
        places = [
            i for i, text in enumerate(texts) if _measure_overlap(text, grams_of_theirs) >= HALF
        ]
        found.add(
            "overlap", "error", places,
            f"At least half of it ({OVERLAP_GRAM} words in a row each) stands in {other.name}, an "
            "evaluation set: what is measured there would be memory.",
            "Drop the rows with --fix.",
        )  # fmt: skip
        if embed is not None:
            nearest = _score_nearest(texts, theirs, embed)
            known = set(places)
            found.add(
                "same_meaning", "warning",
                [i for i, value in enumerate(nearest) if value >= SAME and i not in known],
                f"Says the same as a row of {other.name} (cosine of {SAME} or more).",
                "Look at them, and drop those that ask the same.",
            )  # fmt: skip


def _measure_overlap(text: str, others: set[str]) -> float:
    """Share of a text's n-grams that are among others: one alone may be a common phrase."""
    mine = set(extract_ngrams(text, OVERLAP_GRAM))
    return len(mine & others) / len(mine)


def _score_nearest(texts: Sequence[str], theirs: Sequence[str], embed: Embed) -> list[float]:
    """Highest cosine similarity of each text to one of the others."""
    if not texts or not theirs:
        return [0.0] * len(texts)
    mine, others = embed(texts), embed(theirs)
    best: list[float] = []
    for start in range(0, len(mine), 1000):
        best += (mine[start : start + 1000] @ others.T).max(axis=1).tolist()
    return best
