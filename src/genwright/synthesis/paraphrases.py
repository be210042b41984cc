"""Paraphrases for rare labels: the same in other words, kept where it still means the same."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from genwright.datasets import Dataset
from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling, collect_chat
from genwright.errors import UsageError
from genwright.synthesis.recipes import Sieve, SynthesisResult, mark_synthetic
from genwright.types import Json, Progress, ignore_progress

if TYPE_CHECKING:
    from genwright.types import Vectors

ASK = "Say this in other words, in one sentence, with the same meaning:\n\n{text}"
NEAR, SAME = 0.55, 0.995
"""Cosines between which a paraphrase means the same, and is not the same words."""
TRIES = 3


def make_paraphrases(
    engine: Engine,
    dataset: Dataset,
    embed: "Callable[[Sequence[str]], Vectors]",
    *,
    least: int = 0,
    model: str = "",
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> SynthesisResult:
    """New rows for labels that have few, so that each has as many as asked for.

    Args:
        engine: Writes.
        dataset: Of the form ``classification``.
        embed: Unit-length vectors: a paraphrase must be near its source and nearer to its own
            label's rows than to any other's.
        least: Rows that each label should have; 0 for the median label's number.
        model: Its name, for the recipe.
        seed: Of the sampling.
        progress: Told of rows.

    Raises:
        UsageError: The rows have no labels.
    """
    if dataset.form != "classification":
        raise UsageError(f"Paraphrases are for classification, these rows are {dataset.form!r}.")
    counts = Counter(str(row["label"]) for row in dataset.rows)
    wanted = least or sorted(counts.values())[len(counts) // 2]
    sieve = Sieve((str(row["text"]) for row in dataset.rows), most=0.9)
    centres = _find_centroids(dataset, embed)
    rows: list[Json] = []
    for label, count in sorted(counts.items()):
        sources = [str(row["text"]) for row in dataset.rows if str(row["label"]) == label]
        missing, tries = wanted - count, 0
        while missing > 0 and tries < (wanted - count) * TRIES:
            source = sources[tries % len(sources)]
            tries += 1
            sieve.tried += 1
            text = _paraphrase_text(engine, source, seed + sieve.tried)
            if _has_same_meaning(text, source, label, centres, embed, sieve) and sieve.admit(text):
                row = {"text": text, "label": label}
                rows.append(mark_synthetic(row, "paraphrase", model=model, of=source))
                missing -= 1
                progress(len(rows), 0, f"{len(rows)} paraphrases")
    made = Dataset("paraphrases", "classification", tuple(rows), "synthesis")
    return SynthesisResult(made, sieve.tried, sieve.dropped)


def _paraphrase_text(engine: Engine, text: str, seed: int) -> str:
    request = ChatRequest(
        (ChatMessage("user", ASK.format(text=text)),), Sampling(96, temperature=0.8, seed=seed)
    )
    said = collect_chat(engine, request)[0].strip()
    return " ".join(said.splitlines()[0].strip(' "').split()) if said else ""


def _find_centroids(
    dataset: Dataset, embed: "Callable[[Sequence[str]], Vectors]"
) -> "dict[str, Vectors]":
    labels = sorted({str(row["label"]) for row in dataset.rows})
    found = {}
    for label in labels:
        texts = [str(row["text"]) for row in dataset.rows if str(row["label"]) == label]
        mean = embed(texts[:50]).mean(axis=0)
        found[label] = mean / max(float((mean**2).sum() ** 0.5), 1e-9)
    return found


def _has_same_meaning(
    text: str,
    source: str,
    label: str,
    centres: "dict[str, Vectors]",
    embed: "Callable[[Sequence[str]], Vectors]",
    sieve: Sieve,
) -> bool:
    if len(text.split()) < 2:
        sieve.drop("no paraphrase")
        return False
    a, b = embed([text, source])
    near = float(a @ b)
    if not NEAR <= near <= SAME:
        sieve.drop("other meaning" if near < NEAR else "the same words")
        return False
    best = max(centres, key=lambda each: float(a @ centres[each]))
    if best != label:
        sieve.drop("nearer to another label")
        return False
    return True
