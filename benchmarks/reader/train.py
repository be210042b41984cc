"""Train the reader: one cross-encoder that finds what answers and checks what is claimed.

    python -m benchmarks.reader.train ENCODER_FOLDER OUTPUT_FOLDER --minutes 80

ENCODER_FOLDER has config.json, model.safetensors and tokenizer.json of multilingual-e5-small.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.reader.rows import Pairs, Row, reader_rows, support_rows
from safetensors.torch import load_file
from tokenizers import Tokenizer

from genwright.training.config import TrainConfig
from genwright.training.cross_encoder import CrossEncoder, collate_pairs
from genwright.training.job import TrainingJob
from genwright.training.trainer import fit

FROZEN = 4
"""Lowest layers that stay: what they know of languages is not to be forgotten."""


def main() -> None:
    """Train, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--start", type=Path, help="weights of an earlier training to go on from")
    parser.add_argument("--rate", type=float, default=1e-4, help="highest learning rate")
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows")
    parser.add_argument("--claims", type=float, default=1.0, help="of the rows with claims")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
    tokenizer = Tokenizer.from_file(str(asked.encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    pairs = Pairs(tokenizer)
    read, read_held = reader_rows(
        data / "16-rag-answers" / "reader-training", pairs, asked.seed, asked.share
    )
    claims, claims_held = support_rows(data, pairs, asked.seed, asked.claims)
    print(f"{len(read)} questions, {len(claims)} claims to learn from", flush=True)
    model = CrossEncoder(asked.encoder, frozen=FROZEN)
    if asked.start:
        model.load_state_dict(load_file(asked.start))
    held = [*read_held[::2], *claims_held[::2]]
    train_pairs(
        model,
        [*read, *claims],
        held,
        asked.output,
        rate=asked.rate,
        minutes=asked.minutes,
        seed=asked.seed,
    )


def train_pairs(
    model: CrossEncoder,
    train: Sequence[Row],
    held: Sequence[Row],
    output: Path,
    *,
    rate: float,
    minutes: float,
    seed: int,
) -> None:
    """See all rows once, and print the losses.

    Args:
        model: What is trained.
        train: Rows to learn from.
        held: Rows that the loss is measured on.
        output: Folder of the weights.
        rate: Highest learning rate.
        minutes: Most of them.
        seed: Of the order.
    """
    print(f"{len(train)} rows to learn from", flush=True)

    def record(step: int, values: dict[str, float]) -> None:
        print(json.dumps({"step": step} | dict(values)), flush=True)

    job = TrainingJob(
        model=model,
        train=train,
        validation=held,
        collate=collate_pairs,
        config=TrainConfig(
            epochs=1,
            batch_size=16,
            learning_rate=rate,
            lr_schedule="linear",
            warmup_ratio=0.06,
            weight_decay=0.01,
            time_limit_minutes=minutes,
            patience=0,
            evaluate_every=250,
            log_every=20,
            seed=seed,
        ),
        method="full",
        folder=output,
        record=record,
    )
    print(json.dumps(fit(job).json()), flush=True)


if __name__ == "__main__":
    main()
