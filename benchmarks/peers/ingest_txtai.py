"""txtai from files to searchable: JSON on standard input, figures as JSON on standard output."""

import json
import sys
import time
from pathlib import Path

START = time.perf_counter()
from txtai import Embeddings  # noqa: E402 - its import is measured

IMPORTED = time.perf_counter()


def main() -> None:
    """Read the files, index and save them, search once."""
    told = json.load(sys.stdin)
    embeddings = Embeddings(path=told["embedder"], content=True, hybrid=True)
    embeddings.batchtransform(["warm"])
    loaded = time.perf_counter()
    files = sorted(Path(told["folder"]).glob("*.txt"))
    embeddings.index((file.name, file.read_text(encoding="utf-8"), None) for file in files)
    embeddings.save(told["out"])
    done = time.perf_counter()
    found = embeddings.search(told["query"], 8)
    figures = {
        "passages": embeddings.count(),
        "seconds": done - loaded,
        "import_seconds": IMPORTED - START,
        "load_seconds": loaded - IMPORTED,
        "found": len(found),
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
