"""Train the heads that say what a question wants of a table, measure them, write their weights.

    python -m benchmarks.operators.train E5_FOLDER

E5_FOLDER is ``multilingual-e5-small`` as `genwright models pull` leaves it. Rows are our own: a
file for each operator, blocks under ``# group``, ``xx:`` before a language, ``+above`` or
``+below`` behind a question whose number is a bound. Requests of ``benchmarks/intents`` that no
table answers are ``other``, those for facts and lists ``lookup``; ``frames.txt`` has frames
that are filled with any subject. Figures are of groups held back: no subject is
on both sides. Needs scikit-learn.
"""

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from benchmarks.intents.rows import read_requests
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array, issparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from genwright.answers.tables.operators import BOUNDS, OPERATORS, TRAINED_WITH, WEIGHTS
from genwright.answers.understanding.intent import average_kinds, count_ngrams
from genwright.embeddings import open_embedder
from genwright.types import Vectors

REQUESTS = Path(__file__).parent / "requests"
FOLDS = 5
STRENGTHS = {"vectors": 30.0, "ngrams": 20.0}
BORROWED = {"fact": "lookup", "list": "lookup", "explanation": "other", "how-to": "other",
            "comparison": "other", "instruction": "other", "about-collection": "other",
            "summary-document": "other", "smalltalk": "other"}  # fmt: skip
MOST_BORROWED = 60
"""Of each kind of request."""


@dataclass(frozen=True)
class Row:
    """A question, and what it wants."""

    text: str
    operator: str
    bound: str
    language: str
    group: str


def read_rows() -> list[Row]:
    """Our own rows, and those borrowed from the intents."""
    rows = [row for path in sorted(REQUESTS.glob("*.txt")) for row in _read_file(path)]
    taken: Counter[str] = Counter()
    for each in read_requests():
        operator = BORROWED.get(each.kind)
        if operator and not each.follow_up and taken[each.kind] < MOST_BORROWED * 4:
            taken[each.kind] += 1
            if taken[each.kind] % 4 == 0:
                group = f"{each.kind} {each.group}"
                rows.append(Row(each.text, operator, "none", each.language, group))
    return rows


def _read_file(path: Path) -> list[Row]:
    rows, group = [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            group = line[2:]
            continue
        text, _, bound = line.partition(" +")
        found = re.match(r"([a-z]{2}): (.+)", text)
        language, text = found.groups() if found else ("en", text)
        rows.append(Row(text, path.stem, bound or "none", language, group))
    return rows


FRAMES = Path(__file__).with_name("frames.txt")
FILLED = 7
"""Rows that are made of each frame."""


def fill_frames(seed: int = 0) -> list[Row]:
    """Rows made of frames: what is asked for stands with any subject, so that only it tells."""
    random = Random(seed)
    words: dict[str, dict[str, list[str]]] = {}
    rows, section = [], ""
    for line in FRAMES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            section = line[2:]
            continue
        name, _, rest = line.partition(": ")
        if section.startswith("words "):
            words.setdefault(section[6:], {})[name] = rest.split("|")
            continue
        frame, _, bound = rest.partition(" +")
        for _ in range(FILLED):
            chosen = {slot: random.choice(found) for slot, found in words[name].items()}
            text = frame.format(n=random.choice((5, 20, 50, 100, 300, 1000, 2010, 2015)), **chosen)
            group = f"frames {(len(rows) // FILLED) % FOLDS}"
            rows.append(Row(text, section, bound or "none", name, group))
    return rows


def train(features: Vectors, labels: Vectors, strength: float) -> tuple[Vectors, Vectors]:
    """Weights (features, classes) and biases of a softmax; every class weighs the same."""
    mean = np.zeros(features.shape[1]) if issparse(features) else features.mean(axis=0)
    centered = features if issparse(features) else features - mean
    fitted = LogisticRegression(C=strength, max_iter=80, class_weight="balanced")
    fitted.fit(centered, labels)
    weights = fitted.coef_.T
    return weights, fitted.intercept_ - mean @ weights


def weigh(logits: Vectors) -> Vectors:
    """Probabilities of the classes."""
    found = np.exp(logits - logits.max(axis=1, keepdims=True))
    return found / found.sum(axis=1, keepdims=True)


def measure(spaces: dict[str, Vectors], labels: Vectors, rows: list[Row], own: Vectors) -> tuple:
    """The temperature of the mean, its figures on held-back groups, and its probabilities there."""
    halves = {name: np.zeros((len(rows), labels.max() + 1)) for name in spaces}
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    groups = [row.group for row in rows]
    for seen, held in folds.split(np.zeros(len(rows)), labels, groups):
        for name, features in spaces.items():
            weights, biases = train(features[seen], labels[seen], STRENGTHS[name])
            halves[name][held] = weigh(features[held] @ weights + biases)

    def lose(heat: float) -> float:
        mean = average_kinds(halves["vectors"], halves["ngrams"], heat)
        return float(-np.log(mean[np.arange(len(labels)), labels] + 1e-9).mean())

    heat = float(minimize_scalar(lose, bounds=(0.1, 5), method="bounded").x)
    mean = average_kinds(halves["vectors"], halves["ngrams"], heat)
    right = mean.argmax(axis=1) == labels
    languages = np.array([row.language for row in rows])
    figures = {
        "accuracy": round(float(right[own].mean()), 3),
        "vectors": round(float((halves["vectors"].argmax(axis=1) == labels)[own].mean()), 3),
        "ngrams": round(float((halves["ngrams"].argmax(axis=1) == labels)[own].mean()), 3),
        "sure": round(float(right[own & (mean.max(axis=1) >= 0.8)].mean()), 3),
        "sure_share": round(float((mean.max(axis=1) >= 0.8)[own].mean()), 3),
        "languages": {
            each: round(float(right[own & (languages == each)].mean()), 3)
            for each in sorted(set(languages[own].tolist()))
        },
    }
    return heat, figures, mean


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    parser.add_argument("--errors", action="store_true", help="print what is taken for another")
    options = parser.parse_args()
    rows = read_rows()
    number_borrowed = len(rows)
    rows += fill_frames()
    texts = [row.text for row in rows]
    embedder = open_embedder(options.model, name=TRAINED_WITH, threads=1, batch_tokens=2048)
    spaces = {
        "vectors": np.asarray(embedder.embed_queries(texts), dtype=np.float64),
        "ngrams": csr_array(np.stack([count_ngrams(text) for text in texts]).astype(np.float64)),
    }
    embedder.close()
    number_own = sum(1 for path in REQUESTS.glob("*.txt") for _ in _read_file(path))
    own = np.arange(len(rows)) < number_own
    kept: dict[str, Vectors] = {}
    figures = {}
    for head, names in (("operators", OPERATORS), ("bounds", BOUNDS)):
        told = [row.operator if head == "operators" else row.bound for row in rows]
        labels = np.array([names.index(each) for each in told])
        heat, figures[head], mean = measure(spaces, labels, rows, own)
        kept[f"{head}_heat"] = np.array(heat)
        for name, features in spaces.items():
            weights, biases = train(features, labels, STRENGTHS[name])
            scales = np.abs(weights).max(axis=0) / 127
            kept[f"{head}_{name}_weights"] = np.round(weights / scales).astype(np.int8)
            kept[f"{head}_{name}_scales"], kept[f"{head}_{name}_biases"] = scales, biases
        for place in (
            np.flatnonzero(own & (mean.argmax(axis=1) != labels)) if options.errors else ()
        ):
            print(names[mean[place].argmax()], "for", names[labels[place]], texts[place])
    about = {"trained_with": TRAINED_WITH, "rows": len(rows), "own": number_own,
             "borrowed": number_borrowed - number_own,
             "operators": dict(Counter(row.operator for row in rows)),
             "languages": dict(Counter(row.language for row in rows).most_common()),
             "figures": figures}  # fmt: skip
    kept["about"] = np.array(json.dumps(about))
    np.savez_compressed(options.output, **kept)
    print(json.dumps(about, indent=1), options.output.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
