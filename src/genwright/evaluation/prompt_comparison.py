"""Prompts compared on a data set: without examples, with one or several, picked in several ways."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genwright.engines import ChatMessage, Engine
from genwright.evaluation.paired import compare_cases
from genwright.evaluation.tasks import TaskCase, evaluate_task, make_engine_asker
from genwright.prompts import Prompt
from genwright.prompts.shots import Embed, Picker, Shot
from genwright.types import Json, Progress, ignore_progress


@dataclass(frozen=True)
class PromptVariant:
    """A prompt with so many examples, picked in one way."""

    prompt: Prompt
    shots: int = 0
    picker: str = "fixed"

    @property
    def label(self) -> str:
        """Such as ``classify, 4 nearest``."""
        return f"{self.prompt.name}, {self.shots} {self.picker if self.shots else 'shots'}"


def list_variants(
    prompts: Sequence[Prompt], shots: Sequence[int], pickers: Sequence[str]
) -> list[PromptVariant]:
    """Every combination, once: how examples are picked says nothing where there are none."""
    made = [
        PromptVariant(prompt, k, picker if k else "fixed")
        for prompt in prompts
        for k in shots
        for picker in pickers
    ]
    return list(dict.fromkeys(made))


def compare_prompts(
    engine: Engine,
    variants: Sequence[PromptVariant],
    cases: Sequence[TaskCase],
    pool: Sequence[Shot],
    metric: str,
    *,
    render: Callable[[Prompt, TaskCase], tuple[str, str]],
    embed: Embed | None = None,
    max_tokens: int = 64,
    progress: Progress = ignore_progress,
) -> list[Json]:
    """Ask every case in every variant.

    Args:
        engine: The model.
        variants: What is compared; the first is what others are held against.
        cases: Questions with references.
        pool: Examples to pick from, none of them a case.
        metric: What is measured.
        render: The system text and the user's message of a prompt for a case.
        embed: For pickers that look for nearness.
        max_tokens: Longest reply.
        progress: Told of cases that are asked.

    Returns:
        A row a variant: measure with interval, mean tokens of the prompt, seconds, and how it
        differs from the first.
    """
    rows: list[Json] = []
    first: list[float] = []
    for variant in variants:
        picker = Picker(pool, variant.picker, embed)
        asked = [_make_case(variant, case, picker, render) for case in cases]

        def report_progress(done: int, total: int, what: str, name: str = variant.label) -> None:
            progress(done, total, f"{name}: {what}")

        report = evaluate_task(
            asked,
            make_engine_asker(engine, max_tokens=max_tokens),
            [metric],
            progress=report_progress,
        )
        values = report.list_values(metric)
        first = first or values
        difference = compare_cases(values, first) if rows else None
        rows.append({
            "variant": variant.label, "prompt": variant.prompt.version, "shots": variant.shots,
            "picker": variant.picker, metric: report.metrics[metric].json(),
            "prompt_tokens": round(report.speed.get("prompt_tokens", 0) / len(cases), 1),
            "first_token_p50": report.speed.get("first_token_p50"),
            "seconds_per_row": round(report.seconds / len(cases), 4),
            "against_first": difference.json() if difference else None,
        })  # fmt: skip
    return rows


def _make_case(
    variant: PromptVariant,
    case: TaskCase,
    picker: Picker,
    render: Callable[[Prompt, TaskCase], tuple[str, str]],
) -> TaskCase:
    """A case as the variant asks it: system text, the prompt's own shots, picked ones, question."""
    system, user = render(variant.prompt, case)
    told: list[ChatMessage] = [ChatMessage("system", system)] if system else []
    picked = picker.pick(case.messages[-1].content, variant.shots) if variant.shots else []
    for said, replied in (*variant.prompt.shots, *((s.user, s.assistant) for s in picked)):
        told += [ChatMessage("user", said), ChatMessage("assistant", replied)]
    messages = (*told, ChatMessage("user", user))
    return TaskCase(messages, case.references, case.slice, case.row, case.choices)
