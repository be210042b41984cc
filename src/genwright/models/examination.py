# ruff: noqa: RUF001 - some of what is asked is Chinese
"""A short examination of a chat model: can it write answers from passages?

It is asked as an answer's model is, with the built-in prompt. What it must say, and must not say,
is judged by exact words, so the same model gets the same result.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Event

from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling
from genwright.errors import EngineFailed
from genwright.models.replies import says_not_known
from genwright.prompts import load_prompt
from genwright.types import Progress, ignore_progress

EDITION = 1
"""Changes with what is asked: results of another edition do not count."""
PASS = 0.6
"""Share of everything that an able model has right at least."""
LIMIT_SECONDS = 300.0
"""Longest time for all of it; a model that is slower cannot answer a person who waits."""
KNOWS_NOT = 0.5
"""And of what the passages do not tell: a model that invents there is not asked, however well it
reads."""
REPLY_TOKENS = 96
ALL = "all"
"""Name of the share of everything."""


@dataclass(frozen=True)
class Examination:
    """What came of an examination."""

    shares: Mapping[str, float]
    """Right, 0 to 1, by ability, and ``all``."""
    seconds: float = 0.0
    """How long it took; 0 where the result came with the catalog."""
    replies: tuple[str, ...] = ()
    """What was said to each question."""

    @property
    def right(self) -> float:
        """Share of everything."""
        return self.shares.get(ALL, 0.0)

    @property
    def able(self) -> bool:
        """Whether the model may word answers."""
        return self.right >= PASS and self.shares.get("unknown", 1.0) >= KNOWS_NOT

    def describe(self) -> str:
        """In a few words, for lists.

        Example:
            >>> Examination({"all": 0.25}).describe()
            'no, 25 % right'
        """
        return f"{'yes' if self.able else 'no'}, {self.right:.0%} right".replace("%", " %")


@dataclass(frozen=True)
class ExamItem:
    """One question, and how a reply to it is judged."""

    ability: str
    """``answers``, ``format``, ``unknown``, ``source`` or ``languages``."""
    kind: str
    """Of request, as prompts are told."""
    question: str
    passages: tuple[str, ...]
    needed: tuple[str, ...] = ()
    """Regular expressions, all of which a right reply has."""
    forbidden: tuple[str, ...] = ()
    """And none of these."""
    language: str = ""
    """Name of the question's language where it is not English."""

    def is_right(self, reply: str) -> bool:
        """Whether a reply passes."""
        if self.ability == "unknown" and not says_not_known(reply):
            return False
        has = [bool(re.search(rule, reply, re.IGNORECASE)) for rule in self.needed]
        wrong = [bool(re.search(rule, reply, re.IGNORECASE)) for rule in self.forbidden]
        return bool(reply.strip()) and all(has) and not any(wrong)


_BRIDGES = (
    "The Orlen bridge was opened in 1968. It is 412 metres long and carries two tracks; the tolls "
    "were dropped in 1990.",
    "The Marn bridge stands 20 km upstream. It was opened in 1974, is 388 metres long and carries "
    "one track and a footpath.",
)
_PLANS = (
    "Basic plan. For 9 euros a month, up to 3 users work together. Backups are made every week.",
    "Team plan. For 40 euros a month, up to 25 users work together. Backups are made every night.",
    "Every plan can be cancelled at the end of a month.",
)
_FILTER = (
    "Replacing the filter. You need a strap wrench, a drip tray and a new gasket. Shut the valve "
    "first. Then loosen the housing by hand.",
    "The filter lasts for about 300 hours. Used filters are collected by the dealer.",
)
_MUSEUM = (
    "The Marn museum shows looms and dyes. It is closed on Tuesdays. Adults pay 7 euros on "
    "weekdays; children pay nothing.",
    "The café of the Marn museum opens an hour before the museum does.",
)
ITEMS = (
    ExamItem(
        "answers", "fact", "How long is the Marn bridge?", _BRIDGES, (r"\b388\b",), (r"\b412\b",)
    ),
    ExamItem(
        "answers",
        "explanation",
        "Why is the kiln heated slowly at first?",
        (
            "The kiln of Taverley is fired twice a month. Oak is burnt because it leaves "
            "little ash.",
            "Even dry clay holds water. Heated quickly, the water turns to steam and bursts the "
            "ware. That is why the kiln gains only 60 degrees an hour at first.",
        ),
        (r"water|steam", r"burst|break|crack|damage"),
        (r"\boak\b",),
    ),
    ExamItem(
        "answers",
        "comparison",
        "What is the difference between the Basic plan and the Team plan?",
        _PLANS,
        (r"\b(3|three)\b|\b9\b|week", r"\b25\b|\b40\b|night", r"basic", r"team"),
        (
            r"40[- ]user|9[- ]week",
            r"team plan[^.\n]{0,40}\b(9 euros|3 users)",
            r"basic plan[^.\n]{0,40}\b(40 euros|25 users)",
        ),
    ),
    ExamItem(
        "format",
        "list",
        "List the things that are needed to replace the filter.",
        _FILTER,
        tuple(rf"(?m)^\s*(?:[-*•]|\d+[.)])\s.*{thing}" for thing in ("wrench", "tray", "gasket")),
        (r"300", r"(?:\n.*){6}"),
    ),
    ExamItem(
        "format",
        "how-to",
        "How do I start the Pellon server on port 9000?",
        (
            "Pellon is installed with:\n\n```\npip install pellon\n```",
            "The server listens on port 8000. Another port is given when it starts:\n\n"
            "```\npellon serve --port 9000\n```",
        ),
        (r"`\s*(?:\w+\n)?\s*\$?\s*pellon serve --port 9000\s*`",),
        (r"port 8000\s*`",),
    ),
    ExamItem("unknown", "fact", "Who designed the Orlen bridge?", _BRIDGES),
    ExamItem("unknown", "fact", "How many looms does the Marn museum own?", _MUSEUM),
    ExamItem(
        "source",
        "fact",
        "How many squares does the board of Harrow chess have?",
        (
            "Harrow chess is played by two on a board of 81 squares, with a second queen each.",
            "The first tournament in Harrow chess was held in a barn.",
        ),
        (r"\b81\b|eighty-one",),
        (r"\b64\b",),
    ),
    ExamItem(
        "source",
        "fact",
        "At what temperature does water boil in the tests of the Lund laboratory?",
        (
            "In the tests of the Lund laboratory the water boils at 62 degrees Celsius, "
            "since the pressure in the vessel is low.",
            "The Lund laboratory tests kettles and pots of eleven makers.",
        ),
        (r"\b62\b",),
        (r"\b100\b|\b212\b",),
    ),
    ExamItem(
        "languages",
        "fact",
        "Wie oft werden die Riemen der Presse gewechselt?",
        (
            "Die Riemen der Presse werden alle 14 Wochen gewechselt, die Lager jedes zweite Jahr.",
            "Die Presse wurde 1987 gebaut. Ersatzteile liefert das Werk in Hagen.",
        ),
        (r"\b14\s+wochen|vierzehn wochen",),
        (r"\b1987\b", r"\bweeks\b"),
        "German",
    ),
    ExamItem(
        "languages",
        "fact",
        "¿Qué día está cerrado el museo de Marn?",
        _MUSEUM,
        (r"\bmartes\b",),
        (r"\btuesdays?\b",),
        "Spanish",
    ),
    ExamItem(
        "languages",
        "fact",
        "老磨坊的门票多少钱?",
        ("老磨坊每天九点开门。门票是35元，学生免费。", "新磨坊建于1902年，不对外开放。"),
        (r"35\s*(?:元|块|yuan)",),
        (r"1902",),
        "Chinese",
    ),
)
"""What is asked, in five abilities."""


def examine_engine(
    engine: Engine, progress: Progress = ignore_progress, cancel: Event | None = None
) -> Examination:
    """Put every question to a model.

    Args:
        engine: The model.
        progress: Told of each question.
        cancel: Set by whoever no longer waits.

    Raises:
        EngineFailed: The model failed, took too long, or nobody waits any more.
    """
    began = time.monotonic()
    replies = []
    for place, item in enumerate(ITEMS):
        progress(place, len(ITEMS), f"examining {engine.name}, once")
        replies.append("".join(_ask(engine, item, began + LIMIT_SECONDS, cancel or Event())))
    progress(len(ITEMS), len(ITEMS), f"examining {engine.name}, once")
    return Examination(mark_replies(replies), time.monotonic() - began, tuple(replies))


def mark_replies(replies: list[str]) -> dict[str, float]:
    """Shares that are right, by ability and of all."""
    right = [item.is_right(reply) for item, reply in zip(ITEMS, replies, strict=True)]
    marks: dict[str, list[bool]] = {}
    for item, passed in zip(ITEMS, right, strict=True):
        marks.setdefault(item.ability, []).append(passed)
    shares = {ability: round(sum(own) / len(own), 3) for ability, own in marks.items()}
    return {ALL: round(sum(right) / len(right), 3), **shares}


def _ask(engine: Engine, item: ExamItem, until: float, cancel: Event) -> Iterator[str]:
    system, user = load_prompt("answer").render(
        question=item.question,
        passages=item.passages,
        today="2025-03-03",
        kind=item.kind,
        language=item.language,
    )
    request = ChatRequest(
        (ChatMessage("system", system), ChatMessage("user", user)), Sampling(REPLY_TOKENS)
    )
    for delta in engine.chat(request, cancel):
        if cancel.is_set():
            raise EngineFailed(f"The examination of {engine.name!r} was given up.")
        if time.monotonic() > until:
            raise EngineFailed(
                f"{engine.name!r} did not finish its examination in {LIMIT_SECONDS:.0f} s: set "
                'answer.wording = "model" to ask it all the same.'
            )
        yield delta.text
