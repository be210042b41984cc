"""Conversations over the documents: an assistant asked and asked again, each turn checked."""

from collections.abc import Sequence

from genwright.answers.answerer import Answerer
from genwright.answers.understanding.follow_up import make_standalone
from genwright.datasets import Dataset
from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
from genwright.retrieval import Scope
from genwright.runtime import Runtime
from genwright.synthesis.questions import find_first_question, make_questions
from genwright.synthesis.recipes import Sieve, SynthesisResult, mark_synthetic
from genwright.types import Json

NEXT = """\
A person asked: {question}
They were told: {answer}

Write the next question that this person would ask about the same thing. Reply with the question \
only."""


def make_conversations(
    runtime: Runtime,
    count: int,
    *,
    turns: int = 3,
    model: str = "",
    collections: Sequence[str] = (),
    seed: int = 0,
) -> SynthesisResult:
    """Conversations whose answers the documents support, as rows of the form ``messages``.

    Args:
        runtime: In the asker's rights.
        count: Rows that are wanted.
        turns: Questions of each, at most; a conversation ends where an answer is refused.
        model: Chat model that words questions and answers; by default the settings'.
        collections: Only from these.
        seed: Of the choice of places, and of the sampling.

    Raises:
        NotFound: There are no documents.
    """
    first = make_questions(runtime, count, model=model, collections=collections, seed=seed)
    engine, sieve, rows = runtime.models.get_engine(model), Sieve(), list[Json]()
    answerer = Answerer(runtime, model=model)
    scope = Scope(tuple(collections))
    for number, begun in enumerate(first.dataset.rows):
        sieve.tried += 1
        said: list[ChatMessage] = []
        traces: list[str] = []
        question = str(begun["question"])
        for turn in range(turns):
            alone = make_standalone(runtime, answerer.model, question, said)
            answer = answerer.ask(alone, scope=scope)
            if answer.refused or not any(each.citations for each in answer.sentences):
                break
            said += [ChatMessage("user", question), ChatMessage("assistant", answer.answer)]
            traces.append(answer.trace_id)
            asked = NEXT.format(question=alone, answer=answer.answer)
            sampling = Sampling(48, temperature=0.7, seed=seed + number * turns + turn)
            text, _ = collect_chat(engine, ChatRequest((ChatMessage("user", asked),), sampling))
            question = find_first_question(text)
            if not question or question in {each.content for each in said}:
                break
        runtime.progress(number + 1, len(first.dataset), f"{len(rows)} conversations")
        if not said:
            sieve.drop("the first answer was refused")
            continue
        turns_ = [{"role": each.role, "content": each.content} for each in said]
        rows.append(mark_synthetic({"messages": turns_}, "conversations", model=model,
                           traces=traces,
                           document=begun["lineage"]["document"]))  # fmt: skip
    dataset = Dataset("conversations", "messages", tuple(rows), "synthesis")
    return SynthesisResult(dataset, first.tried, {**first.dropped, **sieve.dropped})
