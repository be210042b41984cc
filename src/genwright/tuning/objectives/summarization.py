"""Summarization: a short text for a long one, as a conversation with a fixed request."""

from typing import ClassVar

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.generation import Generation


@objectives.register("summarization")
class Summarization(Generation):
    """Generation whose rows are documents with summaries, measured by ROUGE."""

    forms: ClassVar[tuple[str, ...]] = ("summarization", "prompt_completion", "messages")
    metrics: ClassVar[tuple[str, ...]] = ("rouge_l", "rouge_1", "rouge_2", "chrf")
