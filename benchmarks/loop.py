"""The whole loop on a real question set: votes of simulated raters, a candidate, the gate, service.

150 simulated raters ask XQuAD questions in the arena; each sees the live assistant (the embedded
chat model) against one that quotes, votes for the answer nearer to the gold one (wrongly in 15 %),
and often writes down what the answer should have been (wrongly in 5 %). Then ``improve`` learns
from genwright.library.ingest import Ingest
from it, gates each change on 100 other questions, and promotes; a running server answers by the new
version at once, and goes back.

    python benchmarks/loop.py [--raters 150] [--questions 100] [--method shots --method sft]
"""

import argparse
import gzip
import json
import os
import random
import tempfile
import time
from pathlib import Path

import httpx
from servers import Server

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
NOISE, WRONG, CORRECTS = 0.15, 0.05, 0.75


def questions(seed: int) -> tuple[dict[str, str], list[tuple[str, str]], list[tuple[str, str]]]:
    """Texts by name, questions to rate and others to hold out: none of the same paragraph."""
    with gzip.open(DATA / "02-qa/xquad/xquad.en.json.gz") as file:
        articles = json.load(file)["data"]
    every = [
        (f"{a['title'].replace('/', '_')}-{n}", p)
        for a in articles
        for n, p in enumerate(a["paragraphs"])
    ]
    random.Random(seed).shuffle(every)
    half = len(every) // 2

    def asked(part):
        found = [(q["question"], q["answers"][0]["text"]) for _, p in part for q in p["qas"]]
        random.Random(seed).shuffle(found)
        return found

    return {name: p["context"] for name, p in every}, asked(every[:half]), asked(every[half:])


def rate(runtime, asked: list[tuple[str, str]], raters: int, seed: int) -> int:
    """Let simulated raters vote and correct; how many votes there are."""
    from genwright.arena.contenders import Speaker
    from genwright.arena.matches import ask_match, begin_match, cast_vote, store_answer
    from genwright.feedback import Opinion, record_feedback
    from genwright.improve.loop import open_assistants
    from genwright.improve.suites import score_quality
    from genwright.types import Principal

    draw, assistants = random.Random(seed), open_assistants(runtime)
    names = ("assistant@1", "assistant@2")
    database, votes = runtime.database, 0
    for number in range(raters):
        question, gold = asked[number]
        who = Principal(f"rater-{number:03}", role="admin")
        own = runtime.act_for(who)
        match = begin_match(database, who, names, "random", seed=number)
        ask_match(database, who, match.id, question)
        values = {}
        for side, name in (("left", match.left), ("right", match.right)):
            said = Speaker(own, assistants, name).answer(question)
            store_answer(database, who, match.id, side, said.json())
            values[side] = score_quality(said.text, gold)
            if name == names[0] and not said.refused and draw.random() < CORRECTS:
                other = asked[(number + 7) % raters][1]
                right = other if draw.random() < WRONG else gold
                record_feedback(
                    database, who, said.trace, Opinion(correction=f"{right[0].upper()}{right[1:]}.")
                )
        winner = 2 if values["left"] == values["right"] else int(values["left"] < values["right"])
        if winner < 2 and draw.random() < NOISE:
            winner = 1 - winner
        cast_vote(database, who, match.id, winner)
        votes += 1
    return votes


def filled(told):
    """A workspace with XQuAD's texts, a live assistant and one that quotes; what is asked."""
    from genwright.workspace import create_workspace, open_workspace

    texts, asked, held_out = questions(told.seed)
    root = create_workspace(Path(tempfile.mkdtemp()) / "w")
    docs = root / "docs"
    docs.mkdir()
    for name, text in texts.items():
        (docs / f"{name}.txt").write_text(text)
    chosen = held_out[: told.questions]
    lines = [json.dumps({"question": q, "answer": a}) + "\n" for q, a in chosen]
    (root / "held-out.jsonl").write_text("".join(lines))
    return open_workspace(root), asked, held_out[0][0]


def served(root: Path, runtime, candidate: str, question: str, clock) -> None:
    """Promote under a running server, and go back; who answers is asked of the server."""
    from genwright.improve.loop import open_assistants
    from genwright.types import OWNER

    assistants, server = open_assistants(runtime), Server(root, {})

    def answered() -> str:
        body = {"model": "assistant", "messages": [{"role": "user", "content": question}]}
        reply = httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=120).json()
        return f"{reply['choices'][0]['message']['content'][:80]!r}"

    try:
        print(f"{clock()}  served before: {answered()}")
        start = time.monotonic()
        assistants.promote(OWNER, "assistant", candidate.partition("@")[2])
        took = time.monotonic() - start
        print(f"{clock()}  {candidate} promoted in {took:.3f} s; served: {answered()}")
        start = time.monotonic()
        back = assistants.rollback(OWNER, "assistant")
        took = time.monotonic() - start
        print(f"{clock()}  {back.label} live again in {took:.3f} s; served: {answered()}")
    finally:
        server.process.terminate()
        server.process.wait(30)


def main() -> None:
    """Rate, improve, serve, go back."""
    from genwright.hardware import let_threads_rest
    from genwright.improve.loop import (
        ImprovementRequest,
        open_assistants,
        run_improvement,
        submit_improvement,
    )
    from genwright.library.ingest import DocumentIngester
    from genwright.runtime import Runtime
    from genwright.types import OWNER

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raters", type=int, default=150)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--method", action="append", default=[])
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    let_threads_rest()
    began = time.monotonic()

    def clock() -> str:
        return f"{(time.monotonic() - began) / 60:5.1f} min"

    workspace, asked, question = filled(told)
    root = workspace.root
    with Runtime(workspace) as runtime:
        DocumentIngester(runtime).add_paths([root / "docs"])
        assistants = open_assistants(runtime)
        assistants.list_assistants(OWNER)
        assistants.revise(OWNER, "assistant", {"answer": {"extractive": True}}, note="quotes")
        votes = rate(runtime, asked, told.raters, told.seed)
        print(f"{clock()}  {votes} votes of simulated raters, {NOISE:.0%} wrong", flush=True)
        tried = tuple(told.method) or ("shots", "sft")
        file = str(root / "held-out.jsonl")
        wanted = ImprovementRequest("assistant", tried, file, told.questions, promote=False)
        found = run_improvement(runtime, submit_improvement(runtime, wanted))
        for name, each in found.decisions.items():
            print(f"{clock()}  {name}: {'passed' if each.passed else 'did not pass'}")
            for one in each.decision.findings if each.decision else []:
                print(f"           {one.reason}")
        print(f"{clock()}  {found.status}: {found.candidate}; report {found.report}", flush=True)
        if found.candidate:
            served(root, runtime, found.candidate, question, clock)
    workspace.close()


if __name__ == "__main__":
    main()
