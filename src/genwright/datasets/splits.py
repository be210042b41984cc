"""Splitting rows into parts: labels in proportion, duplicates never in two parts."""

import random
from collections import defaultdict
from collections.abc import Sequence

from genwright.datasets.base import Dataset, Splits, canonicalize_row, extract_text
from genwright.errors import MissingDependency, UsageError


def split_dataset(
    dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0
) -> Splits:
    """Split rows at random into three parts; the same rows and seed give the same parts.

    Exact and near duplicates stay together, so that nothing is tested that was trained on. Rows of
    each label are split in proportion. Synthetic rows are trained on only.

    Args:
        dataset: The rows.
        validation: Share of them to measure on while training; 0 for an empty part.
        test: Share of them to evaluate on; 0 for an empty part.
        seed: Of the draw.

    Raises:
        UsageError: The shares leave nothing to train on, or there are too few rows for a part.
    """
    if validation + test >= 1:
        raise UsageError(f"The parts take {validation + test:g} of the rows: nothing is left.")
    chosen: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    strata: defaultdict[str, list[list[int]]] = defaultdict(list)
    for group in _group_rows(dataset):
        if any(dataset.rows[place].get("synthetic") for place in group):
            chosen["train"] += group
            continue
        labelled = dataset.form in ("classification", "thumbs")
        label = dataset.rows[group[0]].get("label", "") if labelled else ""
        strata[str(label)].append(group)
    for label in sorted(strata):
        groups = strata[label]
        random.Random(f"{seed}/{label}").shuffle(groups)
        rows = sum(map(len, groups))
        wanted = {"validation": round(validation * rows), "test": round(test * rows)}
        for group in groups:
            part = next((p for p, n in wanted.items() if n >= len(group)), "train")
            if part != "train":
                wanted[part] -= len(group)
            chosen[part] += group
    shares = {"train": 1.0, "validation": validation, "test": test}
    for part, share in shares.items():
        if share and not chosen[part]:
            raise UsageError(
                f"{dataset.name} has {len(dataset)} rows: too few for a {part} part of {share:g}. "
                "Add rows, or give the parts as files of a folder."
            )
    made = {
        part: dataset.with_rows([dataset.rows[i] for i in sorted(places)], f"{dataset.name}-{part}")
        for part, places in chosen.items()
    }
    return Splits(made["train"], made["validation"], made["test"])


def _group_rows(dataset: Dataset) -> Sequence[list[int]]:
    """Places of rows that belong together, in order."""
    from genwright.datasets.near_duplicates import compute_signatures, group_near_duplicates

    texts = [extract_text(row) for row in dataset.rows]
    try:
        leaders = group_near_duplicates(compute_signatures(texts))
    except MissingDependency:  # the base install splits by exact duplicates alone
        first: dict[bytes, int] = {}
        leaders = [first.setdefault(canonicalize_row(row), i) for i, row in enumerate(dataset.rows)]
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for place, leader in enumerate(leaders):
        groups[leader].append(place)
    return list(groups.values())
