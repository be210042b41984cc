"""What models without a writing head do: classes of texts, spans that answer, vectors, masks.

This module imports torch: only the child process of the transformers engine does so.
"""

from typing import Any

import torch

MASK = "[MASK]"


@torch.inference_mode()
def classify(
    model: Any,
    tokenizer: Any,
    texts: list[str],
    labels: list[str],
    length: int,
) -> list[list[tuple[str, float]]]:
    """Log-probability of each class for each text, likeliest first."""
    batch = tokenizer(
        texts, return_tensors="pt", padding=True, truncation=True, max_length=length,
        return_token_type_ids=False,
    )  # fmt: skip
    logits = model(**batch.to(model.device)).logits.float()
    found = []
    for row in torch.log_softmax(logits, dim=-1).tolist():
        pairs = sorted(zip(labels, row, strict=True), key=lambda pair: -pair[1])
        found.append(pairs)
    return found


@torch.inference_mode()
def answer(
    model: Any, tokenizer: Any, question: str, context: str, length: int
) -> tuple[str, float]:
    """The likeliest span of a context as the answer, with its log-probability.

    Long contexts are read in overlapping windows; no answer is an empty span.
    """
    batch = tokenizer(
        question, context, return_tensors="pt", padding=True, truncation="only_second",
        max_length=length, stride=min(64, length // 4), return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )  # fmt: skip
    offsets = batch.pop("offset_mapping").tolist()
    batch.pop("overflow_to_sample_mapping", None)
    parts = [batch.sequence_ids(window) for window in range(len(offsets))]
    names = set(tokenizer.model_input_names) & set(batch.keys())
    out = model(**{name: batch[name].to(model.device) for name in names})
    start = torch.log_softmax(out.start_logits.float(), dim=-1)
    end = torch.log_softmax(out.end_logits.float(), dim=-1)
    best = ("", float("-inf"))
    for window, places in enumerate(offsets):
        first, last, score = find_best_span(start[window], end[window], parts[window])
        if score > best[1] and first >= 0:
            best = (context[places[first][0] : places[last][1]], score)
    return best


def find_best_span(
    start: torch.Tensor, end: torch.Tensor, parts: list[int | None], longest: int = 40
) -> tuple[int, int, float]:
    """First and last token of the likeliest span within the context, and its log-probability."""
    inside = torch.tensor([part == 1 for part in parts])
    start = start.masked_fill(~inside, float("-inf"))
    end = end.masked_fill(~inside, float("-inf"))
    table = (start[:, None] + end[None, :]).triu().tril(longest - 1)
    allowed = torch.ones_like(table, dtype=torch.bool).triu().tril(longest - 1)
    table = table.masked_fill(~allowed, float("-inf"))
    place = int(table.argmax())
    first, last = divmod(place, table.shape[1])
    score = float(table[first, last])
    return (first, last, score) if score > float("-inf") else (-1, -1, score)


@torch.inference_mode()
def embed(model: Any, tokenizer: Any, texts: list[str], length: int) -> list[list[float]]:
    """Mean of the last hidden states of each text, of unit length."""
    batch = tokenizer(
        texts, return_tensors="pt", padding=True, truncation=True, max_length=length,
        return_token_type_ids=False,
    ).to(model.device)  # fmt: skip
    bare = getattr(model, "base_model", model)
    hidden = bare(**batch).last_hidden_state.float()
    mask = batch["attention_mask"][..., None]
    mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
    return torch.nn.functional.normalize(mean, dim=-1).tolist()


@torch.inference_mode()
def fill(model: Any, tokenizer: Any, text: str, length: int) -> str:
    """A text with each of its masks replaced by the likeliest token."""
    text = text.replace(MASK, tokenizer.mask_token or MASK)
    batch = tokenizer(
        text, return_tensors="pt", truncation=True, max_length=length, return_token_type_ids=False
    )
    logits = model(**batch.to(model.device)).logits[0]
    ids = batch["input_ids"][0]
    masked = ids == tokenizer.mask_token_id
    ids[masked] = logits.argmax(-1)[masked]
    return str(tokenizer.decode(ids, skip_special_tokens=True))
