"""The questions of ``answers.py`` by genwright, a plain pipeline, txtai and LlamaIndex, one table.

    python benchmarks/answer_peers.py --peer-python PEERS/bin/python --workspace .cache/answers \
        --cache peers.jsonl --every 4 --model smollm2-135m-instruct

All get the same texts, as genwright read them from the files; the same embedder; the same GGUF,
for all but genwright behind one llama.cpp server: temperature 0, the same longest answer. The plain
pipeline takes the first five or ten passages of genwright's search into a prompt, and shows what
the model says. txtai splits into paragraphs and reads three by hybrid search, LlamaIndex reads two
chunks of 1,024 tokens by vectors; prompts are their own. For a follow-up the question before it is
searched for along with it, and the model is given the turns.

The peers cite nothing: every document that the model read of counts as cited, except under small
talk. Whether they refused is guessed from their words, as the set's own ``ask.py`` does.
Answers are kept in ``--cache``, so a run goes on where it stopped.
"""

import argparse
import json
import os
import runpy
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from peer_models import KEY, ask_peer, serve_chat, serve_vectors

from answers import WILD, open_collections
from genwright.cli.printing.output import print_table
from genwright.evaluation.answers import JudgedAnswer, count_verdicts
from genwright.evaluation.intervals import wilson_interval
from genwright.evaluation.jobs.answers import (
    AnswerOptions,
    make_case_asker,
    open_asked,
    pick_cases,
)
from genwright.evaluation.suites.questions import AnswerCase, read_answer_set
from genwright.evaluation.verdicts import GivenAnswer, judge_answer
from genwright.library.documents import list_documents, show_document
from genwright.library.search import find_passages
from genwright.retrieval import Scope
from genwright.runtime import Runtime

PLAIN = {"plain-5": 5, "plain-10": 10}
"""Passages of the plain pipelines."""
SIDES = ("genwright", *PLAIN, "txtai", "llamaindex")
CONTEXT = 6144
"""Tokens: ten passages and an answer."""
SYSTEM = "Answer the question from the passages. If they do not answer it, say that you don't know."

Row = dict[str, Any]


def read_options() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer-python", default="", help="for txtai and LlamaIndex")
    parser.add_argument("--set", type=Path, default=WILD, help="questions.jsonl and collections/")
    parser.add_argument("--workspace", type=Path, help="kept there for the next time")
    parser.add_argument("--cache", type=Path, required=True, help="JSONL of answers")
    parser.add_argument("--model", default="smollm2-135m-instruct", help="a pulled chat model")
    parser.add_argument("--sides", nargs="+", default=list(SIDES), choices=SIDES)
    parser.add_argument("--only", default="", help="this collection alone")
    parser.add_argument("--every", type=int, default=1, help="each so many-th question")
    parser.add_argument("--threads", type=int, default=2, help="of the chat model")
    parser.add_argument("--max-tokens", type=int, default=320, help="of an answer")
    return parser.parse_args()


def main() -> None:
    """Answer what the cache lacks, then print the table."""
    chosen = read_options()
    asked = read_answer_set(chosen.set / "questions.jsonl")
    cases = pick_cases(asked.cases, only=chosen.only, every=chosen.every)
    settings = {
        "engine": {"threads": chosen.threads},
        "answer": {"max_tokens": chosen.max_tokens, "model": chosen.model},
    }
    names = {each.collection for each in cases}
    folder = chosen.set / "collections"
    with open_collections(chosen.workspace, folder, names, settings) as runtime:
        for side in chosen.sides:
            known = read_cache(chosen.cache, side, chosen.model)
            missing = [each for each in cases if each.id not in known]
            if missing:
                answer_missing(runtime, missing, side, chosen)
    print_sides(cases, chosen)


def answer_missing(
    runtime: Runtime, cases: Sequence[AnswerCase], side: str, chosen: argparse.Namespace
) -> None:
    """Have one side answer, and add each answer to the cache as it comes."""
    if side == "genwright":
        rows = ask_genwright(runtime, cases, chosen.model)
    else:
        rows = guess_refusals(ask_others(runtime, cases, side, chosen), cases, chosen.set)
    with chosen.cache.open("a", encoding="utf-8") as cache:
        for row in rows:
            about = {"side": side, "model": chosen.model, "load": round(os.getloadavg()[0], 2)}
            print(json.dumps(about | row, ensure_ascii=False), file=cache, flush=True)


def ask_genwright(runtime: Runtime, cases: Sequence[AnswerCase], model: str) -> Iterator[Row]:
    """As a user would."""
    opened = open_asked(runtime, AnswerOptions(model=model))
    ask = make_case_asker(opened, lambda case: (case.collection,))
    yield from (ask(case).json() for case in cases)


def ask_others(
    runtime: Runtime, cases: Sequence[AnswerCase], side: str, chosen: argparse.Namespace
) -> Iterator[Row]:
    """The others' answers: ``{"id", "answer", "sources", "seconds"}``."""
    folder = runtime.settings.models_dir / chosen.model
    gguf = next(folder.glob("*.gguf"), None)
    if gguf is None:
        raise SystemExit(f"{folder} holds no GGUF: genwright models pull {chosen.model}")
    with serve_chat(str(gguf), chosen.threads, CONTEXT) as url:
        if side in PLAIN:
            yield from (ask_plainly(runtime, each, url, PLAIN[side], chosen) for each in cases)
            return
        with serve_vectors(runtime.models.embedder) as vectors:
            told = {
                "url": url,
                "key": KEY,
                "context": CONTEXT,
                "max_tokens": chosen.max_tokens,
                "embedder": vectors,
                "split": True,
                "collections": {
                    name: read_texts(runtime, name) for name in {e.collection for e in cases}
                },
                "questions": [
                    {"id": each.id, "collection": each.collection,
                     "query": form_query(each), "text": form_dialogue(each)}
                    for each in cases
                ],
            }  # fmt: skip
            yield from ask_peer(chosen.peer_python, side, told)


def read_texts(runtime: Runtime, collection: str) -> list[tuple[str, str]]:
    """Names and texts of the documents of a collection."""
    listed = list_documents(runtime.database, runtime.principal, collection)
    shown = [show_document(runtime.database, runtime.principal, str(e.id)) for e in listed]
    return [(Path(each.listed.source).name, each.text) for each in shown]


def form_query(case: AnswerCase) -> str:
    """What is searched for: the question, after the one before it."""
    before = [turn.content for turn in case.history if turn.role == "user"]
    return " ".join((*before[-1:], case.question))


def form_dialogue(case: AnswerCase) -> str:
    """The question, after the turns before it."""
    if not case.history:
        return case.question
    turns = [f"{turn.role.capitalize()}: {turn.content}" for turn in case.history]
    return "\n".join((*turns, f"User: {case.question}"))


def ask_plainly(
    runtime: Runtime, case: AnswerCase, url: str, passages: int, chosen: argparse.Namespace
) -> Row:
    """The first passages that are found, in a prompt; what the model says to it."""
    began = time.monotonic()
    scope = Scope((case.collection,))
    hits = find_passages(runtime, form_query(case), k=passages, scope=scope)
    texts = [f"[{each.title}]\n{each.text}" for each in hits]
    body = {
        "messages": [
            {"role": "system", "content": SYSTEM},
            *({"role": turn.role, "content": turn.content} for turn in case.history),
            {"role": "user", "content": "\n\n".join((*texts, f"Question: {case.question}"))},
        ],
        "temperature": 0.0,
        "max_tokens": chosen.max_tokens,
    }
    headers = {"Authorization": f"Bearer {KEY}"}
    reply = httpx.post(f"{url}/chat/completions", json=body, headers=headers, timeout=600)
    reply.raise_for_status()
    answer = reply.json()["choices"][0]["message"]["content"]
    sources = list(dict.fromkeys(each.source for each in hits))
    seconds = time.monotonic() - began
    return {"id": case.id, "answer": answer, "sources": sources, "seconds": seconds}


def guess_refusals(rows: Iterator[Row], cases: Sequence[AnswerCase], folder: Path) -> Iterator[Row]:
    """With what is guessed of answers whose program does not tell.

    Args:
        rows: As ``ask_others`` gives them.
        cases: What was asked.
        folder: Of the set; its own program reads refusals.
    """
    read = runpy.run_path(str(folder / "ask.py"))["read_plain"]
    chat = {each.id for each in cases if each.expect == "smalltalk"}
    for row in rows:
        reply = read({"choices": [{"message": {"content": row["answer"]}}]})
        cited = [] if row["id"] in chat else row["sources"]
        yield {
            **{key: row[key] for key in ("id", "answer", "seconds")},
            "refused": reply["refused"],
            "citations": cited,
        }


def read_cache(file: Path, side: str, model: str) -> dict[str, Row]:
    """Answers that are there, by the question's id."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return {row["id"]: row for row in rows if (row["side"], row["model"]) == (side, model)}


def print_sides(cases: Sequence[AnswerCase], chosen: argparse.Namespace) -> None:
    """A line a side."""
    table = []
    for side in chosen.sides:
        known = read_cache(chosen.cache, side, chosen.model)
        rows = [known[each.id] for each in cases if each.id in known]
        judged = [judge(each, known[each.id]) for each in cases if each.id in known]
        counts = count_verdicts(judged)
        shares = [wilson_interval(counts[each], len(judged)) for each in ("right", "wrong")]
        seconds = counts["seconds"]
        loads = sorted(row["load"] for row in rows)
        table.append(
            (side, chosen.model, len(judged), *shares, counts["partial"], counts["refused"],
             f"{seconds['median']:.1f}", f"{seconds['p95']:.1f}", loads[len(loads) // 2])
        )  # fmt: skip
    print_table(
        ("side", "model", "n", "right [95 %]", "wrong [95 %]", "partial", "refused",
         "s median", "s p95", "load"),
        table,
    )  # fmt: skip


def judge(case: AnswerCase, row: Row) -> JudgedAnswer:
    """The verdict on a kept answer."""
    given = GivenAnswer(
        case.id, row["answer"], row["refused"], tuple(row["citations"]), row["seconds"],
        row.get("error", ""),
    )  # fmt: skip
    return JudgedAnswer(case, given, judge_answer(case, given))


if __name__ == "__main__":
    main()
