"""Measures of written text against references, each for one reply.

ROUGE by Lin 2004 (https://aclanthology.org/W04-1013): lower case, words of letters and digits, no
stemming; BLEU (Papineni et al. 2002, doi:10.3115/1073083.1073135) and chrF (Popović 2015,
doi:10.18653/v1/W15-3049) by sacrebleu.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from genwright.extras import need
from genwright.types import Json

_WORDS = re.compile(r"[^\W_]+")


def rouge(reply: str, references: Sequence[str], n: int) -> float:
    """Best F1 of shared word n-grams over the references.

    Example:
        >>> rouge("the cat sat", ["the cat ran"], 1) == 2 / 3
        True
    """
    return max(
        (_rouge_n(_split_words(reply), _split_words(each), n) for each in references), default=0.0
    )


def rouge_l(reply: str, references: Sequence[str]) -> float:
    """Best F1 of the longest common subsequence of words over the references."""
    return max(
        (_rouge_l(_split_words(reply), _split_words(each)) for each in references), default=0.0
    )


def bleu(reply: str, references: Sequence[str]) -> float:
    """Sentence BLEU with exponential smoothing, 0 to 1."""
    return float(_load_sacrebleu().sentence_bleu(reply, list(references)).score) / 100


def chrf(reply: str, references: Sequence[str]) -> float:
    """chrF2 of one reply, 0 to 1."""
    return float(_load_sacrebleu().sentence_chrf(reply, list(references)).score) / 100


def corpus_bleu(replies: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU of all replies together, 0 to 1; the first reference of each where they differ."""
    most = max(map(len, references), default=0)
    streams = [[each[i] if i < len(each) else each[0] for each in references] for i in range(most)]
    return float(_load_sacrebleu().corpus_bleu(list(replies), streams).score) / 100


def strict_match(reply: str, references: Sequence[str]) -> float:
    """1 where the reply is a reference, but for space around it."""
    return float(reply.strip() in {each.strip() for each in references})


def json_match(reply: str, references: Sequence[str]) -> float:
    """1 where the reply is JSON of the same value as a reference."""
    value = _parse_json(reply)
    return float(value is not None and any(value == _parse_json(each) for each in references))


def parse_call(text: str) -> Json | None:
    """A tool call that a text is, with nothing around it: ``{"name", "arguments"}``; else None.

    Example:
        >>> parse_call('{"name": "f", "arguments": {}}')
        {'name': 'f', 'arguments': {}}
    """
    value = _parse_json(text)
    if not isinstance(value, dict) or set(value) != {"name", "arguments"}:
        return None
    fits = isinstance(value["name"], str) and isinstance(value["arguments"], dict)
    return value if fits else None


def call_arguments(reply: str, references: Sequence[str]) -> float:
    """1 where the reply calls the reference's tool with the same arguments by name.

    Whatever their values; where the reference is no call, 1 where the reply is none either.
    """
    wanted = [parse_call(each) for each in references]
    got = parse_call(reply)
    return float(
        any(
            (got is None and each is None and "{" not in reply[:1])
            or (got is not None and each is not None and got["name"] == each["name"]
                and set(got["arguments"]) == set(each["arguments"]))
            for each in wanted
        )
    )  # fmt: skip


def call_format(reply: str, references: Sequence[str]) -> float:
    """1 where the reply is exactly a call of the reference's tool, with nothing around it."""
    got = parse_call(reply)
    wanted = [parse_call(each) for each in references]
    return float(
        got is not None and any(e is not None and got["name"] == e["name"] for e in wanted)
    )


def call_match(reply: str, references: Sequence[str]) -> float:
    """1 where the reply is the same tool call as a reference: name and arguments by value."""
    got = parse_call(reply)
    return float(got is not None and any(got == parse_call(each) for each in references))


def _parse_json(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(text)
    except ValueError:
        return None


@cache
def _load_sacrebleu() -> Any:  # noqa: ANN401 - a module without types
    return need("sacrebleu", "train", "BLEU and chrF")


def _split_words(text: str) -> list[str]:
    return _WORDS.findall(text.lower())


def _rouge_n(reply: list[str], reference: list[str], n: int) -> float:
    mine, theirs = (
        Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        for words in (reply, reference)
    )
    return _f1((mine & theirs).total(), mine.total(), theirs.total())


def _rouge_l(reply: list[str], reference: list[str]) -> float:
    row = [0] * (len(reference) + 1)
    for word in reply:
        before = 0
        for place, other in enumerate(reference, 1):
            above = row[place]
            row[place] = before + 1 if word == other else max(above, row[place - 1])
            before = above
    return _f1(row[-1], len(reply), len(reference))


def _f1(shared: float, mine: float, theirs: float) -> float:
    return 2 * shared / (mine + theirs) if shared else 0.0


CaseMeasure = Callable[[str, Sequence[str]], float]
