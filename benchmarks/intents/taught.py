"""How far one correction of what a request wants reaches; and the rows that the loop's gate reads.

    python -m benchmarks.intents.taught E5_FOLDER READER_TRAINING_FOLDER --cache vectors.npz

The arguments are those of ``train``. ``paraphrases.txt`` has requests with the kind that somebody
says was wanted, paraphrases (``=``) that must follow, and near requests that want something else
(``!``) and must stay. Limits of 0.95 and 0.6 were chosen on them; ``paraphrases_held.txt``, written
after that, had 12 % of its near requests disturbed by these, so the shipped ones were chosen on
both, as the loosest that disturb none. Prints how many follow and how many are disturbed.
``--write`` writes ``intent_held.npz``.
"""

import argparse
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from benchmarks.intents.embedded import embed_requests
from benchmarks.intents.rows import Request, read_public, read_requests
from benchmarks.intents.train import STRENGTHS, calibrate, score_held_back
from scipy.sparse import csr_array
from scipy.special import softmax

from genwright.answers.understanding import taught
from genwright.answers.understanding.held_back import ROWS
from genwright.answers.understanding.intent import (
    TRAINED_WITH,
    IntentClassifier,
    average_kinds,
    count_ngrams,
    load_heat,
)
from genwright.answers.understanding.kinds import KINDS
from genwright.types import Vectors

PARAPHRASES = sorted(Path(__file__).parent.glob("paraphrases*.txt"))
A_KIND = 50
"""Held-back rows of each kind."""
LIMITS = {
    "vectors": [(c, b) for c in (0.93, 0.94, 0.95, 0.96, 0.97) for b in (0.0, 0.6, 0.8)],
    "ngrams": [(c, b) for c in (0.7, 0.75, 0.8, 0.85, 0.9) for b in (0.0, 0.8, 0.9)],
}


@dataclass
class Block:
    """A request with its kind, requests that are as good, and near ones that are not."""

    kind: str
    text: str = ""
    same: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


def main() -> None:
    """Measure, and write the rows where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("public", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("intent-vectors.npz"))
    parser.add_argument("--write", action="store_true", help="write the held-back rows")
    options = parser.parse_args()
    blocks = [block for path in PARAPHRASES for block in read_blocks(path)]
    texts = [text for one in blocks for text in (one.text, *one.same, *one.other)]
    known = dict(zip(texts, embed_requests(texts, options.model, options.cache), strict=True))
    for space, name in (("vectors", TRAINED_WITH), ("ngrams", "another")):
        shipped, classifier = taught.NEAR[space], IntentClassifier(name)
        print(space, "cosine, coefficient: followed, disturbed")
        for limits in LIMITS[space]:
            taught.NEAR[space] = limits
            print(" ", *limits, *measure(blocks, known, classifier))
        taught.NEAR[space] = shipped
    if options.write:
        write_held_back(options)


def read_blocks(path: Path) -> list[Block]:
    """Blocks under ``# kind``, the request first."""
    blocks: list[Block] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        mark, _, text = line.partition(" ")
        if mark == "#":
            blocks.append(Block(text))
        elif mark in ("=", "!"):
            (blocks[-1].same if mark == "=" else blocks[-1].other).append(text)
        elif line:
            blocks[-1].text = re.sub(r"^[a-z]{2}: ", "", line)
    return blocks


def measure(
    blocks: list[Block], known: dict[str, Vectors], classifier: IntentClassifier
) -> tuple[float, float]:
    """Shares of the paraphrases that follow a correction, and of the near ones that it disturbs."""
    same, other = [], []
    for block in blocks:
        told = [taught.Taught(block.text, block.kind, known[block.text])]
        for texts, into in ((block.same, same), (block.other, other)):
            for text in texts:
                asked = taught.Taught(text, "", known[text])
                seen = classifier.classify(asked.vector, text).probabilities
                near = taught.find_near(classifier, asked, seen, told)
                into.append(near is not None)
    return round(float(np.mean(same)), 3), round(float(np.mean(other)), 3)


def write_held_back(options: argparse.Namespace) -> None:
    """Our own requests that stand alone, and what heads that did not see their group make of them.

    Prints the accuracy of the kinds that are chosen.
    """
    requests = read_requests() + read_public(options.public)
    texts = [each.text for each in requests]
    vectors = embed_requests(texts, options.model, options.cache)
    counts = csr_array(np.stack([count_ngrams(text) for text in texts]).astype(np.float64))
    kinds = np.array([KINDS.index(each.kind) for each in requests])
    follow = np.array([each.follow_up for each in requests])
    halves = []
    for name, features in (("vectors", vectors), ("ngrams", counts)):
        logits, folds = score_held_back(features, requests, STRENGTHS[name])
        halves.append(softmax(calibrate(logits, folds, kinds, follow)[:, :-1], axis=1))
    rows = choose_rows(requests)
    np.savez_compressed(
        ROWS,
        texts=np.array(json.dumps([texts[row] for row in rows], ensure_ascii=False)),
        kinds=kinds[rows].astype(np.int8),
        vectors=np.round(vectors[rows] / np.abs(vectors[rows]).max() * 127).astype(np.int8),
        seen_vectors=average_kinds(*halves, load_heat())[rows].astype(np.float16),
        seen_ngrams=halves[1][rows].astype(np.float16),
    )
    print(len(rows), "rows,", ROWS.stat().st_size, "bytes")


def choose_rows(requests: list[Request]) -> list[int]:
    """``A_KIND`` rows of each kind: our own, that stand alone."""
    rows = [row for row, each in enumerate(requests) if each.own and not each.follow_up]
    Random(0).shuffle(rows)
    found = [[row for row in rows if requests[row].kind == kind][:A_KIND] for kind in KINDS]
    return sorted(row for some in found for row in some)


if __name__ == "__main__":
    main()
