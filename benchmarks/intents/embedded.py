"""Vectors of requests by the published multilingual-e5-small, each text once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genwright.types import Vectors

PREFIX, MOST_TOKENS = "query: ", 64


def embed_requests(texts: Sequence[str], model: Path, cache: Path | None = None) -> Vectors:
    """Mean of the last states, unit length; (n, 384). What is new is added to the cache."""
    known: dict[str, Vectors] = {}
    if cache and cache.is_file():
        with np.load(cache) as kept:
            known = dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        known.update(zip(new, _embed(new, model), strict=True))
    if new and cache:
        np.savez(cache, texts=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[text] for text in texts])


def _embed(texts: Sequence[str], folder: Path) -> Vectors:
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>")
    model = BertModel.from_pretrained(folder).eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(texts), 32):
            batch = [PREFIX + text for text in texts[start : start + 32]]
            coded = tokenizer.encode_batch(batch)
            ids = torch.tensor([each.ids for each in coded])
            mask = torch.tensor([each.attention_mask for each in coded])
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state
            mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            found.append(torch.nn.functional.normalize(mean, dim=1).numpy())
    return np.concatenate(found)
