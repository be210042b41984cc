"""Every measure of replies by name, and what it is over many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genwright.errors import UnknownName
from genwright.evaluation.metrics import texts
from genwright.evaluation.metrics.answers import answer_recall, exact_match, token_f1


@dataclass(frozen=True)
class Metric:
    """One measure: higher is better for all of them."""

    name: str
    case: Callable[[str, Sequence[str]], float]
    """A reply and what it may be; 0 to 1."""
    whole: Callable[[Sequence[str], Sequence[Sequence[str]]], float] | None = None
    """Over all replies, where that is no mean over them."""
    says: str = ""


def _macro_f1(replies: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean over the classes of the F1 of each (classes that the references have)."""
    pairs = [
        (reply.strip(), golds[0].strip()) for reply, golds in zip(replies, references, strict=True)
    ]
    classes = {gold for _, gold in pairs}
    scores = []
    for each in classes:
        right = sum(reply == gold == each for reply, gold in pairs)
        said = sum(reply == each for reply, _ in pairs)
        there = sum(gold == each for _, gold in pairs)
        scores.append(2 * right / (said + there))
    return sum(scores) / len(scores) if scores else float("nan")


METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric("accuracy", texts.strict_match, says="The reply is the label."),
        Metric("macro_f1", texts.strict_match, _macro_f1, "Mean over classes of their F1."),
        Metric("exact_match", exact_match, says="The same words, by SQuAD's normalisation."),
        Metric("strict_match", texts.strict_match, says="The same text, but for outer space."),
        Metric("token_f1", token_f1, says="F1 of shared words, by SQuAD's normalisation."),
        Metric("answer_recall", answer_recall, says="Share of a reference's words in the reply."),
        Metric("bleu", texts.bleu, texts.corpus_bleu, "BLEU of all replies (sacrebleu)."),
        Metric("chrf", texts.chrf, says="chrF2, mean over replies (sacrebleu)."),
        Metric("rouge_1", lambda a, b: texts.rouge(a, b, 1), says="F1 of words."),
        Metric("rouge_2", lambda a, b: texts.rouge(a, b, 2), says="F1 of pairs of words."),
        Metric("rouge_l", texts.rouge_l, says="F1 of the longest common subsequence."),
        Metric("json_match", texts.json_match, says="JSON of the same value."),
        Metric("call_format", texts.call_format, says="Exactly a call of the right tool."),
        Metric("call_arguments", texts.call_arguments, says="The same arguments by name, too."),
        Metric("call_match", texts.call_match, says="The same tool call, by value."),
    )
}


def find_metric(name: str) -> Metric:
    """A measure by name.

    Raises:
        UnknownName: There is none of that name.
    """
    if name not in METRICS:
        raise UnknownName(f"There is no metric {name!r}. Known: {', '.join(METRICS)}.")
    return METRICS[name]
