"""From files to searchable: genwright's command line against txtai with the same weights.

    python benchmarks/ingestion.py --peer-python VENV/bin/python \
        --embedder MINILM_FOLDER --models WORKSPACE/models

The five documents of the chunking-evaluation set are cut into passages by the product's splitter
and written one passage a file, so that both sides index the same passages: genwright walks the
folder, parses each file in its sandbox, splits, embeds, and commits rows, keyword index and vectors
to disk (``genwright add``, a process of its own); txtai reads the files, indexes with
``content=True, hybrid=True`` and saves (``peers/ingest_txtai.py``). Each then searches once, which
also brings genwright's vector index up to date (``genwright search``, one more process). The sides
take turns. Both choose their own threads.

Printed, as medians over rounds, ratios within a round: passages a second of the whole (from the
start of the first process to the end of the last), passages a second without imports and loading
(what each side's own clock says), processor time a passage, and peak memory: the sum of the peaks
of genwright and its sandbox (or of its search, where that is larger) against that of txtai's only
process.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import DATA, PEERS, Child, alternately, median_ratio, run

from genwright.documents.loaders.markdown import MarkdownLoader
from genwright.documents.splitters import splitters
from genwright.embeddings import open_embedder
from genwright.settings import DocumentSettings

QUERY = "How much did revenue grow?"


def main() -> None:
    """Write the files, run both sides in turn, print the ratios."""
    options = _options()
    os.environ["GENWRIGHT_MODELS_DIR"] = str(options.models.resolve())
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        files.mkdir()
        number = _write_passages(files, options)
        mean = statistics.mean(file.stat().st_size for file in files.iterdir())
        print(f"{number} passages of {mean:.0f} bytes on average, {options.rounds} rounds")
        results = alternately(
            options.rounds,
            {
                "genwright": lambda: _genwright(options, Path(folder), files),
                "txtai": lambda: _txtai(options, Path(folder), files),
            },
        )
    _print(results, number)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--embedder", required=True, help="folder of MiniLM's published weights")
    parser.add_argument("--models", type=Path, required=True, help="genwright's folder of models")
    parser.add_argument("--genwright", default=str(Path(sys.executable).with_name("genwright")))
    parser.add_argument("--passages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _write_passages(folder: Path, options: argparse.Namespace) -> int:
    """One file a passage, a seeded sample of all; returns how many."""
    embedder = open_embedder(
        options.models / "all-minilm-l6-v2", name="minilm", threads=1, batch_tokens=4096
    )
    settings = DocumentSettings()
    splitter = splitters.get(settings.splitter)(size=settings.chunk_tokens - 8, overlap=0)
    texts: list[str] = []
    for file in sorted((DATA / "02-qa/chunking-evaluation/corpora").glob("*.md")):
        extract = MarkdownLoader().load(file.read_bytes(), file.name, settings)
        passages = splitter.split(extract, embedder.locate_tokens)
        texts += {extract.text[each.start : each.end] for each in passages}
    texts = sorted(set(texts))
    sample = random.Random(0).sample(texts, min(options.passages, len(texts)))
    for number, text in enumerate(sample):
        (folder / f"{number:05}.txt").write_text(text, encoding="utf-8")
    return len(sample)


def _genwright(options: argparse.Namespace, folder: Path, files: Path) -> Child:
    with tempfile.TemporaryDirectory(dir=folder) as workspace:
        command = [options.genwright, "--workspace", workspace]
        run([options.genwright, "init", workspace])
        added = run([*command, "--quiet", "add", "--json", str(files)])
        searched = run([*command, "search", "--json", QUERY])
    peak = max(added.peak_mib, searched.peak_mib)
    cpu = added.cpu_seconds + searched.cpu_seconds
    return Child(added.seconds + searched.seconds, peak, cpu, added.output)


def _txtai(options: argparse.Namespace, folder: Path, files: Path) -> Child:
    with tempfile.TemporaryDirectory(dir=folder) as out:
        told = {
            "embedder": options.embedder,
            "folder": str(files),
            "out": f"{out}/index",
            "query": QUERY,
        }
        return run([options.peer_python, str(PEERS / "ingest_txtai.py")], told)


def _print(results: dict[str, list[Child]], number: int) -> None:
    for name, children in results.items():
        passages = {child.output["passages"] for child in children}
        if passages != {number}:
            raise SystemExit(f"{name} made {passages} passages of {number}: not the same work.")
        whole = number / statistics.median(child.seconds for child in children)
        inner = number / statistics.median(child.output["seconds"] for child in children)
        peak = statistics.median(child.peak_mib for child in children)
        cpu = statistics.median(child.cpu_seconds for child in children)
        print(
            f"{name:<10}{whole:7.1f} passages/s in all, {inner:7.1f} by its own clock, "
            f"{1000 * cpu / number:.1f} ms of processor time each, peak {peak:.0f} MiB"
        )
    ours, theirs = results["genwright"], results["txtai"]
    speed = median_ratio([child.seconds for child in theirs], [child.seconds for child in ours])
    cpu = median_ratio(
        [child.cpu_seconds for child in theirs], [child.cpu_seconds for child in ours]
    )
    print(
        f"genwright : txtai  {speed:.2f} in all, {_inner(theirs, ours):.2f} by their own clocks, "
        f"{cpu:.2f} by processor time"
    )
    peak = median_ratio([child.peak_mib for child in ours], [child.peak_mib for child in theirs])
    imported = statistics.median(child.output["import_seconds"] for child in theirs)
    print(f"peak memory {peak:.2f}; txtai takes {imported:.1f} s to import")


def _inner(theirs: Sequence[Child], ours: Sequence[Child]) -> float:
    return median_ratio(
        [child.output["seconds"] for child in theirs], [child.output["seconds"] for child in ours]
    )


if __name__ == "__main__":
    main()
