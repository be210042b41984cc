"""txtai's search over given vectors and texts: JSON on standard input, figures on standard output.

The vectors come from a file, so neither indexing nor searching embeds anything.
"""

import json
import sys
import time

import numpy as np
from txtai import Embeddings


def main() -> None:
    """Index the rows, then time each query."""
    told = json.load(sys.stdin)
    rows = np.load(told["rows"])
    with open(told["texts"], encoding="utf-8") as lines:
        known = json.load(lines)
    vectors = dict(zip(known["texts"], rows["vectors"], strict=True))
    vectors |= dict(zip(known["queries"], rows["queries"], strict=True))

    def transform(texts):
        return np.stack([vectors[text] for text in texts])

    figures = {}
    for name, hybrid in (("vector", False), ("hybrid", True)):
        embeddings = Embeddings(method="external", transform=transform, content=True, hybrid=hybrid)
        start = time.perf_counter()
        embeddings.index((number, text, None) for number, text in enumerate(known["texts"]))
        built = time.perf_counter() - start
        found, seconds = [], []
        for query in known["queries"]:
            start = time.perf_counter()
            hits = embeddings.search(query, 10)
            seconds.append(time.perf_counter() - start)
            found.append([int(hit["id"]) for hit in hits])
        figures[name] = {"build": built, "seconds": seconds, "found": found}
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
