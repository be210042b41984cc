"""Feedback as data sets that a model can learn from, each row with where it came from.

Pairs come from corrections (the correction over what was answered), from ratings of answers to the
same question (the better over the worse), and from votes of the arena. Thumbs alone make rows of
their own, for KTO; what was wanted makes rows of requests with their kind. Only what somebody
agreed to is used, once for each person and answer, with the identifiers of persons treated as the
settings say for prompts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from genwright.datasets import Dataset
from genwright.errors import GenwrightError, NotFound
from genwright.feedback.collect import Voice, read_voices
from genwright.feedback.exchanges import (
    Exchange,
    list_voted_matches,
    normalize_question,
    read_exchange,
)
from genwright.privacy import Privacy
from genwright.storage import Database
from genwright.types import Json, Principal

LIKED = 4
"""Points of five from which on an answer was liked."""
GAP = 1
"""How many points of five two ratings must be apart to make a pair."""


@dataclass
class FeedbackRows:
    """What feedback gives."""

    pairs: list[Json] = field(default_factory=list)
    """Rows of the form ``preference``."""
    thumbs: list[Json] = field(default_factory=list)
    """Rows of the form ``thumbs``."""
    good: list[Json] = field(default_factory=list)
    """Rows of the form ``messages``: corrections, and answers that people liked."""
    intents: list[Json] = field(default_factory=list)
    """Rows of the form ``classification``: requests with the kind of what they want, as people said
    or, where they liked the answer, as it was taken."""
    told: int = 0
    """Opinions that say what was wanted, and may be learnt from."""
    voices: int = 0
    votes: int = 0
    refused: int = 0
    """Opinions left out because there was no consent, or they hold identifiers."""
    last: int = 0
    """Id of the last row of feedback that was seen."""
    last_vote: int = 0

    def make_dataset(self, what: str, name: str) -> Dataset:
        """One of them as a data set: ``pairs``, ``thumbs``, ``good`` or ``intents``."""
        forms = {"pairs": "preference", "thumbs": "thumbs", "good": "messages",
                 "intents": "classification"}  # fmt: skip
        rows = tuple(getattr(self, what))
        return Dataset(name, forms[what], rows, "feedback")  # type: ignore[arg-type]

    def json(self) -> Json:
        """The numbers."""
        return {
            "pairs": len(self.pairs), "thumbs": len(self.thumbs), "good": len(self.good),
            "intents": len(self.intents), "voices": self.voices, "votes": self.votes,
            "refused": self.refused,
        }  # fmt: skip


def collect(
    database: Database,
    principal: Principal,
    privacy: Privacy,
    *,
    assistant: str = "",
    after: int = 0,
    after_vote: int = 0,
) -> FeedbackRows:
    """Make rows of all feedback that the principal may read.

    Args:
        database: The store.
        principal: Who asks; everybody's for an admin.
        privacy: What happens to identifiers of persons.
        assistant: Only of this one's answers, whichever version; all by default.
        after: Id of the last row of feedback that was used before; 0 for all.
        after_vote: Id of the last vote that was used before.
    """
    found = FeedbackRows(last=after, last_vote=after_vote)
    screen = _Screen(privacy)
    said: list[tuple[Voice, Exchange]] = []
    for voice in read_voices(database, principal, after):
        found.last = max(found.last, voice.ids[-1])
        try:
            exchange = read_exchange(database, principal, voice.trace_id)
        except NotFound:
            continue  # the trace was forgotten, or its time was up
        if assistant and exchange.assistant.partition("@")[0] != assistant:
            continue
        found.voices += 1
        if not voice.consent:
            found.refused += 1
            continue
        found.told += bool(voice.intent)
        said.append((voice, exchange))
    heard = [each for each in said if each[1].answer]
    makers: tuple[Callable[[], Iterable[Json]], ...] = (
        lambda: _make_edit_pairs(heard),
        lambda: _make_rating_pairs(heard),
        lambda: _make_vote_pairs(found, database, principal, assistant),
    )
    for made in makers:
        found.pairs += screen.keep_allowed(made())
    found.thumbs += screen.keep_allowed(_make_thumb_rows(heard))
    found.good += screen.keep_allowed(_make_good_rows(heard))
    found.intents += screen.keep_allowed(_make_intent_rows(said))  # a refusal may be a wrong way
    found.refused += screen.refused
    return found


class _Screen:
    """Rows as the privacy settings allow them."""

    def __init__(self, privacy: Privacy) -> None:
        self.privacy, self.refused = privacy, 0

    def keep_allowed(self, rows: Iterable[Json]) -> list[Json]:
        found, seen = [], set()
        for row in rows:
            try:
                clean = self._clean(row)
            except GenwrightError:
                self.refused += 1
                continue
            key = str({name: value for name, value in clean.items() if name != "lineage"})
            if key not in seen:  # two people who say the same are two voices and one row
                seen.add(key)
                found.append(clean)
        return found

    def _clean(self, row: Json) -> Json:
        return {
            name: value if name == "lineage" else self._screen_value(value)
            for name, value in row.items()
        }

    def _screen_value(self, value: object) -> object:
        if isinstance(value, str):
            return self.privacy.screen_prompt(value)
        if isinstance(value, list):
            return [
                {**turn, "content": self.privacy.screen_prompt(turn["content"])} for turn in value
            ]
        return value


def _make_lineage(voices: Sequence[Voice], kind: str) -> Json:
    return {
        "kind": kind,
        "traces": list(dict.fromkeys(voice.trace_id for voice in voices)),
        "feedback": [id_ for voice in voices for id_ in voice.ids],
        "people": sorted({voice.owner for voice in voices}),
    }


def _make_edit_pairs(heard: Sequence[tuple[Voice, Exchange]]) -> Iterable[Json]:
    for voice, exchange in heard:
        if voice.correction.strip() and voice.correction.strip() != exchange.answer.strip():
            yield {
                "prompt": exchange.prompt,
                "chosen": voice.correction.strip(),
                "rejected": exchange.answer.strip(),
                "lineage": _make_lineage([voice], "correction"),
            }


def _make_rating_pairs(heard: Sequence[tuple[Voice, Exchange]]) -> Iterable[Json]:
    """The better of two answers of one assistant to one question, by their mean ratings."""
    asked: dict[str, dict[str, tuple[Exchange, list[Voice]]]] = defaultdict(dict)
    for voice, exchange in heard:
        if voice.rating is not None:
            key = normalize_question(exchange.question)
            answers = asked[key]
            answers.setdefault(exchange.answer.strip(), (exchange, []))[1].append(voice)
    for answers in asked.values():
        for (_, (a, of_a)), (_, (b, of_b)) in combinations(answers.items(), 2):
            gap = _average_rating(of_a) - _average_rating(of_b)
            if abs(gap) < GAP:
                continue
            better, worse = (a, b) if gap > 0 else (b, a)
            yield {
                "prompt": better.prompt,
                "chosen": better.answer.strip(),
                "rejected": worse.answer.strip(),
                "lineage": _make_lineage([*of_a, *of_b], "rating"),
            }


def _make_vote_pairs(
    found: FeedbackRows, database: Database, principal: Principal, assistant: str
) -> Iterable[Json]:
    for match in list_voted_matches(database, principal, found.last_vote):
        found.last_vote = max(found.last_vote, match["vote"])
        both = {match["won"].partition("@")[0], match["lost"].partition("@")[0]}
        if assistant and assistant not in both:
            continue
        found.votes += 1
        turn = match["turns"][-1]
        chosen, rejected = turn[match["winner"]], turn[match["loser"]]
        if chosen["text"].strip() == rejected["text"].strip():
            continue
        yield {
            "prompt": _find_prompt(database, principal, chosen, turn["question"]),
            "chosen": chosen["text"].strip(),
            "rejected": rejected["text"].strip(),
            "lineage": {
                "kind": "vote",
                "vote": match["vote"],
                "traces": [each for each in (chosen["trace"], rejected["trace"]) if each],
                "people": [match["judge"]],
                "won": match["won"],
                "lost": match["lost"],
            },
        }


def _find_prompt(
    database: Database, principal: Principal, side: Json, question: str
) -> "str | list[Json]":
    """What the winner's model read; the question alone where its trace is gone."""
    try:
        return read_exchange(database, principal, side["trace"]).prompt
    except NotFound:
        return question


def _make_thumb_rows(heard: Sequence[tuple[Voice, Exchange]]) -> Iterable[Json]:
    for voice, exchange in heard:
        liked = {1: True, -1: False}.get(voice.thumb or 0)
        if liked is None and voice.rating is not None and voice.rating != 3:
            liked = voice.rating > 3
        if liked is not None:
            yield {
                "prompt": exchange.prompt,
                "completion": exchange.answer.strip(),
                "label": liked,
                "lineage": _make_lineage([voice], "thumb"),
            }


def _make_good_rows(heard: Sequence[tuple[Voice, Exchange]]) -> Iterable[Json]:
    for voice, exchange in heard:
        liked = voice.thumb == 1 or (voice.rating or 0) >= LIKED
        text = voice.correction.strip() or (exchange.answer.strip() if liked else "")
        if text and not (exchange.refused and not voice.correction):
            turns = [dict(each) for each in exchange.messages]
            yield {
                "messages": [*turns, {"role": "assistant", "content": text}],
                "lineage": _make_lineage([voice], "correction" if voice.correction else "liked"),
            }


def _make_intent_rows(said: Sequence[tuple[Voice, Exchange]]) -> Iterable[Json]:
    """A row for each request and kind, with everybody who said so; what people said comes first."""
    told: dict[tuple[str, str, str], tuple[str, list[Voice]]] = {}
    for voice, exchange in said:
        liked = voice.thumb == 1 or (voice.rating or 0) >= LIKED
        label = voice.intent or (exchange.intent if liked else "")
        text = exchange.question.strip()
        if label and text:
            why = "intent" if voice.intent else "liked"
            key = (why, normalize_question(text), label)
            told.setdefault(key, (text, []))[1].append(voice)
    for (why, _, label), (text, voices) in sorted(told.items()):
        yield {"text": text, "label": label, "lineage": _make_lineage(voices, why)}


def _average_rating(found: Sequence[Voice]) -> float:
    return sum(voice.rating or 0 for voice in found) / len(found)
