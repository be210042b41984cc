"""Which texts an encoder runs together."""

from collections.abc import Iterator, Sequence

ALONE = 96
"""Texts of at least so many tokens run alone: a batch would not make them faster."""


def plan_batches(ids: Sequence[Sequence[int]], batch_tokens: int) -> Iterator[list[int]]:
    """Numbers of texts that run together: of one length, longest first.

    Args:
        ids: Token ids of the texts.
        batch_tokens: Tokens of short texts that run together.

    Example:
        >>> list(plan_batches([[1], [1, 2], [3]], batch_tokens=4096))
        [[1], [0, 2]]
    """
    order = sorted(range(len(ids)), key=lambda number: -len(ids[number]))
    batch: list[int] = []
    for number in order:
        length = len(ids[number])
        room = 1 if length >= ALONE else max(1, batch_tokens // max(length, 1))
        if batch and (len(ids[batch[0]]) != length or len(batch) >= room):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
