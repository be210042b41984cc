"""DPO on the 135M model: a preference that can be learnt (cite, be brief), and what the gate says.

Prints seconds of the training, accuracy on held-out pairs with its interval, and how often the gate
passes the tuned model and a sabotaged one (trained on the pairs the wrong way round), over ten
draws of held-out questions. The questions are XQuAD's; replies are by llama.cpp, as served.

    python benchmarks/dpo.py [--draws 10] [--questions 60]
"""

import argparse
import gzip
import json
import os
import random
import tempfile
import time
from pathlib import Path

BASE = "smollm2-135m-instruct"
DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))


def sentence(context: str, start: int) -> str:
    """The sentence that an answer stands in."""
    begin = context.rfind(". ", 0, start) + 2 if ". " in context[:start] else 0
    end = context.find(". ", start)
    return context[begin : len(context) if end < 0 else end + 1]


def rows(paragraphs, each: int):
    """Pairs: the answer with its citation, over one that talks around it."""
    for title, paragraph in paragraphs:
        used: set[str] = set()
        for asked in paragraph["qas"]:
            answer, context = asked["answers"][0], paragraph["context"]
            text, where = answer["text"], sentence(paragraph["context"], answer["answer_start"])
            fits = len(text.split()) <= 8 and len(where) <= 260 and text in where
            if not fits or where in used or len(used) >= each:
                continue
            used.add(where)
            del context
            yield {
                "prompt": [
                    {"role": "system", "content": "Answer from the sources."},
                    {"role": "user", "content": f"[1] {where}\n\nQuestion: {asked['question']}"},
                ],
                "chosen": f"{text[0].upper()}{text[1:]} [1].",
                "rejected": f"That is a good question. The text is about "
                f"{title.replace('_', ' ')}, and it seems that {text} might be what is meant here.",
            }


def train(runtime, data: dict) -> dict[str, str]:
    """Names of the tuned model and of the sabotaged one, as they are served."""
    from genwright.datasets import Dataset, Splits
    from genwright.tuning.config import build_tune_config
    from genwright.tuning.steps.walk import begin_tuning, tune

    versions = {}
    sets = {"epochs": 1, "batch_size": 4, "max_length": 256, "sft": 1.0, "learning_rate": 3e-4}
    for name in ("brief", "sabotaged"):
        turned = {"chosen": "rejected", "rejected": "chosen"} if name == "sabotaged" else {}
        made = Splits(**{
            part: Dataset(f"{name}-{part}", "preference", tuple(
                {key: row[turned.get(key, key)] for key in row} for row in found
            ))
            for part, found in data.items()
        })  # fmt: skip
        values = {"base": BASE, "objective": "dpo", "method": "lora", "name": name}
        began = time.monotonic()
        tuned = tune(runtime, begin_tuning(runtime, build_tune_config(values, sets), made))
        versions[name] = tuned.served_as
        found = tuned.metrics["test"]["pair_accuracy"]
        print(f"{name}: {len(data['train'])} pairs, training {tuned.seconds:.0f} s, all steps "
              f"{time.monotonic() - began:.0f} s, peak {tuned.peak_mb:.0f} MB, pair accuracy "
              f"{found['value']} [{found['low']}, {found['high']}]", flush=True)  # fmt: skip
    return versions


def ask(runtime, name: str, asked: list) -> tuple[list[float], list[float]]:
    """How well a model's replies cite and are brief, and the seconds of each."""
    from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
    from genwright.tuning.rewards import reward_brevity, reward_citations

    engine, scores, seconds = runtime.models.engine(name), [], []
    for row in asked:
        turns = tuple(ChatMessage(t["role"], t["content"]) for t in row["prompt"])
        began = time.monotonic()
        reply, _ = collect_chat(engine, ChatRequest(turns, Sampling(80, temperature=0.0)))
        seconds.append(time.monotonic() - began)
        scores.append(reward_brevity([""], [reply])[0] * reward_citations([""], [reply])[0])
    mean = sum(scores) / len(scores)
    print(f"{name}: cites and is brief {mean:.3f} over {len(scores)}", flush=True)
    return scores, seconds


def passes(live, candidate, questions: int, draw: int) -> bool:
    """Whether the gate lets a candidate through, on one draw of the questions."""
    from genwright.improve import GateGuard, GateTarget, decide

    chosen = random.Random(draw).sample(range(len(live[0])), questions)
    scores, seconds = ([[side[kind][n] for n in chosen] for side in (live, candidate)]
                       for kind in (0, 1))  # fmt: skip
    guard = GateGuard("seconds", *seconds, 1.5, ratio=True)
    return decide(GateTarget("cites and is brief", *scores), [guard], seed=draw).passed


def main() -> None:
    """Train twice, ask, and let the gate decide."""
    from genwright.hardware import let_threads_rest
    from genwright.runtime import Runtime as Workspace
    from genwright.workspace import create_workspace, open_workspace

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--questions", type=int, default=60)
    told = parser.parse_args()
    let_threads_rest()
    with gzip.open(DATA / "02-qa/xquad/xquad.en.json.gz") as file:
        articles = json.load(file)["data"]
    every = [(a["title"], p) for a in articles for p in a["paragraphs"]]
    random.Random(0).shuffle(every)
    cut = {"train": (every[:120], 2, 200), "validation": (every[120:140], 1, 20),
           "test": (every[140:], 1, 100)}  # fmt: skip
    data = {name: list(rows(part, each))[:most] for name, (part, each, most) in cut.items()}
    workspace = open_workspace(create_workspace(Path(tempfile.mkdtemp()) / "w"))
    with Workspace(workspace) as runtime:
        versions = train(runtime, data)
        measured = {name: ask(runtime, name, data["test"]) for name in (BASE, *versions.values())}
    for name, served in versions.items():
        passed = sum(passes(measured[BASE], measured[served], told.questions, draw)
                     for draw in range(told.draws))  # fmt: skip
        print(f"gate passes {name}: {passed} of {told.draws}")
    workspace.close()


if __name__ == "__main__":
    main()
