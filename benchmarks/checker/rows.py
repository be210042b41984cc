"""Rows that the checker learns from: claims with what may say them, and questions for yes or no.

The two sets of claims that have a part to learn from, and claims made from passages.
"""

import random
from pathlib import Path

from benchmarks.reader.rows import (
    HELD_BACK,
    Pairs,
    Row,
    as_typed,
    ask_whether,
    make_claims,
    read_gz,
)

from genwright.documents import split_sentences
from genwright.grounding import words

VITAMINC, SCONE, MADE = 14_000, 3_900, 7_000
YES_NO, OPEN = 6_400, 1_800
"""Questions with "yes" or "no" behind them: those that can be answered so, and others."""
ASKED = ("selqa-en", "faq-multi", "tydiqa-goldp-multi", "medquad-en", "doc2dial-en")
WINDOW = 640
"""Characters of source that a claim is read with, as the check does it."""


def claim_rows(
    data: Path, pairs: Pairs, seed: int, share: float = 1.0
) -> tuple[list[Row], list[Row]]:
    """Rows for training and validation, shuffled."""
    draw = random.Random(seed)
    ground = data / "17-groundedness"
    found: list[tuple[str, str, str, bool]] = []
    for name, most in (("vitaminc", VITAMINC), ("scone-nli", SCONE)):
        rows = read_gz(ground / name / "train.jsonl.gz")
        draw.shuffle(rows)
        found += [
            (name, row["claim"], row["source"], row["label"] == "supported")
            for row in rows[: int(most * share)]
        ]
    found += [("made", *made) for made in make_claims(draw, data, int(MADE * share))]
    return _split(draw, [_row(pairs, *each) for each in found])


def verdict_rows(data: Path, pairs: Pairs, seed: int) -> list[Row]:
    """Questions with "yes" or "no" behind them, which a source supports or does not.

    Neither is supported where the source does not tell, or where nobody asked for yes or no.
    """
    draw = random.Random(seed + 7)
    made = []
    claims = read_gz(data / "17-groundedness" / "vitaminc" / "train.jsonl.gz")
    for row in draw.sample(claims, YES_NO):
        said = draw.choice(("Yes.", "No."))
        wanted = "SUPPORTS" if said == "Yes." else "REFUTES"
        asked = as_typed(draw, ask_whether(draw, row["claim"]))
        right = wanted in row["kind"]
        made.append(_row(pairs, "yes-no", f"{asked} {said}", row["source"], right))
    for name in ASKED:
        rows = read_gz(data / "16-rag-answers" / "reader-training" / f"{name}.jsonl.gz")
        for row in draw.sample(rows, OPEN // len(ASKED)):
            said = draw.choice(("Yes.", "No."))
            source = find_window(row["question"], row["passage"])
            made.append(_row(pairs, "open", f"{row['question']} {said}", source, False))
    draw.shuffle(made)
    return made


def _row(pairs: Pairs, name: str, claim: str, source: str, supported: bool) -> Row:
    return pairs.support_row(claim, source, supported) | {"set": name}


def _split(draw: random.Random, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    draw.shuffle(rows)
    return (
        [row for place, row in enumerate(rows) if place % HELD_BACK],
        rows[::HELD_BACK],
    )


def find_window(claim: str, source: str) -> str:
    """Whole sentences of a source, at most ``WINDOW`` characters, with most words of a claim."""
    if len(source) <= WINDOW:
        return source
    spans = list(split_sentences(source))
    wanted = set(words.extract_content(claim))
    best, found = -1, source[:WINDOW]
    for first in range(len(spans)):
        start = spans[first][0]
        ends = [end for _, end in spans[first:] if end - start <= WINDOW]
        text = source[start : ends[-1]] if ends else source[start : start + WINDOW]
        shared = len(wanted & set(words.extract_content(text)))
        if shared > best:
            best, found = shared, text
    return found
