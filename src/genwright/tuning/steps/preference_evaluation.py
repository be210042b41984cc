"""Step seven for models that learnt preferences: held-out pairs, thumbs, or rewards of replies.

Pairs and thumbs are measured on the trained weights in this process, rewards on what will be
served.
"""

import math
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from genwright.engines import ChatRequest, Engine, Sampling, collect_chat
from genwright.evaluation.intervals import RESAMPLES, ConfidenceInterval, bootstrap_mean
from genwright.evaluation.paired import compare_cases
from genwright.runtime import Runtime
from genwright.tuning.measurement import hide_adapter
from genwright.tuning.objectives.online import read_prompt_turns
from genwright.types import Json

if TYPE_CHECKING:
    from genwright.models.bases import BaseModel
    from genwright.tuning.config import TuneConfig
    from genwright.tuning.steps.results import TuneEvaluation

AT_ONCE = 8
BINS = 10


def measure_pairs(model: Any, examples: Sequence[Json], pad: int, found: "TuneEvaluation") -> None:
    """Share of held-out pairs whose chosen reply gained more than the rejected one.

    The gain is the implicit reward, ``log pi / ref`` of a whole reply; the base is judged by which
    reply it finds likelier, by token: sums would prefer the shorter one.
    """
    mine = [measure_logps(model, examples, f"{side}_ids", pad) for side in ("chosen", "rejected")]
    with hide_adapter(model) if hasattr(model, "peft_config") else nullcontext():
        base = [
            measure_logps(model, examples, f"{side}_ids", pad) for side in ("chosen", "rejected")
        ]
    margins = [(c - rc) - (r - rr) for c, r, rc, rr in zip(*mine, *base, strict=True)]
    right = [float(each > 0) for each in margins]
    lengths = [[len(each[f"{side}_ids"]) for each in examples] for side in ("chosen", "rejected")]
    per_token = [
        [v / n for v, n in zip(*pair, strict=True)] for pair in zip(base, lengths, strict=True)
    ]
    likelier = [float(c > r) for c, r in zip(*per_token, strict=True)]
    found.test |= {"pair_accuracy": bootstrap_mean(right), "margin": bootstrap_mean(margins)}
    found.base |= {"pair_accuracy": bootstrap_mean(likelier)}
    found.against["base"] = compare_cases(right, likelier)
    found.cases = _make_cases(pair_accuracy=right, margin=margins)


def measure_thumbs(model: Any, examples: Sequence[Json], pad: int, found: "TuneEvaluation") -> None:
    """How well the implicit reward tells liked replies from others: area under the ROC curve."""
    liked = [bool(each["label"]) for each in examples]
    mine = measure_logps(model, examples, "completion_ids", pad)
    with hide_adapter(model) if hasattr(model, "peft_config") else nullcontext():
        base = measure_logps(model, examples, "completion_ids", pad)
    gains = [a - b for a, b in zip(mine, base, strict=True)]
    found.test["thumb_auc"] = auc_interval(gains, liked)
    found.base["thumb_auc"] = auc_interval(base, liked)
    found.cases = _make_cases(liked=[float(each) for each in liked], gain=gains)


def measure_reward_model(
    model: Any, examples: Sequence[Json], pad: int, found: "TuneEvaluation"
) -> None:
    """Accuracy on held-out pairs, and how far the chances it gives are what comes true."""
    scores = [_score_rows(model, [each[f"{side}_ids"] for each in examples], pad)
              for side in ("chosen", "rejected")]  # fmt: skip
    margins = [c - r for c, r in zip(*scores, strict=True)]
    right = [1.0 if m > 0 else 0.5 if m == 0 else 0.0 for m in margins]
    found.test |= {
        "pair_accuracy": bootstrap_mean(right),
        "calibration_error": calibration_error(margins),
        "margin": bootstrap_mean(margins),
    }
    chance = [0.5] * len(right)
    found.base["pair_accuracy"] = bootstrap_mean(chance)
    found.against["base"] = compare_cases(right, chance)
    found.cases = _make_cases(pair_accuracy=right, margin=margins)


def measure_rewards(
    runtime: Runtime,
    config: "TuneConfig",
    base: "BaseModel",
    rows: Sequence[Json],
    engine: Engine,
    bare: Engine | None,
    found: "TuneEvaluation",
) -> None:
    """Mean reward of replies to held-out prompts, of the tuned model and of its base."""
    from genwright.tuning.rewards import open_reward

    reward = open_reward(runtime, config.preference.reward, base)

    def score_replies(of: Engine, what: str) -> list[float]:
        replies = []
        for number, row in enumerate(rows, 1):
            sampling = Sampling(config.preference.reply_tokens, temperature=0.0)
            replies.append(
                collect_chat(of, ChatRequest(tuple(read_prompt_turns(row)), sampling))[0]
            )
            runtime.progress(number, len(rows), f"{what}: {number} of {len(rows)} replies")
        return reward([read_prompt_turns(row)[-1].content for row in rows], replies)

    mine = score_replies(engine, "tuned")
    found.test["reward"] = bootstrap_mean(mine)
    found.cases = _make_cases(reward=mine)
    if bare is not None:
        theirs = score_replies(bare, "base")
        found.base["reward"] = bootstrap_mean(theirs)
        found.against["base"] = compare_cases(mine, theirs)


def measure_logps(model: Any, examples: Sequence[Json], field: str, pad: int) -> list[float]:
    """Summed log-probability of each reply after its prompt, in nats."""
    import torch

    model.eval()
    found: list[float] = []
    with torch.inference_mode():
        for begin in range(0, len(examples), AT_ONCE):
            part = examples[begin : begin + AT_ONCE]
            rows = [[*each["prompt_ids"], *each[field]] for each in part]
            ids, mask = _fill_rows(rows, pad)
            logits = model(input_ids=ids, attention_mask=mask).logits
            for place, (row, each) in enumerate(zip(rows, part, strict=True)):
                start = len(each["prompt_ids"])
                chances = logits[place, start - 1 : len(row) - 1].float().log_softmax(dim=-1)
                wanted = torch.tensor(row[start:])[:, None]
                found.append(float(chances.gather(1, wanted).sum()))
    return found


def calibration_error(margins: Sequence[float]) -> ConfidenceInterval:
    """Expected calibration error of the chances ``s(|margin|)``, 0 best (Guo et al. 2017).

    Pairs are put into ten bins by the chance that the model gives its own verdict; the error is
    the mean distance of that chance from the share of verdicts that are right, with the 95 %
    interval over resampled pairs.
    """
    values = np.asarray(margins, float)
    if not len(values):
        return ConfidenceInterval(math.nan, math.nan, math.nan)
    chance = 0.5 * (1 + np.tanh(np.abs(values) / 2))
    right = (values > 0) + 0.5 * (values == 0)
    draws = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    again = [_ece(chance[draw], right[draw]) for draw in draws]
    low, high = np.quantile(again, [0.025, 0.975])
    return ConfidenceInterval(_ece(chance, right), float(low), float(high))


def auc_interval(scores: Sequence[float], labels: Sequence[bool]) -> ConfidenceInterval:
    """Area under the ROC curve with its 95 % interval; nan where there is one kind only."""
    values, good = np.asarray(scores, float), np.asarray(labels, bool)
    if good.all() or not good.any():
        return ConfidenceInterval(math.nan, math.nan, math.nan)
    random = np.random.default_rng(0)
    again = []
    for _ in range(RESAMPLES):
        draw = random.integers(0, len(values), len(values))
        if 0 < good[draw].sum() < len(draw):
            again.append(_auc(values[draw], good[draw]))
    low, high = np.quantile(again, [0.025, 0.975])
    return ConfidenceInterval(_auc(values, good), float(low), float(high))


def evaluate_preferences(
    config: "TuneConfig",
    model: Any,
    examples: Sequence[Json],
    pad: int,
    found: "TuneEvaluation",
) -> "TuneEvaluation":
    """Fill in what is measured in this process; rewards are measured on the served weights."""
    model.to("cpu")
    measures = {"kto": measure_thumbs, "reward": measure_reward_model}
    measures.get(config.objective, measure_pairs)(model, examples, pad, found)
    return found


def evaluate_online(
    runtime: Runtime,
    config: "TuneConfig",
    base: "BaseModel",
    rows: Sequence[Json],
    opened: Any,
    found: "TuneEvaluation",
) -> "TuneEvaluation":
    """Rewards of replies by the engine that will serve the weights."""
    from genwright.engines.llamacpp.engine import LlamaCppEngine

    with ExitStack() as stack:
        engine = stack.enter_context(opened)
        bare = (
            engine.copy_without_adapter()
            if isinstance(engine, LlamaCppEngine) and config.baseline
            else None
        )
        measure_rewards(runtime, config, base, rows, engine, bare, found)
    return found


def _make_cases(**values: Sequence[float]) -> list[Json]:
    """Values of each case by name."""
    return [
        {"values": {name: round(each[place], 4) for name, each in values.items()}}
        for place in range(len(next(iter(values.values()))))
    ]


def _ece(chance: Any, right: Any) -> float:
    bins = np.minimum(((chance - 0.5) * 2 * BINS).astype(int), BINS - 1)
    total = 0.0
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            total += inside.mean() * abs(chance[inside].mean() - right[inside].mean())
    return float(total)


def _auc(values: Any, good: Any) -> float:
    """By ranks, ties as halves (Mann and Whitney 1947)."""
    order = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(order[2])
    ranks = (ends - (order[2] - 1) / 2)[order[1]]
    n = int(good.sum())
    return float((ranks[good].sum() - n * (n + 1) / 2) / (n * (len(values) - n)))


def _score_rows(model: Any, rows: Sequence[list[int]], pad: int) -> list[float]:
    import torch

    model.eval()
    found: list[float] = []
    with torch.inference_mode():
        for begin in range(0, len(rows), AT_ONCE):
            ids, mask = _fill_rows(rows[begin : begin + AT_ONCE], pad)
            found += model(input_ids=ids, attention_mask=mask).logits[:, 0].float().tolist()
    return found


def _fill_rows(rows: Sequence[Sequence[int]], pad: int) -> tuple[Any, Any]:
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask
