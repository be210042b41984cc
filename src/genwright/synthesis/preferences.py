"""Preference pairs by contrast: a stronger way of answering against a weaker one.

The two differ in their model, their prompt or their temperature (Yang et al. 2024, RLCD,
arXiv:2307.12950); a judge may confirm each pair in both orders, and pairs it does not confirm are
left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from genwright.datasets import Dataset
from genwright.engines import ChatRequest, Engine, Message, Sampling, chat_text
from genwright.errors import UsageError
from genwright.evaluation.judge import Pair, judge_pairs
from genwright.synthesis.instructions import instruction_of
from genwright.synthesis.recipes import Made, Sieve, marked
from genwright.types import Json, Progress, unheard

GOOD = "Answer correctly, briefly and to the point."
BAD = "Answer vaguely and at length; you need not be right."


@dataclass(frozen=True)
class Way:
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
    better: Way,
    worse: Way,
    *,
    judge: Engine | None = None,
    judge_name: str = "",
    seed: int = 0,
    progress: Progress = unheard,
) -> Made:
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
        raise UsageError("Both ways of answering are the same: let model, prompt or heat differ.")
    asked = [text for text in map(instruction_of, prompts) if text]
    if not asked:
        raise UsageError("Expected rows with a column prompt, instruction or question.")
    sieve, rows = Sieve(), list[Json]()
    about = {"better": better.json(), "worse": worse.json(), "judge": judge_name}
    for number, prompt in enumerate(asked, 1):
        sieve.tried += 1
        chosen, rejected = (_reply(way, prompt, seed + number) for way in (better, worse))
        progress(number, len(asked), f"{len(rows)} pairs of {number} prompts")
        if not chosen or not rejected or chosen == rejected:
            sieve.drop("both replies are the same" if chosen else "no reply")
        elif judge is not None and not _confirmed(judge, prompt, chosen, rejected):
            sieve.drop("not confirmed by the judge")
        else:
            row = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
            rows.append(marked(row, "contrast", **about))
    dataset = Dataset("preferences", "preference", tuple(rows), "synthesis")
    return Made(dataset, sieve.tried, sieve.dropped)


def _reply(way: Way, prompt: str, seed: int) -> str:
    system = [Message("system", way.system)] if way.system else []
    sampling = Sampling(200, temperature=way.temperature, seed=seed)
    request = ChatRequest((*system, Message("user", prompt)), sampling)
    return chat_text(way.engine, request)[0].strip()


def _confirmed(judge: Engine, prompt: str, chosen: str, rejected: str) -> bool:
    report = judge_pairs(judge, [Pair(prompt, chosen, rejected)])
    return report.judged[0].verdict == "a"
