"""Fits the decision to refuse, and judges it on sets that the fit never saw.

    python benchmarks/answerable.py --cache FOLDER [--data DIR] [--sets NAME ...] [--write]

The questions of each set are searched and read as ``genwright.answers.findings`` does it. A
logistic regression over what ``answers.answerability`` makes of it is fitted on all sets but those
of one family (CLAP NQ, MTRAG, NoMIRACL, XQuAD, each other set alone) and judged on that family:
these are the figures, beside those of the reader alone. ``--write`` then stores the fit on all of
them in ``src/genwright/answers/answerability.json``. Every set and label weighs the same, but for
families of several languages and for sets that the reader learnt from, so one half is where both
mistakes cost alike. The wild set is not among them. Run it after every change of the reader.
"""

import argparse
import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from answerable_sets import Ask, AskedSet, read_sets
from fitting import area, calibration_error
from measure import DATA
from reader.rows import READER_ROWS
from sqlalchemy import select
from support import digest, fit_weighted

from genwright.answers.answerability import WEIGHTS, describe_findings
from genwright.answers.base import AnswerSetup, Question
from genwright.answers.findings import gather_findings
from genwright.answers.understanding.parts import split_question
from genwright.evaluation.jobs.corpus_cache import open_corpora
from genwright.grounding.calibration import LogisticRegression
from genwright.grounding.passages import ReadPassage
from genwright.grounding.reading import SHIPPED
from genwright.prompts import load_prompt
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.storage import Document
from genwright.types import OWNER
from genwright.workspace import Workspace, create_workspace, open_workspace

FAMILIES = ("clapnq", "mtrag", "nomiracl", "xquad")
RIDGE = 0.06
FAMILY_WEIGHT = 2.0
"""Of a family of several sets, where another set has 1."""
LEARNT_WEIGHT = 0.4
"""Of a set that the reader learnt from: it is surer there than it will be of what people ask."""


@dataclass
class Look:
    """A question, or a part of it, with what was read for it."""

    question: str
    read: list[ReadPassage]
    rarity: dict[str, float]


@dataclass
class SeenAsk:
    """A question with all that was read for it."""

    id: str
    answered: bool
    looks: list[Look]
    """For the whole first, then for its parts, or for a follow-up alone."""

    @property
    def reader(self) -> float:
        """The decision of the reader alone: its probability of the passage ranked first."""
        return max((each.read[0].probability for each in self.looks if each.read), default=0.0)

    def describe(self) -> list[dict[str, float]]:
        """The features of each look."""
        return [
            describe_findings(each.question, each.read, each.rarity)
            for each in self.looks
            if each.read
        ]


def main() -> None:
    """Read, judge, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--cache", type=Path, required=True, help="keeps what was read, a file a set"
    )
    parser.add_argument("--sets", nargs="*", default=(), help="these alone")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    workspace = open_workspace(create_workspace(given.cache / "workspace"))
    seen = {each.name: see_set(workspace, each, given.cache)
            for each in read_sets(given.data, given.sets)}  # fmt: skip
    workspace.close()
    # A set without both labels would only draw the fit to one side.
    seen = {name: asks for name, asks in seen.items() if len({e.answered for e in asks}) > 1}
    names, means, described = describe_sets(seen)
    about = {
        "left one family out": judge_families(seen, described),
        "at": 0.5,
        "reader": digest(SHIPPED),
        "fitted on": "all of the sets above, after they were judged",
    }
    print(json.dumps(about, indent=1))
    if given.write:
        model = fit_sets(seen, described)
        content = {"about": about, "features": names, "means": means,
                   "weights": [round(each, 5) for each in model.weights],
                   "bias": round(model.bias, 5)}  # fmt: skip
        WEIGHTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def see_set(workspace: Workspace, asked: AskedSet, cache: Path) -> list[SeenAsk]:
    """What is read for each question; taken from the cache where that is of this reader."""
    file = cache / f"{asked.name}-{digest(SHIPPED)}.pickle"
    if not file.is_file():
        with open_corpora(workspace, asked.corpora, OWNER) as runtime:
            with runtime.database.read(OWNER) as session:
                rows = session.execute(select(Document.source, Document.id)).all()
            known = {source: id_ for source, id_ in rows}
            found = [see(runtime, ask, known) for ask in asked.asks]
        file.write_bytes(pickle.dumps(found))
        print(f"{asked.name}: {len(found)} questions read", flush=True)
    held: list[SeenAsk] = pickle.loads(file.read_bytes())
    return held


def see(runtime: Runtime, ask: Ask, documents: dict[str, int]) -> SeenAsk:
    """One question, as an answer would be looked for."""
    without = tuple(documents[each] for each in ask.without if each in documents)
    scope = Scope((ask.collection,), without=without)
    question = Question(ask.question, scope, follows=ask.follows)
    setup = AnswerSetup(runtime, "extractive", load_prompt("answer", runtime.workspace.prompts_dir))
    findings = gather_findings(setup, question)
    parts = [] if ask.follows else split_question(ask.question)
    texts, read = [question.whole, *parts], [findings.read, *findings.parts]
    if ask.follows:
        texts, read = [question.whole, question.text], [findings.read] * 2
    looks = [
        Look(text, list(each), findings.rarity.look_up(text))
        for text, each in zip(texts, read, strict=True)
    ]
    return SeenAsk(ask.id, ask.answered, looks)


def get_family(name: str) -> str:
    """What is held out together."""
    return next((each for each in FAMILIES if name.startswith(each)), name)


Described = dict[str, list[np.ndarray]]
"""By set, for each question the features of its looks, (looks, features)."""


def describe_sets(seen: dict[str, list[SeenAsk]]) -> tuple[list[str], list[float], Described]:
    """Names of the features, their means, and the features of all, what is unknown as the mean."""
    made = {name: [each.describe() for each in asks] for name, asks in seen.items()}
    rows = [look for asks in made.values() for looks in asks for look in looks]
    names = [*rows[0]]
    table = np.array([[row[name] for name in names] for row in rows])
    means = [round(float(each), 5) for each in np.nanmean(table, axis=0)]
    filled = {
        name: [
            np.array([[_fill(look[key], mean) for key, mean in zip(names, means, strict=True)]
                      for look in looks])
            for looks in asks
        ]
        for name, asks in made.items()
    }  # fmt: skip
    return names, means, filled


def _fill(value: float, mean: float) -> float:
    return mean if np.isnan(value) else value


def fit_sets(seen: dict[str, list[SeenAsk]], described: Described) -> LogisticRegression:
    """Over the whole questions of all sets."""
    families = [get_family(name) for name in seen]
    x, y, weight = [], [], []
    for name, asks in seen.items():
        among = families.count(get_family(name))
        share = 1.0 if among == 1 else FAMILY_WEIGHT / among
        share *= LEARNT_WEIGHT if name in READER_ROWS else 1.0
        labels = np.array([each.answered for each in asks])
        for looks, label in zip(described[name], labels, strict=True):
            if len(looks):
                x.append(looks[0])
                y.append(float(label))
                weight.append(share / max(1, int((labels == label).sum())))
    return fit_weighted(np.array(x), np.array(y), np.array(weight) / sum(weight), RIDGE)


def judge_families(
    seen: dict[str, list[SeenAsk]], described: Described
) -> dict[str, dict[str, float]]:
    """Each set by the fit on the sets of other families, and the mean over sets."""
    figures: dict[str, dict[str, float]] = {}
    for family in dict.fromkeys(map(get_family, seen)):
        others = {name: asks for name, asks in seen.items() if get_family(name) != family}
        if not others:
            continue
        model = fit_sets(others, described)
        for name in [each for each in seen if get_family(each) == family]:
            chances = [score(looks, model) for looks in described[name]]
            figures[name] = compare(seen[name], chances)
    keys = next(iter(figures.values()), {})
    figures["mean"] = {
        key: round(float(np.mean([each[key] for each in figures.values()])), 3) for key in keys
    }
    return figures


def score(looks: np.ndarray, model: LogisticRegression) -> float:
    """A question is answered where it as a whole or a part of it is."""
    return float(model.predict_probability(looks).max()) if len(looks) else 0.0


def compare(asks: Sequence[SeenAsk], chances: Sequence[float]) -> dict[str, float]:
    """The figures of one set, with those of the reader alone as ``before``."""
    labels = np.array([each.answered for each in asks])
    before = np.array([each.reader for each in asks])
    return {
        "questions": len(asks),
        **{f"before_{key}": value for key, value in describe(before, labels).items()},
        **describe(np.array(chances), labels),
    }


def describe(chances: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Area under the curve, and shares rightly answered and rightly refused at one half."""
    return {
        "auc": round(area(chances, labels), 3),
        "answered": round(float((chances >= 0.5)[labels].mean()), 3),
        "refused": round(float((chances < 0.5)[~labels].mean()), 3),
        "calibration_error": round(calibration_error(chances, labels), 3),
    }


if __name__ == "__main__":
    main()
