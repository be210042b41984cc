"""Do the five best passages hold what answers a question?

    python benchmarks/spans.py [--k 5] [--set documents.chunk_tokens=150]

The five texts of the chunking evaluation set go through the real ingest, from files to passages;
its 472 questions come with the exact excerpts that answer them. Span recall is the share of an
excerpt's characters that lie in the k best passages, precision the share of the passages'
characters that lie in an excerpt; a span in two passages counts once. Printed are their means over
the questions with 95 % intervals for keyword, vector and hybrid search and reciprocal rank fusion,
each with its difference to hybrid question by question, on all questions and on the two halves:
settings were chosen on the even ones, so the odd ones are the test. Longer passages hold more:
compare passages of one size, whose mean length is printed.
"""

import argparse
import ast
import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from measure import DATA
from sqlalchemy import select

from genwright.evaluation.intervals import bootstrap_mean
from genwright.library.ingest import DocumentIngester
from genwright.options import nest_pairs
from genwright.retrieval import Hit, PassageSearch
from genwright.runtime import Runtime
from genwright.storage import Passage
from genwright.workspace import create_workspace, open_workspace

ROOT = Path(__file__).parent.parent
WAYS = ("keyword", "vector", "rrf", "hybrid")

Span = tuple[int, int]


@dataclass(frozen=True)
class Question:
    """A question with the excerpts of one text that answer it."""

    text: str
    corpus: str
    spans: tuple[Span, ...]


def main() -> None:
    """Ingest, search in every way, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA / "02-qa" / "chunking-evaluation")
    parser.add_argument("--models", type=Path, default=ROOT / ".models")
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    overrides = {
        "models_dir": str(given.models.resolve()),
        **nest_pairs(given.set, "--set SECTION.KEY=VALUE"),
    }
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(create_workspace(Path(folder)), overrides)
        with Runtime(workspace) as runtime:
            report = DocumentIngester(runtime).add_paths([given.data / "corpora"])
            assert not report.skipped, report.skipped
            print(f"{report.passages} passages, {_mean_length(runtime):.0f} characters each")
            questions = read_questions(given.data / "questions_df.csv")
            _print(measure(runtime, questions, given.k), given.k)
        workspace.close()


def read_questions(path: Path) -> list[Question]:
    """The questions with the places of their excerpts."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Question(
                row["question"],
                row["corpus_id"],
                tuple(
                    (each["start_index"], each["end_index"])
                    for each in ast.literal_eval(row["references"])
                ),
            )
            for row in csv.DictReader(file)
        ]


def measure(
    runtime: Runtime, questions: Sequence[Question], k: int
) -> dict[str, list[tuple[float, float]]]:
    """Recall and precision of each question, by way of searching."""
    settings = runtime.settings.retrieval
    convex, ranks = (
        PassageSearch(
            runtime.models.vectors,
            runtime.models.embedder,
            settings.model_copy(update={"fusion": fusion}),
        )
        for fusion in ("convex", "rrf")
    )
    found: dict[str, list[tuple[float, float]]] = {}
    with runtime.database.read(runtime.principal) as session:
        for way in WAYS:
            search, mode = (ranks, "hybrid") if way == "rrf" else (convex, way)
            found[way] = [
                covered(each, search.search(session, each.text, k=k, mode=mode))
                for each in questions
            ]
    return found


def covered(question: Question, hits: Sequence[Hit]) -> tuple[float, float]:
    """Share of the excerpts that the hits hold, and of the hits that the excerpts fill."""
    wanted = {place for span in question.spans for place in range(*span)}
    own = [hit for hit in hits if Path(hit.source).stem == question.corpus]
    held = wanted & {place for hit in own for place in range(hit.start, hit.end)}
    shown = sum(hit.end - hit.start for hit in hits)
    return len(held) / len(wanted), len(held) / shown if shown else 0.0


def _mean_length(runtime: Runtime) -> float:
    with runtime.database.read(runtime.principal) as session:
        return mean(
            end - start for start, end in session.execute(select(Passage.start, Passage.end))
        )


def _print(found: dict[str, list[tuple[float, float]]], k: int) -> None:
    for name, part in (
        ("all", slice(None)),
        ("even, chosen on", slice(0, None, 2)),
        ("odd, test", slice(1, None, 2)),
    ):
        print(f"\n{name}: {len(found['hybrid'][part])} questions, {k} passages")
        hybrid = [recall for recall, _ in found["hybrid"][part]]
        for way, values in found.items():
            recalls = [recall for recall, _ in values[part]]
            precision = mean(precision for _, precision in values[part])
            ahead = bootstrap_mean([a - b for a, b in zip(hybrid, recalls, strict=True)])
            line = f"{way:<8} recall {bootstrap_mean(recalls)}  precision {precision:.3f}"
            print(line if way == "hybrid" else f"{line}  hybrid ahead by {ahead}")


if __name__ == "__main__":
    main()
