"""Choosing among variants of a configuration by their answers to questions with known answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from genwright.answers.assistants import open_assistant
from genwright.improve.candidates import to_served_version
from genwright.improve.methods.base import Material, MethodNotApplicable
from genwright.improve.questions import HeldOutQuestion
from genwright.improve.suites import score_quality
from genwright.registry.config import apply_changes
from genwright.types import Json

LEAST = 5


def choose_variant(
    material: Material, variants: Mapping[str, Mapping[str, Any]], least_gain: float = 0.01
) -> tuple[str, Json]:
    """The variant whose answers are nearest to what people said is right.

    Args:
        material: The live configuration and the questions.
        variants: Changes by name.
        least_gain: Mean F1 by which it must beat the live configuration here.

    Returns:
        Its name, and the mean F1 of all by name.

    Raises:
        NotPossible: There are too few questions, or none is better.
    """
    questions = material.list_questions()
    if len(questions) < LEAST:
        raise MethodNotApplicable(
            f"{len(questions)} questions have a right answer to choose by, {LEAST} are needed"
        )
    scores: Json = {"live": measure_quality(material, {}, questions)}
    for name, changes in variants.items():
        scores[name] = measure_quality(material, changes, questions)
        material.runtime.progress(len(scores), len(variants) + 1, f"{name}: {scores[name]:.3f}")
    best = max(variants, key=lambda each: scores[each])
    if scores[best] < scores["live"] + least_gain:
        raise MethodNotApplicable(
            f"no variant answers better than the live one ({scores['live']:.3f}; best {best!r} "
            f"with {scores[best]:.3f})"
        )
    return best, scores


def measure_quality(
    material: Material, changes: Mapping[str, Any], questions: Sequence[HeldOutQuestion]
) -> float:
    """Mean F1 of a changed configuration's answers."""
    served = to_served_version(material.assistant, apply_changes(material.live, changes))
    opened = open_assistant(material.runtime, served)
    total = 0.0
    for each in questions:
        answer = opened.ask(each.question)
        total += 0.0 if answer.refused else score_quality(answer.answer, each.reference)
    return round(total / len(questions), 4)
