"""Answers of two standard RAG pipelines, with genwright's embedder and chat model.

    python benchmarks/rag_peers.py --peer-python VENV/bin/python \
        --embedder MINILM_FOLDER --gguf SMOLLM2.gguf --cache peers.jsonl

The corpus is all 240 paragraphs of XQuAD's English part, the questions a seeded sample of its
1,190. Each peer indexes the paragraphs with the same MiniLM weights and asks the same GGUF, which
one llama.cpp server here serves to all: temperature 0, the same longest answer. Prompts and numbers
of passages are the peers' own: txtai 3 by hybrid search and the template of its documentation,
LlamaIndex 2 by vectors and its default chat prompt. In the mode ``short`` the question given to
the model ends with a wish for a few words.

Printed for each peer and mode, as mean and 95 % bootstrap interval: answer recall (share of the
gold answer's words in the answer), token F1, exact match, and the median seconds per question.
Answers are kept in ``--cache``, so a run goes on where it stopped; genwright's own row is
``genwright eval qa`` on the same questions, of which ``--questions FILE`` writes a SQuAD file.
"""

import argparse
import json
import random
import statistics
from pathlib import Path

from measure import DATA
from peer_models import KEY, ask_peer, serve_chat

from genwright.evaluation.intervals import bootstrap_mean
from genwright.evaluation.metrics import answer_recall, exact_match, token_f1
from genwright.evaluation.suites import SquadQuestion, SquadSet, read_squad

SUFFIX = {"full": "", "short": " Answer in a few words."}
CONTEXT = 4096


def main() -> None:
    """Answer what the cache lacks, then print the table."""
    options = _options()
    squad = read_squad(DATA / "02-qa/xquad/xquad.en.json.gz")
    sample = random.Random(options.seed).sample(list(squad.questions), options.number)
    if options.questions:
        options.questions.write_text(json.dumps(_as_squad(squad, sample)), encoding="utf-8")
    for peer in options.peers:
        for mode in options.modes:
            known = _cached(options.cache, peer, mode)
            missing = [question for question in sample if question.id not in known]
            if missing:
                _answer(options, squad, missing, peer, mode)
    for peer in options.peers:
        for mode in options.modes:
            print(_row(peer, mode, _cached(options.cache, peer, mode), sample))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--embedder", required=True, help="folder of the published MiniLM weights")
    parser.add_argument("--gguf", required=True, help="the chat model")
    parser.add_argument("--cache", type=Path, required=True, help="JSONL of answers")
    parser.add_argument("--questions", type=Path, help="write the sample here in SQuAD's form")
    parser.add_argument("--number", type=int, default=120, help="questions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="of the chat model")
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--peers", nargs="+", default=["txtai", "llamaindex"])
    parser.add_argument("--modes", nargs="+", default=["full", "short"], choices=list(SUFFIX))
    return parser.parse_args()


def _answer(
    options: argparse.Namespace,
    squad: SquadSet,
    questions: list[SquadQuestion],
    peer: str,
    mode: str,
) -> None:
    """Have one peer answer, and add each answer to the cache as it comes."""
    with (
        serve_chat(options.gguf, options.threads, CONTEXT) as url,
        options.cache.open("a", encoding="utf-8") as cache,
    ):
        told = {
            "url": url,
            "key": KEY,
            "context": CONTEXT,
            "max_tokens": options.max_tokens,
            "embedder": options.embedder,
            "split": False,
            "collections": {"": [("", paragraph.text) for paragraph in squad.paragraphs]},
            "questions": [
                # The wish for a short answer is for the model, not for the retriever.
                {"id": each.id, "collection": "", "query": each.text,
                 "text": each.text + SUFFIX[mode]}
                for each in questions
            ],
        }  # fmt: skip
        for row in ask_peer(options.peer_python, peer, told):
            print(json.dumps({"peer": peer, "mode": mode, **row}), file=cache, flush=True)


def _cached(file: Path, peer: str, mode: str) -> dict[str, dict]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return {row["id"]: row for row in rows if (row["peer"], row["mode"]) == (peer, mode)}


def _row(peer: str, mode: str, answers: dict[str, dict], sample: list[SquadQuestion]) -> str:
    pairs = [(answers[each.id]["answer"], each.answers) for each in sample if each.id in answers]
    measures = {"answer recall": answer_recall, "F1": token_f1, "exact match": exact_match}
    cells = [
        f"{name} {bootstrap_mean([measure(answer, golds) for answer, golds in pairs])}"
        for name, measure in measures.items()
    ]
    seconds = statistics.median(answers[each.id]["seconds"] for each in sample)
    return f"{peer:<11}{mode:<6} n={len(pairs)} {', '.join(cells)}, {seconds:.2f} s/question"


def _as_squad(squad: SquadSet, sample: list[SquadQuestion]) -> dict:
    """All paragraphs with only the questions of the sample, in SQuAD's form."""
    articles: dict[str, list] = {}
    for number, paragraph in enumerate(squad.paragraphs):
        own = [each for each in sample if each.paragraph == number]
        rows = [
            {
                "id": each.id,
                "question": each.text,
                "answers": [
                    {"text": text, "answer_start": start}
                    for text, start in zip(each.answers, each.starts, strict=True)
                ],
            }
            for each in own
        ]
        articles.setdefault(paragraph.article, []).append({"context": paragraph.text, "qas": rows})
    data = [{"title": title, "paragraphs": rows} for title, rows in articles.items()]
    return {"version": "1.1", "data": data}


if __name__ == "__main__":
    main()
