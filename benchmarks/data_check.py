"""Rows a second of the data check, all but embedding, against MinHash alone by datasketch.

python benchmarks/data_check.py [--rows 100000]     (pip install datasketch for the peer)
"""

import argparse
import os
import time
from pathlib import Path

from genwright.datasets import check_dataset, read_dataset
from genwright.datasets.near_duplicates import PERMUTATIONS, extract_ngrams

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
SAMPLE = 5000


def main() -> None:
    """Check variations of real rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    chosen = parser.parse_args()
    dataset = read_dataset(DATA / "06-classification/banking77/train.csv")
    rows = [
        {**dataset.rows[i % len(dataset)], "text": f"{dataset.rows[i % len(dataset)]['text']} {i}"}
        for i in range(chosen.rows)
    ]
    report = check_dataset(dataset.with_rows(rows))
    print(f"genwright, every check: {report.rows_per_second:,.0f} rows/s over {report.rows:,} rows "
          f"(goal 20,000)")  # fmt: skip
    try:
        from datasketch import MinHash
    except ImportError:
        print("datasketch is not installed: no peer")
        return
    began = time.monotonic()
    for row in rows[:SAMPLE]:
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([gram.encode() for gram in extract_ngrams(row["text"])])
    peer = SAMPLE / (time.monotonic() - began)
    print(f"datasketch, MinHash signatures alone: {peer:,.0f} rows/s")
    print(f"ratio: {report.rows_per_second / peer:.2f}")


if __name__ == "__main__":
    main()
