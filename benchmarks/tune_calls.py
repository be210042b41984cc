"""Tool calls by the embedded model: the rate of exact format before and after a LoRA.

Rows are the turns of ``07-…/glaive-toolcall-demo`` in which a tool is called (at most 300), split
by conversation; test rows that are like others are dropped. The model is served by llama.cpp with
its adapter.

    python benchmarks/tune_calls.py [--minutes 12] [--keep WORKSPACE]
"""

import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from genwright.datasets import check_dataset, read_dataset, repair_dataset, write_dataset

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
FILE = DATA / "07-summarisation-instructions/glaive-toolcall-demo/glaive_toolcall_en_demo.json.gz"


def rows_of(conversation: dict) -> list[dict]:
    """One row for each call: what was said before it, and the call."""
    turns = conversation["conversations"]
    ends = [place for place, turn in enumerate(turns) if turn["from"] == "function_call"]
    return [{"conversations": turns[: end + 1], "tools": conversation["tools"]} for end in ends]


def write_parts(folder: Path, most: int, seed: int) -> dict[str, int]:
    """Conversations drawn into parts, written as files; rows by part.

    Test rows that are like rows of the others (half of their 13-grams) are dropped.
    """
    with gzip.open(FILE) as file:
        conversations = [c for c in json.load(file) if rows_of(c)]
    random.Random(seed).shuffle(conversations)
    third = len(conversations) * 2 // 5
    parts = {
        "test": conversations[:third],
        "validation": conversations[third : third + 16],
        "train": conversations[third + 16 :],
    }
    made = {}
    for name, chosen in parts.items():
        rows = [row for each in chosen for row in rows_of(each)][:most]
        path = folder / f"{name}.json"
        path.write_text(json.dumps(rows))
        made[name] = read_dataset(path)
    seen = [made["train"]]
    for name in ("validation", "test"):
        made[name] = repair_dataset(made[name], check_dataset(made[name], against=seen))
        (folder / f"{name}.json").unlink()
        write_dataset(made[name], folder / f"{name}.jsonl")
        seen.append(made[name])
    return {name: len(each) for name, each in made.items()}


def main() -> None:
    """Train, evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "calls"
        folder.mkdir()
        print("rows:", write_parts(folder, 300, chosen.seed))
        workspace = chosen.keep or Path(temporary) / "workspace"
        genwright = [sys.executable, "-m", "genwright"]
        subprocess.run([*genwright, "init", str(workspace)], check=True, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        done = subprocess.run(
            [
                *genwright, "-w", str(workspace), "tune", "--base", "smollm2-135m-instruct",
                "--data", str(folder), "--name", "calls", "--method", "lora", "--json",
                "--time-limit", str(chosen.minutes), "--param", "epochs=4",
                "--param", "max_length=1024",
                "--param", "batch_size=4", "--param", "learning_rate=1e-3",
                "--param", "loss_on=last",
                "--param", "metrics=call_format,call_arguments,call_match",
            ],
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        tuned = json.loads(done.stdout)
    for metric in ("call_format", "call_arguments", "call_match", "perplexity"):
        base, test = tuned["metrics"]["base"].get(metric), tuned["metrics"]["test"].get(metric)
        print(f"{metric:12} base {base}  tuned {test}")
    print(
        f"trained {tuned['seconds']:.0f} s, {tuned['tokens_per_second']:.0f} tokens/s, "
        f"peak {tuned['peak_mb']:.0f} MB; all steps {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
