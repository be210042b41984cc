"""Write the trained reader as the file that is shipped, and say what int8 costs it.

    python -m benchmarks.reader.export CHECKPOINT ENCODER_FOLDER EMBEDDER_FOLDER OUTPUT

CHECKPOINT is a folder of the trainer, or a file of its weights; ``untrained`` takes the heads as
they are drawn. ENCODER_FOLDER is what ``benchmarks.reader.train`` began with, EMBEDDER_FOLDER the
pulled model of the same weights, whose words the graph uses. OUTPUT is a safetensors file.
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from benchmarks.reader.rows import MOST_TOKENS, QUESTION_TOKENS, Pairs, read_gz
from tokenizers import Tokenizer

from genwright.embeddings.words import load_words, save_words
from genwright.grounding.reading.built import build_reader, sigmoid
from genwright.grounding.reading.making import make_reader
from genwright.grounding.reading.shipped import save_reader
from genwright.grounding.reading.windows import average_sides
from genwright.training.cross_encoder import HEAD_RATE, CrossEncoder, PairOutput

CALIBRATION = {"answers": {"temperature": 1.0, "bias": -0.85}}
"""By head. A passage is taken to answer from half on: so that 95 % of the questions of ``clapnq``
that can be answered are."""

LARGEST_FILE = 25_000_000
"""Bytes that the shipped file may have."""

Row = tuple[list[int], int]
"""Token ids of a pair, and where its second text begins."""

FILES = ("selqa-en", "faq-multi", "tydiqa-goldp-multi", "jsquad-ja", "medquad-en")
CALIBRATED, COMPARED = 12, 20
"""Pairs that the ranges are found on, and that the forms are compared on."""

PROBES = (
    ("query: How do I reset my password?",
     "Accounts\nOpen the settings and choose 'Forgotten password'. A link is sent by mail; it is "
     "valid for one hour. After three wrong links the account is locked."),
    ("query: How much oil does the engine take?",
     "Maintenance\nThe chain is cleaned every month. Use oil 15W-40, 4.5 litres; change the filter "
     "at 10,000 km."),
    ("query: Who wrote the report?", "The weather was fine, and the harbour was full."),
    ("query: Wann öffnet das Museum?",
     "Das Museum ist dienstags bis sonntags von 10 bis 18 Uhr geöffnet. Montags ist geschlossen."),
    ("query: 駅はどこですか", "駅は市役所の隣にあります。歩いて五分です。"),
    ("claim: The fever was gone after ten days.",
     "Doctors treated the patient with antibiotics for ten days, after which the fever was gone "
     "and the wound had closed; she was sent home with a letter to her own doctor."),
    ("claim: The bank lowered interest rates.",
     "The central bank raised interest rates again, and borrowing became dearer for everyone."),
    ("claim: La lune tourne autour de la terre.", "The moon goes round the earth in 27.3 days."),
)  # fmt: skip
"""Our own words: their token ids are in the shipped file."""


def main() -> None:
    """Export, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="one, or several with a comma between: their mean")
    parser.add_argument("encoder", type=Path)
    parser.add_argument("embedder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--recipe", default="benchmarks.reader.train")
    parser.add_argument("--base", default="intfloat/multilingual-e5-small")
    parser.add_argument("--claims", action="store_true", help="a checker: it reads claims")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    model = load_model([Path(each) for each in asked.checkpoint.split(",")], asked.encoder)
    pairs = Pairs(load_tokenizer(asked.encoder))
    rows = sample_claims(pairs) if asked.claims else sample_rows(pairs)
    about = {
        "base": {"name": asked.base, "sha256": digest(asked.encoder / "model.safetensors")},
        "recipe": asked.recipe,
        "calibration": {} if asked.claims else CALIBRATION,
        "most_tokens": MOST_TOKENS,
        "question_tokens": QUESTION_TOKENS,
        "begin": 0,
        "end": 2,
    }
    weights = {name: value.float().numpy() for name, value in model.state_dict().items()}
    for name in [name for name in weights if not name.startswith("encoder.")]:
        weights[name] = HEAD_RATE * weights[name]
    config = json.loads((asked.encoder / "config.json").read_text(encoding="utf-8"))
    probes = [encode(pairs, *probe) for probe in PROBES]
    reader = make_reader(weights, config, [ids for ids, _ in rows[:CALIBRATED]], probes, about)
    save_reader(reader, asked.output)
    figures = compare(model, asked.output, asked.embedder, rows[CALIBRATED:], asked.threads)
    reader.about["figures"] = figures
    save_reader(reader, asked.output)
    size = asked.output.stat().st_size
    print(json.dumps({"bytes": size} | figures))
    if size > LARGEST_FILE:
        raise SystemExit(f"{asked.output} has {size} bytes, at most {LARGEST_FILE} are wanted")


def load_model(checkpoints: Sequence[Path], encoder: Path, frozen: int = 0) -> CrossEncoder:
    """The trained model; of several, the mean of their weights.

    The mean of trainings that went on from one another errs less than either (Wortsman et al. 2022,
    arXiv:2203.05482).
    """
    torch.manual_seed(0)
    model = CrossEncoder(encoder, frozen=frozen).eval()
    if [str(each) for each in checkpoints] == ["untrained"]:
        return model
    found = [load_weights(each) for each in checkpoints]
    mean = {name: sum(each[name].float() for each in found) / len(found) for name in found[0]}
    model.load_state_dict(mean)
    return model


def load_weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    """What a training left; its weights are tensors and nothing else."""
    from safetensors.torch import load_file

    return load_file(checkpoint / "model.safetensors" if checkpoint.is_dir() else checkpoint)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The encoder's, without padding and cuts."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode(pairs: Pairs, first: str, second: str) -> Row:
    """Token ids of a pair, and where its second text begins."""
    ids, _, start = pairs.encode(first, second)
    return ids, start


def sample_rows(pairs: Pairs) -> list[Row]:
    """Questions with passages out of several files, taken in turn."""
    data = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
    folder = data / "16-rag-answers" / "reader-training"
    files = [read_gz(folder / f"{name}.jsonl.gz") for name in FILES]
    found = [files[place % len(files)][31 * place + 7] for place in range(CALIBRATED + COMPARED)]
    return [
        encode(pairs, f"query: {row['question']}", f"{row['title']}\n{row['passage']}")
        for row in found
    ]


def sample_claims(pairs: Pairs) -> list[Row]:
    """Claims with their sources."""
    data = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
    rows = read_gz(data / "17-groundedness" / "vitaminc" / "train.jsonl.gz")
    return [
        encode(pairs, f"claim: {row['claim']}", row["source"])
        for row in rows[7 : 31 * (CALIBRATED + COMPARED) : 31]
    ]


@torch.no_grad()
def compare(
    model: CrossEncoder, file: Path, embedder: Path, rows: Sequence[Row], threads: int
) -> dict[str, float | str]:
    """How far the built graph is from torch in float32, and how fast both are."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as work:
        save_words(load_words(embedder), Path(work))
        built = build_reader(Path(work), file)
        session = built.open(threads)
        logits, chances, count = 0.0, 0.0, 0
        by_word = []
        for ids, start in rows:
            pair = {"ids": np.array([ids]), "sides": average_sides(len(ids), start)[None]}
            right = run_torch(model, pair)
            found = session.run(["rows", "words"], pair)
            for name, here in zip(("rows", "words"), found, strict=True):
                there = right[name].numpy()
                logits = max(logits, float(np.abs(here - there).max()))
                gap = np.abs(sigmoid(here) - sigmoid(there))
                chances = max(chances, float(gap.max())) if name == "rows" else chances
                by_word += gap.ravel().tolist() if name == "words" else []
            count += 1
        ids, start = rows[0]
        block = {"ids": np.array([(ids * 200)[:200]]), "sides": average_sides(200, start)[None]}
        return {
            "pairs": count,
            "products": built.products,
            "graph_bytes": built.graph.stat().st_size,
            "largest_logit_difference": round(logits, 4),
            "largest_row_probability_difference": round(chances, 4),
            "mean_word_probability_difference": round(float(np.mean(by_word)), 4),
            "largest_word_probability_difference": round(max(by_word), 4),
            "threads": threads,
            "pairs_per_second": rate(lambda: session.run(None, block)),
            "torch_pairs_per_second": rate(lambda: run_torch(model, block)),
        }


def run_torch(model: CrossEncoder, pair: Mapping[str, np.ndarray]) -> PairOutput:
    """What the model says of one pair."""
    ids = torch.from_numpy(pair["ids"])
    return model(ids, torch.ones_like(ids), torch.from_numpy(pair["sides"]))


def rate(run, runs: int = 12) -> float:
    """Runs a second, by the fastest third: other work on the machine does not count."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return round(1 / float(np.mean(sorted(seconds)[: runs // 3])), 2)


def digest(file: Path) -> str:
    """SHA-256, in hexadecimal digits."""
    with file.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()


if __name__ == "__main__":
    main()
