"""How much of what standard RAG pipelines answer is said by the documents.

    python benchmarks/peer_support.py --cache peers.jsonl

Takes the answers that ``rag_peers.py`` keeps and holds each sentence against the passages that
genwright finds for the question, with its own check. Printed for each peer, as mean and 95 %
bootstrap interval: the share of answers whose every sentence is supported, and the share of
sentences. genwright's own figure is ``supported_answers`` of ``genwright eval qa``.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from measure import DATA
from questions import store, xquad_questions

from genwright.answers.rarity import RarityTable
from genwright.documents import split_sentences
from genwright.evaluation import bootstrap_mean
from genwright.evaluation.suites import read_squad
from genwright.grounding import words
from genwright.grounding.calibration import load_calibration
from genwright.grounding.support import SupportCheck
from genwright.library.search import find_passages
from genwright.retrieval import EVERYWHERE
from genwright.runtime import Runtime
from genwright.workspace import create_workspace, open_workspace

ROOT = Path(__file__).parent.parent
XQUAD = DATA / "02-qa/xquad/xquad.en.json.gz"


def main() -> None:
    """Check every cached answer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=ROOT / ".models")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.cache.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(
            create_workspace(Path(folder)), {"models_dir": str(options.models)}
        )
        with Runtime(workspace) as runtime:
            store(runtime, xquad_questions(XQUAD))
            asked = {each.id: each.text for each in read_squad(XQUAD).questions}
            judged = defaultdict(list)
            for row in rows:
                if row["mode"] == "full":
                    judged[row["peer"]].append(supported(runtime, asked[row["id"]], row["answer"]))
        workspace.close()
    for peer, answers in judged.items():
        whole = bootstrap_mean([float(bool(each) and all(each)) for each in answers])
        each = bootstrap_mean([float(one) for answer in answers for one in answer])
        print(f"{peer:<11} n={len(answers)} answers supported {whole}, sentences {each}")


def supported(runtime: Runtime, question: str, answer: str) -> list[bool]:
    """Whether each sentence of an answer is said by a passage."""
    least = runtime.settings.answer.min_support
    hits = find_passages(runtime, question, scope=EVERYWHERE)
    check = SupportCheck(question, hits, runtime.models.embedder, load_calibration().support)
    found = []
    for start, end in split_sentences(answer):
        if words.extract_content(answer[start:end]):
            best = check.find_best(
                answer[start:end],
                RarityTable(runtime.database, runtime.principal).look_up(answer[start:end]),
            )
            found.append(best is not None and best.probability >= least)
    return found


if __name__ == "__main__":
    main()
