"""Classification after training, on two public sets, against what is published for them.

python benchmarks/classify.py polarity|banking77 [--base B] [--method M] [--minutes 12]
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data")) / "06-classification"
PEERS = {
    "polarity": {
        "TF-IDF and logistic regression, same files": 0.784,
        "BERT-large, published": 0.88,
    },
    "banking77": {"TF-IDF and linear SVM, same files": 0.894, "BERT-large, published": 0.937},
}
RECIPES = {
    "polarity": ("all-minilm-l6-v2", "full", {
        "epochs": "4", "batch_size": "32", "max_length": "96", "learning_rate": "1e-4",
        "patience": "0", "validation": "0.05"}),
    "banking77": ("all-minilm-l6-v2", "full", {
        "epochs": "8", "batch_size": "16", "max_length": "96", "learning_rate": "1.5e-4",
        "patience": "0", "validation": "0.02", "warmup_ratio": "0.1", "label_smoothing": "0.1"}),
}  # fmt: skip


def write_polarity(folder: Path) -> None:
    """Every tenth sentence is a test row, as the first of ten folds."""
    rows = []
    with zipfile.ZipFile(DATA / "sentence-polarity/sentence_polarity.zip") as archive:
        for name in archive.namelist():
            label = {"pos": "positive", "neg": "negative"}.get(name.rsplit(".", 1)[-1])
            if label:
                text = archive.read(name).decode("latin-1")
                rows += [(line.strip(), label) for line in text.splitlines() if line.strip()]
    random.Random(0).shuffle(rows)
    for part, chosen in (
        ("test", rows[::10]),
        ("train", [r for i, r in enumerate(rows) if i % 10]),
    ):
        with (folder / f"{part}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *chosen])


def write_banking(folder: Path) -> None:
    """The parts as they are published."""
    for part in ("train", "test"):
        (folder / f"{part}.csv").write_bytes((DATA / f"banking77/{part}.csv").read_bytes())


def main() -> None:
    """Train, evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=list(RECIPES))
    parser.add_argument("--base")
    parser.add_argument("--method")
    parser.add_argument("--minutes", default="12")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    base, method, settings = RECIPES[chosen.task]
    settings = {**settings, **dict(each.split("=", 1) for each in chosen.set)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / chosen.task
        folder.mkdir()
        (write_polarity if chosen.task == "polarity" else write_banking)(folder)
        workspace = chosen.keep or Path(temporary) / "workspace"
        genwright = [sys.executable, "-m", "genwright"]
        subprocess.run([*genwright, "init", str(workspace)], check=True, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        options = [
            part for key, value in settings.items() for part in ("--param", f"{key}={value}")
        ]
        done = subprocess.run(
            [*genwright, "-w", str(workspace), "tune", "--base", chosen.base or base, "--method",
             chosen.method or method, "--objective", "classification", "--data", str(folder),
             "--name", chosen.task, "--time-limit", chosen.minutes,
             "--param", "test_rows=0", "--json",
             *options],
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        took = time.monotonic() - began
    tuned = json.loads(done.stdout)
    for name, each in tuned["metrics"]["test"].items():
        print(f"{name:45} {each['value']:.4f} [{each['low']:.4f}, {each['high']:.4f}]")
    for name, each in tuned["metrics"]["base"].items():
        print(f"without training: {name:27} {each['value']:.4f}")
    for name, value in PEERS[chosen.task].items():
        print(f"{name:45} {value:.4f}")
    print(
        f"{chosen.base or base}, {tuned['method']}: trained {tuned['seconds']:.0f} s, "
        f"{tuned['tokens_per_second']:.0f} tokens/s, peak {tuned['peak_mb']:.0f} MB; all steps "
        f"{took:.0f} s"
    )


if __name__ == "__main__":
    main()
