"""Instructions with replies, grown from seeds: Self-Instruct.

Wang et al. 2023, arXiv:2212.10560: a model sees a few tasks and writes another one; what is too
like a known one (ROUGE-L 0.7), too short, or asks for pictures and files is left out; then the
model replies to it.
"""

import random
import re
from collections.abc import Sequence

from genwright.datasets import Dataset
from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling, collect_chat
from genwright.errors import UsageError
from genwright.synthesis.recipes import Sieve, SynthesisResult, mark_synthetic
from genwright.types import Json, Progress, ignore_progress

SHOWN = 4
"""Tasks that the model sees before it writes one: half of them seeds."""
ASK = "Here are tasks for an assistant, each of another kind:\n\n{tasks}\nWrite task {next}:"
_CANNOT = re.compile(r"\b(image|picture|graph|file|video|audio|draw|plot|map|photo)s?\b", re.I)
_NUMBERED = re.compile(r"^\s*(?:task\s*)?(?:\d+[.):]|[-*])\s*", re.I)


def make_instructions(
    engine: Engine,
    seeds: Sequence[Json],
    count: int,
    *,
    model: str = "",
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> SynthesisResult:
    """Instructions and replies, as rows of the form ``prompt_completion``.

    Args:
        engine: Writes both.
        seeds: Rows with ``prompt``, ``instruction`` or ``question``.
        count: Rows that are wanted; a weak model may give fewer.
        model: Its name, for the recipe.
        seed: Of which tasks are shown, and of the sampling.
        progress: Told of rows that are there.

    Raises:
        UsageError: There are no seeds.
    """
    known = [text for text in map(find_instruction, seeds) if text]
    if not known:
        raise UsageError("Expected seeds with a column prompt, instruction or question.")
    sieve, rows, draw = Sieve(known), list[Json](), random.Random(seed)
    made: list[str] = []
    while len(rows) < count and sieve.tried < count * 6:
        sieve.tried += 1
        shown = draw.sample(known, min(len(known), SHOWN - min(len(made), SHOWN // 2)))
        shown += draw.sample(made, min(len(made), SHOWN // 2))
        draw.shuffle(shown)
        text = _write_instruction(engine, shown, seed + sieve.tried)
        if not _is_usable(text, sieve):
            continue
        reply = _write_reply(engine, text, seed + sieve.tried)
        if len(reply.split()) < 2:
            sieve.drop("no reply")
            continue
        made.append(text)
        row = {"prompt": text, "completion": reply}
        rows.append(
            mark_synthetic(row, "self-instruct", model=model, shown=[each[:60] for each in shown])
        )
        progress(len(rows), count, f"{len(rows)} instructions of {sieve.tried} tried")
    dataset = Dataset("instructions", "prompt_completion", tuple(rows), "synthesis")
    return SynthesisResult(dataset, sieve.tried, sieve.dropped)


def find_instruction(row: Json) -> str:
    """What a seed asks; empty where it asks nothing."""
    if row.get("messages"):
        return next((str(m["content"]) for m in row["messages"] if m["role"] == "user"), "")
    for name in ("prompt", "instruction", "question", "text"):
        if isinstance(row.get(name), str) and row[name].strip():
            return " ".join(row[name].split())
    return ""


def _is_usable(text: str, sieve: Sieve) -> bool:
    if not 3 <= len(text.split()) <= 150:
        sieve.drop("too short or too long")
        return False
    if _CANNOT.search(text):
        sieve.drop("needs more than text")
        return False
    return sieve.admit(text)


def _write_instruction(engine: Engine, shown: Sequence[str], seed: int) -> str:
    tasks = "".join(f"Task {n}: {text[:300]}\n" for n, text in enumerate(shown, 1))
    asked = ASK.format(tasks=tasks, next=len(shown) + 1)
    request = ChatRequest(
        (ChatMessage("user", asked),), Sampling(96, temperature=0.9, top_p=0.95, seed=seed)
    )
    text, _ = collect_chat(engine, request)
    first = next((line for line in text.splitlines() if line.strip()), "")
    return " ".join(_NUMBERED.sub("", first).strip(' "').split())


def _write_reply(engine: Engine, text: str, seed: int) -> str:
    request = ChatRequest((ChatMessage("user", text),), Sampling(256, temperature=0.3, seed=seed))
    return collect_chat(engine, request)[0].strip()
