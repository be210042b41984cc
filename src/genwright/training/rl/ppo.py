"""Proximal policy optimisation for language models, in one file.

A policy writes replies; a reward scores them; each token pays for leaving the reference by
``beta (log pi - log pi_ref)`` (Ziegler and others 2019, arXiv:1909.08593, equation 2). Advantages
are estimated with a value head (Schulman and others 2016, arXiv:1506.02438, equation 16), the
policy takes clipped steps (Schulman and others 2017, arXiv:1707.06347, equation 7); details as
Huang and others 2024, arXiv:2403.17031, found them to matter. The policy is a LoRA, its reference
the same weights without it, so one model is held.

Shapes: B replies, P tokens of a prompt (filled up at the left), T tokens of a reply (filled up at
the right), C width of the model. Log-probabilities are in nats.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from genwright.errors import Refused, UsageError
from genwright.settings import Section

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Reward = Callable[[Sequence[str], Sequence[str]], Sequence[float]]
"""Scores of replies, from prompts and replies as text."""


class PPOConfig(Section):
    """How a policy is improved."""

    batch: int = Field(default=16, ge=2)
    """Replies written before each update."""
    minibatch: int = Field(default=8, ge=1)
    """Replies of one step of the optimiser."""
    epochs: int = Field(default=2, ge=1)
    """Passes over a batch."""
    learning_rate: float = Field(default=1e-4, gt=0)
    clip: float = Field(default=0.2, gt=0, lt=1)
    """How far the ratio of new to old probability counts."""
    value_clip: float = Field(default=0.2, gt=0)
    """How far a value may move in one update."""
    value_coefficient: float = Field(default=0.1, ge=0)
    gamma: float = Field(default=1.0, gt=0, le=1)
    lam: float = Field(default=0.95, ge=0, le=1)
    beta: float = Field(default=0.05, ge=0)
    """What a nat of distance from the reference costs."""
    target_kl: float = Field(default=0.0, ge=0)
    """Distance of a whole reply that ``beta`` is steered to (Ziegler, equation 8); 0 for never."""
    max_new_tokens: int = Field(default=48, ge=1)
    temperature: float = Field(default=1.0, gt=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    unfinished: float = -1.0
    """Added to the score of a reply that never ended."""
    seed: int = 0


def kl_penalty(logp: Tensor, ref_logp: Tensor) -> Tensor:
    """Estimated KL divergence of each token, ``log pi - log pi_ref``, shape (B, T).

    Unbiased under the policy (Schulman 2020, "Approximating KL divergence", k1); 0 for equals.
    """
    return logp - ref_logp


def token_rewards(scores: Tensor, kl: Tensor, mask: Tensor, beta: float) -> Tensor:
    """Reward of each token: minus ``beta`` KL, and the score on the last one.

    Args:
        scores: (B,) of whole replies.
        kl: (B, T) of ``kl_penalty``.
        mask: (B, T), 1 for tokens of the reply.
        beta: Cost of a nat.
    """
    rewards = -beta * kl * mask
    last = mask.sum(dim=1).long().clamp(min=1) - 1
    return rewards.scatter_add(1, last[:, None], scores[:, None])


def gae(
    rewards: Tensor, values: Tensor, mask: Tensor, gamma: float, lam: float
) -> tuple[Tensor, Tensor]:
    """Advantages and returns, (B, T) each: ``A_t = sum_l (gamma lam)^l delta_(t+l)``.

    ``delta_t = r_t + gamma V_(t+1) - V_t``, V after the last token being 0.
    """
    advantages, carried = torch.zeros_like(rewards), torch.zeros_like(rewards[:, 0])
    after = torch.zeros_like(carried)
    for t in range(rewards.shape[1] - 1, -1, -1):
        delta = rewards[:, t] + gamma * after - values[:, t]
        carried = (delta + gamma * lam * carried) * mask[:, t]
        advantages[:, t] = carried
        after = values[:, t] * mask[:, t]
    return advantages, (advantages + values) * mask


def whiten(x: Tensor, mask: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the tokens of replies; 0 elsewhere."""
    mean = (x * mask).sum() / mask.sum()
    variance = (((x - mean) ** 2) * mask).sum() / mask.sum()
    return (x - mean) * torch.rsqrt(variance + 1e-8) * mask


def policy_loss(logp: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float) -> Tensor:
    """``-mean min(r A, clip(r, 1 - e, 1 + e) A)`` over tokens, r the ratio of probabilities."""
    ratio = (logp - old).exp()
    clipped = ratio.clamp(1 - clip, 1 + clip)
    worst = torch.minimum(ratio * advantages, clipped * advantages)
    return -(worst * mask).sum() / mask.sum()


def value_loss(values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float) -> Tensor:
    """Half the squared error, the larger of the clipped and the plain one, over tokens."""
    moved = old + (values - old).clamp(-clip, clip)
    worst = torch.maximum((values - returns) ** 2, (moved - returns) ** 2)
    return 0.5 * (worst * mask).sum() / mask.sum()


class ValueHead(nn.Module):
    """Expected reward to come after each token: a linear map of the last state, 0 at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.map = nn.Linear(width, 1)
        nn.init.zeros_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def forward(self, states: Tensor) -> Tensor:
        """(B, T, C) to (B, T)."""
        return self.map(states.float()).squeeze(-1)


class AdaptiveKL:
    """Steers ``beta`` so that replies keep a distance: Ziegler and others 2019, equation 8."""

    def __init__(self, beta: float, target: float) -> None:
        self.beta, self.target = beta, target

    def update(self, kl: float) -> None:
        """Hear of the mean distance of whole replies, in nats."""
        if self.target:
            error = max(-0.2, min(0.2, kl / self.target - 1))
            self.beta *= 1 + 0.1 * error


@dataclass(frozen=True)
class Rollout:
    """Replies with all that an update needs; every tensor is (B, T) but ``ids`` and ``seen``."""

    ids: Tensor
    """(B, P + T) tokens of prompts and replies."""
    seen: Tensor
    """(B, P + T) attention mask."""
    mask: Tensor
    logp: Tensor
    ref_logp: Tensor
    values: Tensor
    scores: Tensor
    """(B,)."""
    replies: tuple[str, ...]


class PPO:
    """Improves a policy by a reward.

    Args:
        policy: A causal language model with a peft adapter; the reference is it without.
        tokenizer: Its own.
        reward: Scores replies.
        config: How.

    Raises:
        Refused: The policy has no adapter, or the tokenizer no end token.
    """

    def __init__(
        self,
        policy: Any,
        tokenizer: "PreTrainedTokenizerBase",
        reward: Reward,
        config: PPOConfig,
    ) -> None:
        if not hasattr(policy, "disable_adapter"):
            raise Refused("PPO trains an adapter, whose base is the reference: use method lora.")
        if tokenizer.eos_token_id is None:
            raise Refused("The tokenizer has no end token, so no reply ever ends.")
        self.policy, self.tokenizer, self.reward, self.config = policy, tokenizer, reward, config
        self.head = ValueHead(policy.config.get_text_config().hidden_size)
        self.kl = AdaptiveKL(config.beta, config.target_kl)
        self.random = torch.Generator().manual_seed(config.seed)
        trained = [p for p in policy.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [*trained, *self.head.parameters()], lr=config.learning_rate, weight_decay=0.0
        )
        self._trained = trained
        pad = tokenizer.pad_token_id
        self.pad = int(tokenizer.eos_token_id if pad is None else pad)

    def train(
        self,
        prompts: Sequence[Sequence[int]],
        steps: int,
        record: Callable[[int, dict[str, float]], None] = lambda step, values: None,
        stop: Event | None = None,
    ) -> int:
        """Update so many times, on prompts drawn in turn, and return the steps that were made.

        Raises:
            UsageError: There is no prompt.
        """
        if not prompts:
            raise UsageError("Expected prompts to reply to, got none.")
        order: list[int] = []
        for step in range(1, steps + 1):
            if stop is not None and stop.is_set():
                return step - 1
            while len(order) < self.config.batch:
                order += torch.randperm(len(prompts), generator=self.random).tolist()
            chosen, order = order[: self.config.batch], order[self.config.batch :]
            record(step, self.step([prompts[place] for place in chosen]))
        return steps

    def step(self, prompts: Sequence[Sequence[int]]) -> dict[str, float]:
        """Write replies to prompts (token ids), and learn from their scores."""
        rollout = self.rollout(prompts)
        kl = kl_penalty(rollout.logp, rollout.ref_logp) * rollout.mask
        rewards = token_rewards(rollout.scores, kl, rollout.mask, self.kl.beta)
        advantages, returns = gae(
            rewards, rollout.values, rollout.mask, self.config.gamma, self.config.lam
        )
        losses = self._learn(rollout, whiten(advantages, rollout.mask), returns)
        distance = float(kl.sum(dim=1).mean())
        self.kl.update(distance)
        return {
            "reward": float(rollout.scores.mean()),
            "kl": distance,
            "beta": self.kl.beta,
            "reply_tokens": float(rollout.mask.sum(dim=1).mean()),
            **losses,
        }

    @torch.no_grad()
    def rollout(self, prompts: Sequence[Sequence[int]]) -> Rollout:
        """Replies to prompts, with the log-probabilities of policy and reference."""
        self.policy.eval()
        ids, seen = self._pad_left(prompts)
        width = ids.shape[1]
        ids, mask = self._generate(ids, seen)
        seen = torch.cat([seen, mask.long()], dim=1)
        logp, values = self._read(ids, seen, width)
        with self.policy.disable_adapter():
            ref_logp, _ = self._read(ids, seen, width)
        asked = tuple(self.tokenizer.decode(list(p), skip_special_tokens=True) for p in prompts)
        replies = tuple(
            self.tokenizer.decode(row[width:][kept.bool()], skip_special_tokens=True)
            for row, kept in zip(ids, mask, strict=True)
        )
        scores = torch.tensor([float(s) for s in self.reward(asked, replies)])
        ended = (ids[:, width:] == self.tokenizer.eos_token_id).any(dim=1)
        scores = scores + self.config.unfinished * (~ended)
        return Rollout(ids, seen, mask, logp, ref_logp, values, scores, replies)

    def _generate(self, ids: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Prompts with replies (B, P + T), and which tokens of the reply count, its end too.

        Sampled by the policy's own chances, without any cut: what is learnt from must be drawn
        from what is learnt.
        """
        end, past = int(self.tokenizer.eos_token_id), None
        running = torch.ones(len(ids), dtype=torch.bool)
        masks, token, mask = [], ids, seen
        for _ in range(self.config.max_new_tokens):
            position = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -token.shape[1] :]
            out = self.policy(
                input_ids=token, attention_mask=mask, position_ids=position,
                past_key_values=past, use_cache=True, logits_to_keep=1,
            )  # fmt: skip
            past = out.past_key_values
            chances = (out.logits[:, -1].float() / self.config.temperature).softmax(dim=-1)
            token = torch.multinomial(chances, 1, generator=self.random)
            token = torch.where(running[:, None], token, torch.full_like(token, self.pad))
            masks.append(running.clone())
            ids = torch.cat([ids, token], dim=1)
            mask = torch.cat([mask, running[:, None].long()], dim=1)
            running = running & (token[:, 0] != end)
            if not running.any():
                break
        return ids, torch.stack(masks, dim=1).float()

    def _read(self, ids: Tensor, seen: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """Log-probabilities of the reply's tokens and values before each, (B, T) both."""
        position = (seen.cumsum(dim=1) - 1).clamp(min=0)
        on = ids.device.type == "cpu" and self._is_bfloat16()
        with torch.autocast("cpu", torch.bfloat16) if on else nullcontext():
            out = self.policy(
                input_ids=ids, attention_mask=seen, position_ids=position,
                output_hidden_states=True, use_cache=False,
                logits_to_keep=ids.shape[1] - width + 1,
            )  # fmt: skip
        logits = out.logits[:, :-1].float() / self.config.temperature
        wanted = ids[:, width:, None]
        logp = logits.log_softmax(dim=-1).gather(2, wanted).squeeze(-1)
        return logp, self.head(out.hidden_states[-1][:, width - 1 : -1].detach())

    def _is_bfloat16(self) -> bool:
        return next(self.policy.parameters()).dtype == torch.bfloat16

    def _learn(self, rollout: Rollout, advantages: Tensor, returns: Tensor) -> dict[str, float]:
        width = rollout.ids.shape[1] - rollout.mask.shape[1]
        sums = {"policy_loss": 0.0, "value_loss": 0.0, "clipped": 0.0}
        count = 0
        for _ in range(self.config.epochs):
            order = torch.randperm(len(rollout.ids), generator=self.random)
            for part in order.split(self.config.minibatch):
                mask = rollout.mask[part]
                logp, values = self._read(rollout.ids[part], rollout.seen[part], width)
                policy = policy_loss(
                    logp, rollout.logp[part], advantages[part], mask, self.config.clip
                )
                value = value_loss(
                    values, rollout.values[part], returns[part], mask, self.config.value_clip
                )
                self.optimizer.zero_grad()
                (policy + self.config.value_coefficient * value).backward()
                nn.utils.clip_grad_norm_(self._trained, self.config.max_grad_norm)
                self.optimizer.step()
                far = ((logp - rollout.logp[part]).exp() - 1).abs() > self.config.clip
                sums["policy_loss"] += policy.item()
                sums["value_loss"] += value.item()
                sums["clipped"] += ((far * mask).sum() / mask.sum()).item()
                count += 1
        return {name: total / count for name, total in sums.items()}

    def _pad_left(self, prompts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        width = max(len(prompt) for prompt in prompts)
        ids = [[self.pad] * (width - len(prompt)) + list(prompt) for prompt in prompts]
        seen = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        return torch.tensor(ids), torch.tensor(seen)
