"""Which method suits a base, an amount of data and a machine."""

from dataclasses import dataclass

FEW, SOME = 50, 2000
"""Rows: below the first, examples in the prompt do as well; above the second, much can change."""
SMALL, MEDIUM = 150e6, 1.5e9
"""Weights that two cores train whole in minutes, and by adapters."""
FULL_BYTES = 16
"""Of each weight in full training: weight, gradient, two moments."""


@dataclass(frozen=True)
class Suggestion:
    """A method with the reason."""

    method: str
    reason: str


def suggest(objective: str, weights: float, rows: int, free: int, encoder: bool) -> Suggestion:
    """The method to begin with.

    Args:
        objective: What the model is to do.
        weights: Of the base.
        rows: To train on.
        free: Memory in bytes.
        encoder: Whether the base reads both ways, as BERT does.

    Example:
        >>> suggest("generation", 135e6, 300, 8 * 10**9, False).method
        'lora'
    """
    fits = weights * FULL_BYTES < 0.7 * free
    if rows < FEW and objective == "generation":
        return Suggestion(
            "prompt",
            f"{rows} rows are few: try examples in the prompt first (genwright prompts compare); "
            "prompt tuning has the fewest weights to spoil.",
        )
    if encoder and weights <= SMALL and fits:
        return Suggestion("full", "a small encoder with a new head learns best as a whole.")
    if objective in ("classification", "question_answering") and weights <= SMALL and rows > SOME:
        return Suggestion(
            "last_layers", "many rows and a new head: the last blocks cost a part of the time."
        )
    if weights > MEDIUM or not fits:
        return Suggestion("lora", "the base is too large here to hold a second copy of it.")
    return Suggestion("lora", "close to full training for a fraction of memory, and it can be "
                      "switched off, stacked and rolled back.")  # fmt: skip
