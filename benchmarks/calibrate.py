"""Fits the three models of the main job on real questions, and measures them on held-back ones.

    python benchmarks/calibrate.py [--data DIR] [--models DIR] [--write]

Evidence (does a sentence hold the answer), answerability (do the passages answer at all) and
support (does a span say what a sentence claims) are logistic regressions over the features that
``genwright.grounding.evidence`` and ``genwright.grounding.support`` describe. They are fitted on
XQuAD-en (questions of one half of its articles) and the chunking evaluation set (every other
question), and measured on the rest; ``--write`` then stores them in ``src/genwright/grounding``.

What is not answerable is made by asking with the paragraph left out that the question was written
for. Claims are made from the questions: the sentence that holds the answer, with words left out,
and question and answer as one statement are supported; the same with another answer, number, name
or sense, or with their paragraph left out, are not. Sentences of the embedded chat model are claims
too: they count as supported where they hold the gold answer. It takes some ten minutes.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from claims import Claim, claims_of
from fitting import fit, report
from questions import Question, chunking_questions, store, xquad_questions

from genwright.answers.rarity import RarityTable
from genwright.documents import split_sentences
from genwright.embeddings import Embedder
from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
from genwright.evaluation.metrics import answer_recall
from genwright.grounding import evidence, support, words
from genwright.grounding.calibration import LogisticRegression
from genwright.prompts import load_prompt
from genwright.retrieval import Hit, Scope, measure_rarity
from genwright.runtime import Runtime
from genwright.settings import AnswerSettings
from genwright.types import Progress, Vectors, ignore_progress
from genwright.workspace import create_workspace, open_workspace

ROOT = Path(__file__).parent.parent
HITS = 8
CHECKED_HITS = 4
EVERY = 5  # a sentence of the chat model takes a second


@dataclass
class Case:
    """A question with what the search found for it, all passages or its own left out."""

    question: Question
    hits: list[Hit]
    rare: dict[str, float]
    without: bool
    found: list[evidence.Evidence] = field(default_factory=list)


def main() -> None:
    """Fit, measure, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--models", type=Path, default=ROOT / ".models")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        overrides = {"models_dir": str(given.models)}
        workspace = open_workspace(create_workspace(Path(folder)), overrides)
        with Runtime(workspace) as runtime:
            results = calibrate(runtime, given.data / "02-qa")
        workspace.close()
    print(json.dumps(results["about"], indent=1))
    if given.write:
        target = ROOT / "src" / "genwright" / "rag" / "calibration.json"
        target.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


class Remembering:
    """An embedder that embeds no text twice in one role."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.fingerprint = embedder.name, embedder.fingerprint
        self.dim, self.max_tokens = embedder.dim, embedder.max_tokens
        self.locate_tokens, self.close = embedder.locate_tokens, embedder.close
        self._embedder = embedder
        self._passages, self._queries = dict[str, np.ndarray](), dict[str, np.ndarray]()

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors of passages in the order of the texts."""
        return _look_up(self._passages, texts, lambda new: self._embedder.embed(new, progress))

    def embed_queries(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors of what is asked in the order of the texts."""
        return _look_up(
            self._queries, texts, lambda new: self._embedder.embed_queries(new, progress)
        )


def _look_up(
    known: dict[str, np.ndarray], texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]
) -> Vectors:
    new = [text for text in dict.fromkeys(texts) if text not in known]
    known.update(zip(new, embed(new), strict=True))
    return np.stack([known[text] for text in texts])


def calibrate(runtime: Runtime, data: Path) -> dict[str, object]:
    """The three models and their figures."""
    vars(runtime)["embedder"] = Remembering(runtime.models.embedder)
    questions = [*xquad_questions(data / "xquad" / "xquad.en.json.gz")]
    questions += chunking_questions(data / "chunking-evaluation")
    store(runtime, questions)
    cases = list(search(runtime, questions))
    finder, about_finder = fit_evidence(runtime, cases)
    print("evidence", about_finder, flush=True)
    for case in cases:
        case.found = evidence.find_evidence(
            case.question.text, case.hits, runtime.models.embedder, case.rare, finder
        )
    judge, about_judge = fit_answerable(cases)
    print("answerable", about_judge, flush=True)
    checker, about_checker = fit_support(runtime, cases)
    models = {"evidence": finder, "answerable": judge, "support": checker}
    about = {"evidence": about_finder, "answerable": about_judge, "support": about_checker}
    return {"about": about} | {
        name: {"weights": [round(w, 5) for w in model.weights], "bias": round(model.bias, 5)}
        for name, model in models.items()
    }


def search(runtime: Runtime, questions: Sequence[Question]) -> Iterator[Case]:
    """Each question twice: over everything, and without its own document."""
    with runtime.database.read(runtime.principal) as session:
        documents = sources(session)
        for question in questions:
            own = documents[question.source]
            known = measure_rarity(session, words.split_tokens(question.text))
            rare = {words.stem(word): value for word, value in known.items()}
            for scope in (Scope(), Scope(without=(own,))):
                hits = runtime.search.search(session, question.text, k=HITS, scope=scope)
                yield Case(question, hits, rare, bool(scope.without))


def sources(session: object) -> dict[str, int]:
    """Document ids by source."""
    from genwright.storage import Document

    return {document.source: document.id for document in session.query(Document)}


def fit_evidence(
    runtime: Runtime, cases: Sequence[Case]
) -> tuple[LogisticRegression, dict[str, object]]:
    """Sentences of the hits; those that overlap the answer are positive."""
    parted: dict[bool, list[tuple[np.ndarray, np.ndarray]]] = {False: [], True: []}
    for case in cases:
        if case.without:
            continue
        candidates = list(evidence.split_candidates(case.hits))
        asked = runtime.models.embedder.embed_queries([case.question.text])[0]
        vectors = runtime.models.embedder.embed([c.text for c in candidates])
        rows = evidence.describe(case.question.text, candidates, asked, vectors, case.rare)
        labels = np.array(
            [case.question.holds(c.hit.source, c.start, c.end) for c in candidates], bool
        )
        parted[case.question.held_back].append((rows, labels))
    rows, labels = (np.concatenate(each) for each in zip(*parted[False], strict=True))
    model = fit(rows, labels)
    best = [labels[np.argmax(model.predict_probability(rows))] for rows, labels in parted[True]]
    found = [labels.any() for _, labels in parted[True]]
    about = {"best sentence holds the answer": mean(best), "in the hits at all": mean(found)}
    rows, labels = (np.concatenate(each) for each in zip(*parted[True], strict=True))
    return model, about | report(model.predict_probability(rows), labels)


def fit_answerable(cases: Sequence[Case]) -> tuple[LogisticRegression, dict[str, object]]:
    """Questions over everything are answerable, those without their document are not."""
    rows = np.array(
        [evidence.describe_answerability(c.question.text, c.found, c.rare) for c in cases]
    )
    labels = np.array([not case.without for case in cases])
    held = np.array([case.question.held_back for case in cases])
    xquad = np.array([case.question.suite == "xquad" for case in cases])
    model = fit(rows[~held], labels[~held], balanced=True)
    chances = model.predict_probability(rows)
    about: dict[str, object] = {}
    for name, chosen in (("xquad", held & xquad), ("chunking", held & ~xquad)):
        yes, no = chosen & labels, chosen & ~labels
        about[name] = {
            "answers": mean(chances[yes] >= 0.5),
            "refuses": mean(chances[no] < 0.5),
        } | report(chances[chosen], labels[chosen])
    right = [
        case.question.holds(case.found[0].hit.source, case.found[0].start, case.found[0].end)
        for case, chance in zip(cases, chances, strict=True)
        if chance >= 0.5
        and not case.without
        and case.question.held_back
        and case.question.suite == "xquad"
    ]
    return model, about | {"best span holds the answer where answered, xquad": mean(right)}


def fit_support(
    runtime: Runtime, cases: Sequence[Case]
) -> tuple[LogisticRegression, dict[str, object]]:
    """Claims against the spans of their hits: the span the model likes best decides."""
    claims: list[Claim] = []
    dice = random.Random(0)
    for case in cases:
        if case.question.suite == "xquad":
            hits = case.hits[:CHECKED_HITS]
            claims += claims_of(case.question, hits, case.without, dice)
    claims += worded(runtime, cases)
    described = [list(_described(runtime, claim)) for claim in claims]
    labels = np.array([claim.supported for claim in claims])
    held = np.array([claim.held_back for claim in claims])
    model = LogisticRegression((2.0, 0.0, 2.0, 1.0, 1.0, *[0.0] * 6, 2.0, *[0.0] * 4), 0.0)
    for _ in range(3):
        rows = np.array(
            [each[int(np.argmax(model.predict_probability(np.array(each))))] for each in described]
        )
        model = fit(rows[~held], labels[~held], balanced=True)
    rows = np.array(
        [each[int(np.argmax(model.predict_probability(np.array(each))))] for each in described]
    )
    chances = model.predict_probability(rows)
    least = AnswerSettings().min_support
    about: dict[str, object] = report(chances[held], labels[held], least)
    kinds = sorted({claim.kind for claim in claims})
    of_kind = np.array([claim.kind for claim in claims])
    about["passes"] = {kind: mean(chances[held & (of_kind == kind)] >= least) for kind in kinds}
    return model, about


def worded(runtime: Runtime, cases: Sequence[Case]) -> Iterator[Claim]:
    """What the chat model says; it counts as supported where it holds the gold answer."""
    prompt = load_prompt("answer")
    engine = runtime.models.get_engine(runtime.settings.answer.model)
    chosen = [case for case in cases if case.question.suite == "xquad" and not case.without]
    for case in chosen[::EVERY]:
        texts = tuple(each.text for each in case.found[:1])
        system, user = prompt.render(
            question=case.question.text, passages=texts, today=date.today().isoformat()
        )
        request = ChatRequest(
            (ChatMessage("system", system), ChatMessage("user", user)), Sampling(80)
        )
        reply = collect_chat(engine, request)[0]
        for start, end in split_sentences(reply):
            text = reply[start:end]
            if words.extract_content(text):
                right = answer_recall(text, case.question.answers) == 1.0
                hits = tuple(case.hits[:CHECKED_HITS])
                held_back = case.question.held_back
                yield Claim(case.question.text, text, hits, right, f"worded, {right}", held_back)


def _described(runtime: Runtime, claim: Claim) -> Iterator[list[float]]:
    spans = support.list_support_spans(claim.hits)
    claimed = runtime.models.embedder.embed_queries([claim.text])[0]
    vectors = runtime.models.embedder.embed([span.text for span in spans])
    rare = RarityTable(runtime.database, runtime.principal).look_up(claim.text)
    for span, vector in zip(spans, vectors, strict=True):
        cosine = float(claimed @ vector)
        yield support.describe(claim.text, span, cosine, rare, claim.question)


def mean(values: Sequence[float] | np.ndarray) -> float:
    """Mean to three places."""
    return round(float(np.mean(values)), 3)


if __name__ == "__main__":
    main()
