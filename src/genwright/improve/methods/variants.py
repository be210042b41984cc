"""Choosing among variants of a configuration by their answers to questions with known answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from genwright.answers.assistants import answerer_of, scope_of
from genwright.improve.candidates import as_served
from genwright.improve.methods.base import Material, NotPossible
from genwright.improve.questions import HeldOut
from genwright.improve.suites import quality
from genwright.registry.config import changed
from genwright.types import Json

LEAST = 5


def best_of(
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
    questions = material.questions()
    if len(questions) < LEAST:
        raise NotPossible(
            f"{len(questions)} questions have a right answer to choose by, {LEAST} are needed"
        )
    scores: Json = {"live": mean_quality(material, {}, questions)}
    for name, changes in variants.items():
        scores[name] = mean_quality(material, changes, questions)
        material.runtime.progress(len(scores), len(variants) + 1, f"{name}: {scores[name]:.3f}")
    best = max(variants, key=lambda each: scores[each])
    if scores[best] < scores["live"] + least_gain:
        raise NotPossible(
            f"no variant answers better than the live one ({scores['live']:.3f}; best {best!r} "
            f"with {scores[best]:.3f})"
        )
    return best, scores


def mean_quality(
    material: Material, changes: Mapping[str, Any], questions: Sequence[HeldOut]
) -> float:
    """Mean F1 of a changed configuration's answers."""
    served = as_served(material.assistant, changed(material.live, changes))
    settings = served.version.config.settings(material.runtime.settings)
    runtime = material.runtime.acting_for(material.runtime.principal, settings)
    answerer, scope = answerer_of(runtime, served), scope_of(runtime, served)
    total = 0.0
    for each in questions:
        answer = answerer.ask(each.question, scope=scope)
        total += 0.0 if answer.refused else quality(answer.answer, each.reference)
    return round(total / len(questions), 4)
