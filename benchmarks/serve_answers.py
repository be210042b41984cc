"""Seconds to the first words and to the end of answers that a real server streams.

    python benchmarks/serve_answers.py --workspace .cache/answers --every 4 \
        --side extractive --side smollm2-135m-instruct --side qwen2.5-coder-1.5b-instruct

The questions of ``answers.py`` are asked one after the other through ``/v1/chat/completions`` by
OpenAI's client, of an assistant over the question's collection. The first words are the first
content that comes; a question before them all, which loads the models, is not counted. Answers that
a model worded are told from quotes, and the load of the machine is printed: seconds mean little
where others work on it.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from openai import OpenAI
from servers import percentile, serving

from answers import WILD, open_collections
from genwright.answers.base import EXTRACTIVE
from genwright.cli.printing.output import print_table
from genwright.errors import Refused
from genwright.evaluation.jobs.answers import pick_cases
from genwright.evaluation.suites.questions import AnswerCase, read_answer_set
from genwright.evaluation.verdicts import GivenAnswer, judge_answer
from genwright.runtime import Runtime


@dataclass(frozen=True)
class Served:
    """One answer as it came."""

    id: str
    first: float
    """Seconds to the first words."""
    last: float
    """And to the end."""
    verdict: str
    worded: bool
    """Whether a model was asked for it."""
    load: float
    answer: str


def read_options() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", type=Path, default=WILD, help="questions.jsonl and collections/")
    parser.add_argument("--workspace", type=Path, required=True, help="kept for the next time")
    parser.add_argument("--side", action="append", help="a chat model, or extractive; repeated")
    parser.add_argument("--only", default="", help="this collection alone")
    parser.add_argument("--every", type=int, default=4, help="each so many-th question")
    parser.add_argument("--models", default="", help="folder of models, where it is another")
    parser.add_argument("--out", type=Path, help="JSONL of what came")
    return parser.parse_args()


def name_assistant(side: str, collection: str) -> str:
    """The assistant of a side over a collection."""
    return f"{side}-{collection}"


def make_assistants(runtime: Runtime, side: str, collections: Sequence[str]) -> None:
    """One a collection, where it is not there from the last time."""
    answer = {"extractive": True} if side == EXTRACTIVE else {"extractive": False, "model": side}
    for name in collections:
        changes = {"collections": [name], "answer": answer}
        try:
            runtime.assistants.create(runtime.principal, name_assistant(side, name), changes)
        except Refused:
            continue


def ask(client: OpenAI, case: AnswerCase, assistant: str) -> Served:
    """Ask one question and time what comes."""
    messages = [{"role": turn.role, "content": turn.content} for turn in case.history]
    load, began, first = os.getloadavg()[0], time.perf_counter(), 0.0
    text, about = "", {}
    stream = client.chat.completions.create(
        model=assistant, messages=[*messages, {"role": "user", "content": case.question}],
        stream=True,
    )  # fmt: skip
    for chunk in stream:
        said = chunk.choices[0].delta.content if chunk.choices else ""
        if said and not first:
            first = time.perf_counter() - began
        text += said or ""
        about = (chunk.model_extra or {}).get("x_genwright") or about
    last = time.perf_counter() - began
    cited = [each["source"] for sentence in about["sentences"] for each in sentence["citations"]]
    given = GivenAnswer(case.id, text, about["refused"], tuple(cited), last)
    worded = bool(about["prompt_version"])
    return Served(case.id, first or last, last, judge_answer(case, given), worded, load, text)


def summarize(side: str, served: Sequence[Served]) -> tuple[object, ...]:
    """A line of the table."""
    firsts, lasts = [e.first for e in served], [e.last for e in served]
    seconds = [f"{percentile(some, q):.2f}" for some in (firsts, lasts) for q in (50, 95)]
    return (
        side, len(served), sum(e.worded for e in served),
        sum(e.verdict == "right" for e in served), sum(e.verdict == "wrong" for e in served),
        *seconds, f"{percentile([e.load for e in served], 50):.1f}",
    )  # fmt: skip


def main() -> None:
    """Store, serve, ask, print."""
    chosen = read_options()
    asked = read_answer_set(chosen.set / "questions.jsonl")
    cases = pick_cases(asked.cases, only=chosen.only, every=chosen.every)
    names = sorted({each.collection for each in cases})
    sides = chosen.side or [EXTRACTIVE]
    with open_collections(chosen.workspace, chosen.set / "collections", set(names)) as runtime:
        for side in sides:
            make_assistants(runtime, side, names)
    env = {"GENWRIGHT_MODELS_DIR": chosen.models} if chosen.models else {}
    table = []
    with serving(env, workspace=chosen.workspace) as server:
        client = OpenAI(base_url=f"{server.url}/v1", api_key="none", timeout=900, max_retries=0)
        for side in sides:
            ask(client, cases[0], name_assistant(side, cases[0].collection))
            served = []
            for case in cases:
                served.append(ask(client, case, name_assistant(side, case.collection)))
                if chosen.out:
                    row = json.dumps({"side": side, **asdict(served[-1])}, ensure_ascii=False)
                    with chosen.out.open("a", encoding="utf-8") as out:
                        print(row, file=out)
            table.append(summarize(side, served))
    heads = ("side", "n", "worded", "right", "wrong", "first median", "p95", "all median", "p95",
             "load")  # fmt: skip
    print_table(heads, table)


if __name__ == "__main__":
    main()
