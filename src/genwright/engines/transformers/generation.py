"""Replies of a transformers model to several requests at once, token by token.

The requests of a batch are padded to the left and written together by ``generate``; each has its
own sampling, its own end, and can be given up alone. This module imports torch: only the child
process of the engine does so.
"""

import queue
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import torch
from transformers import LogitsProcessor, StoppingCriteria

NEGATIVE = float("-inf")
GREEDY = 1e-5
"""Temperatures below it take the likeliest token."""


@dataclass
class GenerationJob:
    """One request at work."""

    ids: list[int]
    """The prompt."""
    sampling: dict[str, Any]
    logprobs: int | None = None
    pieces: "queue.Queue[dict[str, Any] | None]" = field(default_factory=queue.Queue)
    """What is told, and None at the end."""
    cancelled: Event = field(default_factory=Event)
    written: list[int] = field(default_factory=list)
    told: str = ""
    finish: str = ""

    @property
    def limit(self) -> int:
        """Longest reply, in tokens."""
        return int(self.sampling.get("max_tokens") or 1 << 30)


class SamplingProcessor(LogitsProcessor):
    """Chooses each row's next token by that row's own sampling, and leaves only it possible.

    Args:
        jobs: The rows.
    """

    def __init__(self, jobs: list[GenerationJob]) -> None:
        self.jobs = jobs
        self.generators = [
            torch.Generator().manual_seed(int(job.sampling.get("seed", 0))) for job in jobs
        ]
        self.scores: list[tuple[float, list[tuple[int, float]]]] = []

    def __deepcopy__(self, memo: object) -> "SamplingProcessor":
        """Itself: peft copies what it is given, and the rows' queues must stay theirs."""
        return self

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (rows, vocabulary) with all but the chosen tokens ruled out."""
        chosen = torch.full_like(scores, NEGATIVE)
        self.scores = []
        for row, job in enumerate(self.jobs):
            logits = scores[row].float()
            token = self._choose(row, apply_penalties(logits, job))
            chosen[row, token] = 0.0
            self.scores.append(_pick_logprobs(logits, token, job.logprobs))
        return chosen

    def _choose(self, row: int, logits: torch.Tensor) -> int:
        sampling = self.jobs[row].sampling
        temperature = float(sampling.get("temperature", 0.0))
        if temperature < GREEDY:
            return int(logits.argmax())
        probabilities = torch.softmax(filter_logits(logits / temperature, sampling), dim=-1)
        return int(torch.multinomial(probabilities, 1, generator=self.generators[row]))


def apply_penalties(logits: torch.Tensor, job: GenerationJob) -> torch.Tensor:
    """Logits with a request's biases and penalties for what it has written."""
    sampling, logits = job.sampling, logits.clone()
    for token, bias in sampling.get("logit_bias") or ():
        if 0 <= int(token) < len(logits):
            logits[int(token)] += float(bias)
    presence = float(sampling.get("presence_penalty", 0.0))
    frequency = float(sampling.get("frequency_penalty", 0.0))
    repetition = float(sampling.get("repetition_penalty", 1.0))
    if job.written and (presence or frequency or repetition != 1.0):
        seen, counts = torch.tensor(job.written).unique(return_counts=True)
        values = logits[seen]
        values = torch.where(values > 0, values / repetition, values * repetition)
        logits[seen] = values - presence - frequency * counts
    return logits


def filter_logits(logits: torch.Tensor, sampling: dict[str, Any]) -> torch.Tensor:
    """Logits without the tokens that top-k, min-p and top-p leave out."""
    top_k = int(sampling.get("top_k", 0))
    if 0 < top_k < len(logits):
        logits = logits.masked_fill(logits < logits.topk(top_k).values[-1], NEGATIVE)
    probabilities = torch.softmax(logits, dim=-1)
    min_p, top_p = float(sampling.get("min_p", 0.0)), float(sampling.get("top_p", 1.0))
    if min_p > 0:
        logits = logits.masked_fill(probabilities < min_p * probabilities.max(), NEGATIVE)
    if top_p < 1:
        ordered, places = probabilities.sort(descending=True)
        surplus = ordered.cumsum(0) - ordered >= top_p
        logits = logits.masked_fill(torch.zeros_like(surplus).scatter(0, places, surplus), NEGATIVE)
    return logits


class StreamingCriteria(StoppingCriteria):
    """Hands each row's new token on, and says which rows are at their end.

    Args:
        jobs: The rows.
        tokenizer: Makes text of tokens.
        choosing: Knows the scores of what was chosen.
    """

    def __init__(
        self, jobs: list[GenerationJob], tokenizer: Any, choosing: SamplingProcessor
    ) -> None:
        self.jobs, self.tokenizer, self.choosing = jobs, tokenizer, choosing
        self.ends = find_end_tokens(tokenizer)

    def __deepcopy__(self, memo: object) -> "StreamingCriteria":
        """Itself, as ``SamplingProcessor``."""
        return self

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """Rows that are finished, as booleans."""
        for row, job in enumerate(self.jobs):
            if not job.finish:
                self._emit_token(row, job, int(input_ids[row, -1]))
        return torch.tensor([bool(job.finish) for job in self.jobs], device=input_ids.device)

    def _emit_token(self, row: int, job: GenerationJob, token: int) -> None:
        if job.cancelled.is_set():
            job.finish = "cancelled"
            return
        if token in self.ends:
            job.finish = "stop"
            job.pieces.put({"text": self._take_text(job, last=True)})
            return
        job.written.append(token)
        text = self._take_text(job, last=len(job.written) >= job.limit)
        if len(job.written) >= job.limit:
            job.finish = job.finish or "length"
        piece: dict[str, Any] = {"text": text}
        if job.logprobs is not None:
            piece["score"] = self._score(row, token)
        job.pieces.put(piece)

    def _take_text(self, job: GenerationJob, last: bool) -> str:
        """Text that is new and whole; a character may be spread over tokens, a stop over more."""
        whole = self.tokenizer.decode(job.written, skip_special_tokens=True)
        stops = [each for each in job.sampling.get("stop") or () if each]
        found = [whole.find(each) for each in stops if each in whole]
        if found:
            whole, job.finish = whole[: min(found)], "stop"
        elif not last:
            whole = whole.rstrip("\ufffd")
            held = max((_count_overlap(whole, each) for each in stops), default=0)
            whole = whole[: len(whole) - held]
        new = whole[len(job.told) :]
        job.told = whole if len(whole) > len(job.told) else job.told
        return new

    def _score(self, row: int, token: int) -> dict[str, Any]:
        logprob, top = self.choosing.scores[row]
        decode = self.tokenizer.decode
        return {
            "token": decode([token]),
            "logprob": logprob,
            "top": [[decode([other]), value] for other, value in top],
        }


def find_end_tokens(tokenizer: Any) -> set[int]:
    """Tokens that end a reply."""
    return {token for token in (tokenizer.eos_token_id,) if token is not None}


@torch.inference_mode()
def generate(model: Any, tokenizer: Any, jobs: list[GenerationJob]) -> None:
    """Write the replies of a batch; each job is told of its own as it grows."""
    width = max(len(job.ids) for job in jobs)
    pad = tokenizer.pad_token_id or 0
    ids = torch.full((len(jobs), width), pad)
    mask = torch.zeros_like(ids)
    decoder = bool(getattr(model.config, "is_encoder_decoder", False))
    for row, job in enumerate(jobs):
        place = slice(0, len(job.ids)) if decoder else slice(width - len(job.ids), width)
        ids[row, place], mask[row, place] = torch.tensor(job.ids), 1
    choosing = SamplingProcessor(jobs)
    longest = max(job.limit for job in jobs)
    model.generate(
        input_ids=ids.to(model.device),
        attention_mask=mask.to(model.device),
        max_new_tokens=min(longest, 1 << 20),
        do_sample=False,
        num_beams=1,
        eos_token_id=None,
        pad_token_id=pad,
        logits_processor=[choosing],
        stopping_criteria=[StreamingCriteria(jobs, tokenizer, choosing)],
        use_cache=True,
    )


@torch.inference_mode()
def score_ids(model: Any, ids: list[int], top: int) -> list[dict[str, Any]]:
    """Log-probability of each token but the first, with the likeliest at its place."""
    batch = torch.tensor([ids], device=model.device)
    logits = model(input_ids=batch).logits[0, -len(ids) :]
    logits = torch.log_softmax(logits[: len(ids) - 1].float(), dim=-1)
    best = logits.topk(max(1, top), dim=-1)
    return [
        {
            "token": ids[place + 1],
            "logprob": float(row[ids[place + 1]]),
            "top": list(
                zip(best.indices[place].tolist(), best.values[place].tolist(), strict=True)
            )[:top],
        }
        for place, row in enumerate(logits)
    ]


def _pick_logprobs(
    logits: torch.Tensor, token: int, top: int | None
) -> tuple[float, list[tuple[int, float]]]:
    if top is None:
        return 0.0, []
    values = torch.log_softmax(logits, dim=-1)
    best = values.topk(max(1, top))
    pairs = list(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    return float(values[token]), pairs[:top]


def _count_overlap(text: str, stop: str) -> int:
    """Characters at the end of a text that a stop may begin with."""
    most = min(len(text), len(stop) - 1)
    return next((n for n in range(most, 0, -1) if text.endswith(stop[:n])), 0)
