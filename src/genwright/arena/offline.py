"""Offline battles over a file of questions, and what should be compared next."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genwright.arena.contenders import Speaker, list_contenders, resolve_name
from genwright.arena.judging import Contest, judge_battles, measure_kind_agreement
from genwright.arena.matches import select_contenders
from genwright.arena.pairing import compute_pair_chances
from genwright.arena.votes import read_tally
from genwright.datasets.files import read_records
from genwright.errors import UsageError
from genwright.runtime import Runtime
from genwright.types import Json

_QUESTION = ("question", "prompt", "instruction", "text")
_ANSWER = ("answer", "reference", "completion", "expected")


def run_battle(
    runtime: Runtime, file: Path, judge: str, names: Sequence[str] = (), limit: int | None = None
) -> Json:
    """Let contenders answer the questions of a file, and a model judge every pair.

    Args:
        runtime: In the asker's rights.
        file: Rows with ``question`` and, where it is known, ``answer``.
        judge: Name of a chat model.
        names: Contenders; by default the arena's.
        limit: Questions at most.

    Raises:
        UsageError: A row has no question, or the judge is a contender.
        EngineFailed: The judge gives no verdicts.
    """
    rows = read_records(file)[:limit]
    questions = [_read_field(row, _QUESTION, number, file) for number, row in enumerate(rows, 1)]
    references = [_read_field(row, _ANSWER) for row in rows]
    assistants = runtime.assistants
    chosen = [resolve_name(runtime, assistants, name) for name in names] or list_contenders(
        runtime, assistants
    )
    if judge in chosen:
        raise UsageError(f"{judge!r} would judge itself: name another judge.")
    answers: dict[str, list[str]] = {}
    for number, name in enumerate(chosen):
        speaker = Speaker(runtime, assistants, name)
        answers[name] = []
        for question in questions:
            done = number * len(questions) + len(answers[name])
            runtime.progress(done, len(chosen) * len(questions), f"{name} answers")
            answers[name].append(speaker.answer(question).text)
    contest = Contest(questions, answers, references)
    database, principal = runtime.database, runtime.principal
    engine = runtime.models.get_engine(judge)
    found = judge_battles(database, principal, engine, judge, contest, runtime.progress)
    return {**found.json(), "agreement": measure_kind_agreement(database, principal)}


def suggest_pairs(runtime: Runtime) -> list[Json]:
    """Pairs of contenders with the chance that each is drawn next, the likeliest first."""
    names = list_contenders(runtime, runtime.assistants)
    counted = select_contenders(read_tally(runtime.database, runtime.principal), names)
    chances = compute_pair_chances(counted, runtime.settings.arena.pairing)
    pairs = [
        {"left": names[i], "right": names[j], "chance": float(chances[i, j])}
        for i, j in zip(*np.triu_indices(len(names), 1), strict=True)
    ]
    return sorted(pairs, key=lambda pair: -pair["chance"])


def _read_field(row: Json, names: Sequence[str], number: int = 0, file: Path | None = None) -> str:
    for name in names:
        if isinstance(row.get(name), str) and row[name].strip():
            return str(row[name]).strip()
    if number and file is not None:
        raise UsageError(f"{file.name}, row {number}: expected a column {names[0]!r}.")
    return ""
