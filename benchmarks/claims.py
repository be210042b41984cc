"""Claims whose truth is known, made from questions and the sentences that answer them."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from questions import Question

from genwright.documents import split_sentences
from genwright.grounding import words
from genwright.retrieval import Hit

_ASKED = re.compile(
    r"\b(how (many|much|long|old|far|often)|in what|what|which|who|whom|whose|when|where|why|how)\b"
    r"( (is|are|was|were|did|do|does|has|have|had)\b)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Claim:
    """A sentence, the passages it is checked against, and whether they say so."""

    question: str
    text: str
    hits: tuple[Hit, ...]
    supported: bool
    kind: str
    held_back: bool


def claims_of(
    question: Question, hits: Sequence[Hit], without: bool, dice: random.Random
) -> Iterator[Claim]:
    """Claims from one question; all are false where its document is left out."""
    sentence, answer = question.sentence(), question.answers[0]
    if not sentence or (not any(question.source == hit.source for hit in hits) and not without):
        return
    for kind, supported, text in _made(question, sentence, answer, hits, dice):
        if without and not supported:
            continue
        label = supported and not without
        name = f"{kind}, left out" if without else kind
        yield Claim(question.text, text, tuple(hits), label, name, question.held_back)


def _made(
    question: Question, sentence: str, answer: str, hits: Sequence[Hit], dice: random.Random
) -> Iterator[tuple[str, bool, str]]:
    yield "sentence, words left out", True, _thinned(sentence, answer, dice)
    yield "question and answer", True, _stated(question.text, answer)
    if other := _other_answer(question, sentence, answer, hits, dice):
        yield "question and another answer", False, _stated(question.text, other)
        yield "sentence, another answer", False, sentence.replace(answer, other)
    if number := _NUMBER.search(sentence):
        changed = str(int(number.group()) + dice.choice((1, 2, 7, 10)))
        yield (
            "another number",
            False,
            sentence[: number.start()] + changed + sentence[number.end() :],
        )
    if negated := re.sub(r"\b(is|was|are|were|has|had|can|will)\b", r"\1 not", sentence, count=1):
        if negated != sentence and not words.has_negation(sentence):
            yield "negated", False, negated


def _thinned(sentence: str, answer: str, dice: random.Random) -> str:
    """The sentence without a fifth of the words that are no part of the answer."""
    kept = [word for word in sentence.split() if word in answer or dice.random() > 0.2]
    return " ".join(kept)


def _stated(question: str, answer: str) -> str:
    """Question and answer as one statement."""
    return _ASKED.sub(answer.replace("\\", ""), question.rstrip("? "), count=1) + "."


def _other_answer(
    question: Question, sentence: str, answer: str, hits: Sequence[Hit], dice: random.Random
) -> str:
    """Words of the same kind from another sentence of what was found."""
    number = bool(words.extract_numbers(answer))
    named = bool(words.extract_names(f"x {answer}"))
    found: list[str] = []
    for hit in hits:
        for start, end in split_sentences(hit.text):
            text = hit.text[start:end]
            if text == sentence or answer in text:
                continue
            for word in words.split_tokens(text)[1:]:
                fits = (
                    word[0].isdigit() if number else word[0].isupper() if named else len(word) > 5
                )
                if fits and word not in sentence and word not in question.text:
                    found.append(word)
    return dice.choice(found) if found else ""
