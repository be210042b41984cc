"""Rewards: what scores a reply while a policy learns. Programmatic ones, and trained models."""

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from genwright.errors import UsageError
from genwright.runtime import Runtime

if TYPE_CHECKING:
    from genwright.models.bases import BaseModel

Reward = Callable[[Sequence[str], Sequence[str]], list[float]]
"""Scores from prompts and replies."""
ENOUGH_WORDS = 30
_SENTENCE = re.compile(r"[^.!?]+[.!?]*(?:\s*\[\d+\])*")
_CITED = re.compile(r"\[\d+\]")


def reward_brevity(prompts: Sequence[str], replies: Sequence[str]) -> list[float]:
    """1 for up to 30 words, falling to 0 at 90; 0 for none.

    Example:
        >>> reward_brevity(["?"], ["In 1912."])
        [1.0]
    """
    counts = [len(reply.split()) for reply in replies]
    return [
        0.0 if not n else max(0.0, min(1.0, 1 - (n - ENOUGH_WORDS) / (2 * ENOUGH_WORDS)))
        for n in counts
    ]


def reward_citations(prompts: Sequence[str], replies: Sequence[str]) -> list[float]:
    """Share of sentences with a mark such as ``[1]``.

    Example:
        >>> reward_citations(["?"], ["It is so [1]. It was not."])
        [0.5]
    """
    found = []
    for reply in replies:
        sentences = [each for each in _SENTENCE.findall(reply) if re.search(r"\w{2}", each)]
        cited = sum(bool(_CITED.search(each)) for each in sentences)
        found.append(cited / len(sentences) if sentences else 0.0)
    return found


def reward_json(prompts: Sequence[str], replies: Sequence[str]) -> list[float]:
    """1 where a reply is JSON, else 0."""

    def is_valid(reply: str) -> bool:
        try:
            json.loads(reply)
        except ValueError:
            return False
        return True

    return [float(is_valid(reply)) for reply in replies]


PROGRAMMATIC: dict[str, Reward] = {
    "brief": reward_brevity,
    "cites": reward_citations,
    "json": reward_json,
}


def open_reward(runtime: Runtime, name: str, base: "BaseModel") -> Reward:
    """The reward of a name; several with ``+`` are added.

    Args:
        runtime: Finds reward models.
        name: ``reward_brevity``, ``reward_citations``, ``json``, or a reward model of the registry.
        base: Of the policy, for the message.

    Raises:
        UsageError: It is neither, or a model that is no reward model.
        NotFound: There is no such model.
    """
    parts = [each.strip() for each in name.split("+") if each.strip()]
    if not parts:
        raise UsageError(
            "Expected what scores replies: --param reward=… with "
            f"{', '.join(PROGRAMMATIC)}, or a reward model (genwright tune --objective reward)."
        )
    single = [PROGRAMMATIC.get(each) or open_trained_reward(runtime, each) for each in parts]
    if len(single) == 1:
        return single[0]

    def sum_rewards(prompts: Sequence[str], replies: Sequence[str]) -> list[float]:
        scores = [each(prompts, replies) for each in single]
        return [sum(column) for column in zip(*scores, strict=True)]

    return sum_rewards


def open_trained_reward(runtime: Runtime, name: str) -> Reward:
    """A reward model of the registry as a function.

    Raises:
        UsageError: It was trained for something else.
        NotFound: There is no such version.
    """
    from genwright.engines.transformers.loading import load
    from genwright.models.trained import locate_weights

    trained = runtime.versions.resolve(runtime.principal, name)
    facts = trained.facts
    if facts.objective != "reward":
        raise UsageError(
            f"{trained.label} was trained for {facts.objective}, it is not a reward model."
        )
    base = None
    if facts.kind == "adapter":
        base = runtime.models.open_base(facts.base, runtime.principal)
    model, tokenizer = load(locate_weights(trained.folder, facts, base))
    return Scorer(model, tokenizer, facts.context)


class Scorer:
    """Scores of a reward model.

    Args:
        model: With a head of one number.
        tokenizer: Its own.
        context: Most tokens it reads; 0 for no limit.
    """

    def __init__(self, model: Any, tokenizer: Any, context: int = 0) -> None:
        self.model, self.tokenizer, self.context = model.eval(), tokenizer, context or 4096

    def __call__(self, prompts: Sequence[str], replies: Sequence[str]) -> list[float]:
        """One number for each reply; higher is better."""
        import torch

        from genwright.engines import ChatMessage
        from genwright.training.chat_rendering import ConversationRenderer
        from genwright.tuning.objectives.base import PaddingCollator

        rendering = ConversationRenderer(self.tokenizer, self.context)
        examples = []
        for prompt, reply in zip(prompts, replies, strict=True):
            turns = [ChatMessage("user", prompt), ChatMessage("assistant", reply or " ")]
            encoded = rendering.encode(turns, last_only=True)
            examples.append({name: encoded[name] for name in ("input_ids", "attention_mask")})
        padding = PaddingCollator(int(self.tokenizer.pad_token_id or 0))
        found: list[float] = []
        with torch.inference_mode():
            for begin in range(0, len(examples), 8):
                batch = padding(examples[begin : begin + 8])
                found += self.model(**batch).logits[:, 0].float().tolist()
        return found
