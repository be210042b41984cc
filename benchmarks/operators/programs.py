"""Fit and measure which program over a table a question means.

    python -m benchmarks.operators.programs E5_FOLDER QUESTIONS.jsonl.gz [--write] [--quoting 200]

QUESTIONS are rows of a public set with ``question``, ``passage`` (a table, a row a line, cells
parted by bars) and ``answers``. Tables are held back by the hash of their text, every fifth; the
rest is fitted on. A program for an extreme or a look-up is right where its rows have every gold
cell; sums and counts are not in such sets. ``--quoting`` measures quotes of the same held-back
tables beside it. Prints its figures; ``--write`` writes the fit. Needs scikit-learn.
"""

import argparse
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from genwright.answers.quotes.excerpts import SIZES, choose_excerpts
from genwright.answers.quotes.quoting import quote_excerpts
from genwright.answers.tables.answering import measure_likeness
from genwright.answers.tables.grid import Table, find_tables
from genwright.answers.tables.mentions import split_question_tokens
from genwright.answers.tables.operators import TRAINED_WITH, weigh_operators
from genwright.answers.tables.programs import Program, ReadTable, list_programs
from genwright.answers.tables.ranking import (
    FAR,
    FEATURES,
    MOST_AHEAD,
    WEIGHTS,
    choose_program,
    describe_program,
    is_allowed,
    name_family,
)
from genwright.documents.base import Extract
from genwright.documents.draft import Draft
from genwright.documents.splitters.structure import StructureSplitter
from genwright.documents.tables import add_rows
from genwright.embeddings import Embedder, open_embedder
from genwright.grounding.citations import join_sentences
from genwright.grounding.passages import TrainedReader
from genwright.grounding.reading import open_reader
from genwright.retrieval import Hit
from genwright.settings import DocumentSettings

JUDGED = ("greatest", "least", "lookup")
HELD_BACK = 5
"""Every so many tables are held back."""
PENALTY = 0.3
"""Inverse of the L2 penalty."""


@dataclass(frozen=True)
class Example:
    """A question on a table, with what is known of its programs."""

    question: str
    gold: frozenset[str]
    held_back: bool
    extract: Extract | None = None
    candidates: tuple[tuple[Program, list[float], bool], ...] = ()
    """Programs that may be told, their features, and whether they are right."""
    told: tuple[str, bool] | None = None
    """Operator of what is told, and whether it is right."""


def is_held_back(passage: str) -> bool:
    """Whether a table is one of those that figures are of."""
    return int(hashlib.sha256(passage.encode()).hexdigest(), 16) % HELD_BACK == 0


def make_extract(passage: str) -> Extract:
    """A table as a CSV file with it is stored."""
    draft = Draft(DocumentSettings())
    add_rows(draft, [line.split(" | ") for line in passage.split("\n")])
    return draft.build_extract("table.csv", "csv")


def has_gold(table: Table, rows: Sequence[int], gold: frozenset[str]) -> bool:
    """Whether each row has an answer, all are there, and not more than twice as many rows."""
    cells = [{cell.text for cell in table.rows[row].cells if cell} for row in rows]
    return all(any(each in row for row in cells) for each in gold) and len(rows) <= max(
        1, 2 * len(gold)
    )


def make_example(row: dict, embedder: Embedder) -> Example:
    """All programs of a row that may be told, as they are listed and judged today."""
    gold = frozenset(each["text"].strip() for each in row["answers"])
    extract = make_extract(row["passage"])
    base = Example(row["question"], gold, is_held_back(row["passage"]), extract)
    tables = find_tables(extract.text)
    if len(tables) != 1:
        return base
    [table] = tables
    question = row["question"]
    wanted = weigh_operators(embedder.embed_queries([question])[0], question)
    if wanted.operator == "other":
        return base
    read = ReadTable(table, split_question_tokens(question), question)
    bound = max(wanted.bounds, key=lambda each: wanted.bounds[each])
    programs = [each for each in list_programs(read, bound) if each.operator == wanted.operator]
    likeness = measure_likeness(embedder, question, table.headers, list(read.columns))
    found = []
    for each in programs:
        features = describe_program(each, read, wanted, likeness)
        allowed = is_allowed(each, read, wanted, dict(zip(FEATURES, features, strict=True)))
        if each.operator in JUDGED and allowed:
            found.append((each, features, has_gold(table, each.chosen, gold)))
    best = choose_program(programs, read, wanted, likeness)
    told = None
    if best:
        right = best.program.operator in JUDGED and has_gold(table, best.program.chosen, gold)
        told = (best.program.operator, right)
    return Example(question, gold, base.held_back, extract, tuple(found), told)


def fit(examples: Sequence[Example]) -> dict[str, dict[str, list[float]]]:
    """Weights of both families, and of how sure the best program is."""
    fits = {}
    for family in ("column", "rows"):
        sets = [
            own
            for each in examples
            if (own := [one for one in each.candidates if name_family(one[0].operator) == family])
        ]
        features = np.array([one[1] for own in sets for one in own])
        right = np.array([one[2] for own in sets for one in own])
        scaler = StandardScaler().fit(features)
        fitted = LogisticRegression(C=PENALTY, max_iter=500).fit(scaler.transform(features), right)
        weights = fitted.coef_[0] / scaler.scale_
        bias = float(fitted.intercept_[0] - weights @ scaler.mean_)
        best, is_right = [], []
        for own in sets:
            scored = sorted(own, key=lambda one: -float(np.array(one[1]) @ weights))
            scores = [float(np.array(one[1]) @ weights) + bias for one in scored]
            first = scored[0][0]
            rivals = [score for score, one in zip(scores[1:], scored[1:], strict=True)
                      if one[0].column != first.column or one[0].rows != first.rows]  # fmt: skip
            ahead = min(MOST_AHEAD, scores[0] - rivals[0]) if rivals else FAR
            best.append([scores[0], ahead])
            is_right.append(scored[0][2])
        sure = LogisticRegression(C=1.0).fit(best, is_right)
        fits[family] = {
            "weights": [round(float(each), 4) for each in weights],
            "bias": [round(bias, 4)],
            "sure": [round(float(each), 4) for each in (*sure.coef_[0], sure.intercept_[0])],
        }
    return fits


def show_figures(examples: Sequence[Example]) -> None:
    """Share told and share of it that is right, by operator."""
    told = [each.told for each in examples if each.told]
    for operator in (None, *JUDGED, "count", "sum", "mean", "difference"):
        own = [right for name, right in told if operator in (None, name)]
        if own:
            share, right = len(own) / len(examples), sum(own) / len(own)
            print(f"  {operator or 'all':10} {len(own):4} told ({share:.3f}), right {right:.3f}")


def measure_quoting(examples: Sequence[Example], embedder: Embedder, model: Path) -> None:
    """Today's quotes of the same tables: whether they hold the gold, and how much they show."""
    reader = TrainedReader(open_reader(model, 1))
    held, strict, lengths = [], [], []
    for each in examples:
        assert each.extract is not None
        text = each.extract.text
        passages = StructureSplitter(256).split(each.extract, embedder.locate_tokens)
        hits = [
            Hit(n, 1, "table.csv", "table", "", None, one.start, one.end,
                text[one.start : one.end], 1.0, {})
            for n, one in enumerate(passages)
        ]  # fmt: skip
        read = sorted(reader.read(each.question, hits, {}), key=lambda one: -one.probability)
        quote = join_sentences(quote_excerpts(choose_excerpts(read, SIZES["fact"])))
        best = max((one for passage in read for one in passage.units), key=lambda one: one.score)
        held.append(all(gold in quote for gold in each.gold))
        strict.append(all(gold in best.text for gold in each.gold))
        lengths.append(len(quote))
    print(f"  quotes hold the gold {np.mean(held):.3f}, their best line {np.mean(strict):.3f}; "
          f"{np.mean(lengths):.0f} characters")  # fmt: skip


def main() -> None:
    """Fit, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quoting", type=int, default=0)
    parser.add_argument("--most", type=int, default=0, help="questions; all by default")
    parser.add_argument("--held-back", action="store_true", help="only those")
    options = parser.parse_args()
    embedder = open_embedder(options.model, name=TRAINED_WITH, threads=1, batch_tokens=4096)
    with gzip.open(options.questions, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if options.held_back:
        rows = [row for row in rows if is_held_back(row["passage"])]
    examples = [make_example(row, embedder) for row in rows[: options.most or None]]
    if options.write:
        fits = fit([each for each in examples if not each.held_back])
        WEIGHTS.write_text(json.dumps(fits, indent=1) + "\n", encoding="utf-8")
        print("written; run again to measure it")
    held = [each for each in examples if each.held_back]
    for name, own in (("fitted on", [e for e in examples if not e.held_back]), ("held back", held)):
        if own:
            print(f"{name}: {len(own)} questions")
            show_figures(own)
    if options.quoting:
        some = held[: options.quoting]
        print(f"quoting, {len(some)} of those held back; with programs:")
        show_figures(some)
        measure_quoting(some, embedder, options.model)


if __name__ == "__main__":
    main()
