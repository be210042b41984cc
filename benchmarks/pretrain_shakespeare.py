"""A small decoder from scratch on tiny Shakespeare, against nanoGPT's published losses.

The last 10 % of the characters are held out; the loss over all of them is in nats per character.

    python benchmarks/pretrain_shakespeare.py [--minutes 12] [--keep WORKSPACE]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
TEXT = DATA / "04-lm-text/tinyshakespeare/input.txt"
PUBLISHED = {"nanoGPT, its CPU recipe": 1.88, "nanoGPT, its GPU recipe (10.7M weights)": 1.4697,
             "interpolated 5-grams": 1.669}  # fmt: skip
SHAPE = {"layers": 6, "width": 192, "heads": 6, "context": 256, "batch_size": 8,
         "learning_rate": 2e-3, "precision": "float32", "warmup_ratio": 0.03}  # fmt: skip


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE over the recipe's")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        workspace = chosen.keep or Path(temporary) / "workspace"
        genwright = [sys.executable, "-m", "genwright"]
        subprocess.run([*genwright, "init", str(workspace)], check=True, stdout=subprocess.DEVNULL)
        shape = {**SHAPE, **dict(each.split("=", 1) for each in chosen.set)}
        options = [part for key, value in shape.items() for part in ("--param", f"{key}={value}")]
        done = subprocess.run(
            [*genwright, "-w", str(workspace), "pretrain", str(TEXT), "--name", "shakespeare",
             "--tokenizer", "bytes", "--time-limit", str(chosen.minutes), "--json", *options],
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    result = json.loads(done.stdout)
    print(f"{'genwright pretrain':45} {result['metrics']['nats_per_character']:.4f} nats/char")
    for name, value in PUBLISHED.items():
        print(f"{name:45} {value:.4f} nats/char (published)")
    print(
        f"{result['weights']:,} weights, {result['tokens']:,} tokens seen, "
        f"{result['cpu_seconds']:.0f} CPU seconds, {result['seconds']:.0f} s, "
        f"{result['tokens_per_second']:,.0f} tokens/s, served as {result['version']}"
    )


if __name__ == "__main__":
    main()
