"""Preference pairs by contrast: a stronger way of answering against a weaker one.

The two differ in their model, their prompt or their temperature (Yang et al. 2024, RLCD,
arXiv:2307.12950); a judge may confirm each pair in both orders, and pairs it does not confirm are
left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from genwright.datasets import Dataset
from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling, collect_chat
from genwright.errors import UsageError
from genwright.evaluation.judge import AnswerPair, judge_pairs
from genwright.synthesis.instructions import find_instruction
from genwright.synthesis.recipes import Sieve, SynthesisResult, mark_synthetic
from genwright.types import Json, Progress, ignore_progress

GOOD = "Answer correctly, briefly and to the point."
BAD = "Answer vaguely and at length; you need not be right."


@dataclass(frozen=True)
class Responder:
    """A way of answering."""

    engine: Engine
    name: str
    system: str = ""
    temperature: float = 0.0

    def json(self) -> Json:
        """What a recipe says of it."""
        return {"model": self.name, "system": self.system, "temperature": self.temperature}


def make_preferences(
    prompts: Sequence[Json],
    better: Responder,
    worse: Responder,
    *,
    judge: Engine | None = None,
    judge_name: str = "",
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> SynthesisResult:
    """Pairs of replies to prompts, as rows of the form ``preference``.

    Args:
        prompts: Rows with ``prompt``, ``instruction``, ``question`` or ``messages``.
        better: Writes the chosen reply.
        worse: Writes the rejected one.
        judge: Confirms that the better one is better; None to take that as given.
        judge_name: For the recipe.
        seed: Of the sampling.
        progress: Told of prompts that are done.

    Raises:
        UsageError: Both ways are the same, or there are no prompts.
    """
    if (better.name, better.system, better.temperature) == (
        worse.name, worse.system, worse.temperature,
    ):  # fmt: skip
        raise UsageError(
            "Both ways of answering are the same: use a different model, prompt or temperature."
        )
    asked = [text for text in map(find_instruction, prompts) if text]
    if not asked:
        raise UsageError("Expected rows with a column prompt, instruction or question.")
    sieve, rows = Sieve(), list[Json]()
    about = {"better": better.json(), "worse": worse.json(), "judge": judge_name}
    for number, prompt in enumerate(asked, 1):
        sieve.tried += 1
        chosen, rejected = (_write_reply(way, prompt, seed + number) for way in (better, worse))
        progress(number, len(asked), f"{len(rows)} pairs of {number} prompts")
        if not chosen or not rejected or chosen == rejected:
            sieve.drop("both replies are the same" if chosen else "no reply")
        elif judge is not None and not _is_confirmed(judge, prompt, chosen, rejected):
            sieve.drop("not confirmed by the judge")
        else:
            row = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
            rows.append(mark_synthetic(row, "contrast", **about))
    dataset = Dataset("preferences", "preference", tuple(rows), "synthesis")
    return SynthesisResult(dataset, sieve.tried, sieve.dropped)


def _write_reply(way: Responder, prompt: str, seed: int) -> str:
    system = [ChatMessage("system", way.system)] if way.system else []
    sampling = Sampling(200, temperature=way.temperature, seed=seed)
    request = ChatRequest((*system, ChatMessage("user", prompt)), sampling)
    return collect_chat(way.engine, request)[0].strip()


def _is_confirmed(judge: Engine, prompt: str, chosen: str, rejected: str) -> bool:
    report = judge_pairs(judge, [AnswerPair(prompt, chosen, rejected)])
    return report.judged[0].verdict == "a"
