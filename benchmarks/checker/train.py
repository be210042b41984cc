r"""Train the checker: a cross-encoder that sees whether a source says what a claim states.

    python -m benchmarks.checker.restore EMBEDDER_FOLDER START
    python -m benchmarks.checker.train START ONE --start START/reader.safetensors
    python -m benchmarks.checker.train START TWO --start ONE/checkpoint-N --verdicts --rate 6e-5
    python -m benchmarks.reader.export ONE/checkpoint-N,TWO/checkpoint-N START EMBEDDER_FOLDER \
        OUTPUT --recipe benchmarks.checker.train --claims

It goes on from the reader, whose words and languages it has: first over claims, then over others
like them and over questions with "yes" or "no" behind them. What is shipped is the mean of both. No
row of a set that measures is learnt from.
"""

import argparse
import os
from pathlib import Path

from benchmarks.checker.rows import claim_rows, verdict_rows
from benchmarks.reader.export import load_model, load_tokenizer
from benchmarks.reader.rows import Pairs
from benchmarks.reader.train import FROZEN, train_pairs

AGAIN = 0.6
"""Share of other claims that go with the questions for yes and no."""


def main() -> None:
    """Train, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--start", type=Path, required=True, help="weights to go on from")
    parser.add_argument("--verdicts", action="store_true", help="with questions for yes and no")
    parser.add_argument("--rate", type=float, default=8e-5, help="highest learning rate")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
    pairs = Pairs(load_tokenizer(asked.encoder))
    if asked.verdicts:
        train, held = claim_rows(data, pairs, asked.seed + 1, AGAIN)
        train += verdict_rows(data, pairs, asked.seed)
    else:
        train, held = claim_rows(data, pairs, asked.seed)
    model = load_model([asked.start], asked.encoder, FROZEN)
    train_pairs(
        model, train, held, asked.output, rate=asked.rate, minutes=asked.minutes, seed=asked.seed
    )


if __name__ == "__main__":
    main()
