# ruff: noqa: RUF001 - punctuation of other scripts
"""A question that asks several things, as its parts, so that each is searched for."""

import re

from genwright.grounding import words

MOST_PARTS = 4
LEAST_CHARACTERS = 12
"""A shorter piece is no question of its own."""

_ASKS = (
    r"(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|should"
    r"|will|may|must|am|in which|by when|since when|from when"
    r"|was|welche[rsnm]?|wer|wen|wem|wann|wo|warum|wie|wieviele?|ist|sind|kann|darf|muss|ab wann"
    r"|bis wann"
    r"|que|quoi|quel(?:le)?s?|qui|quand|où|pourquoi|comment|combien|est-ce"
    r"|qué|cuál(?:es)?|quién(?:es)?|cuándo|dónde|cómo|cuánt[oa]s?"
    r"|che|quale|quali|chi|quando|dove|perché|come|quant[oiae]|wat|welke?|wie|wanneer|waar|hoe)"
)
_SENTENCE = re.compile(r"(?<=[?？!。])\s*(?=\S)|(?<=\.)\s+(?=\S)")
_JOINED = re.compile(
    rf"\s*(?:[,;]\s*(?:(?:and|or|but|und|oder|aber|et|ou|y|o|e|en|of)\s+)?"
    rf"|\s(?:and|und|et|y|e|en)\s+)(?={_ASKS}\b)",
    re.IGNORECASE,
)
_CJK_JOINED = re.compile(r"[，、,]\s*(?=[^，、,]*(?:什么|哪|谁|多少|怎么|何|どの|誰|いつ|どこ))")
_VERSUS = re.compile(
    r"\s+(?:vs\.?|versus|compared (?:to|with)|gegenüber|contre|contra)\s+", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"\b(?:differ|distin|compar|choice|choos|relat|connect|unterschied|vergleich|zusammenhang"
    r"|différen|lien|diferen|confronto|verschil|verband)\w*\b.*?"
    r"\b(?:between|zwischen|entre|tra|fra|tussen)\s+(?P<one>.+?)\s+(?:and|und|et|y|e|en)\s+(?P<other>.+)",
    re.IGNORECASE,
)
"""Two things that are compared; what lies between two places is not."""


def split_question(question: str) -> list[str]:
    """The things that a question compares, or its parts; empty where it asks one thing."""
    parts = split_compared(question) or split_parts(question)
    return parts if len(parts) > 1 else []


def split_parts(question: str) -> list[str]:
    """What a question asks, each part as one to search for; the question alone where it is one.

    Example:
        >>> split_parts("When is the pump oiled, and who may do it?")
        ['When is the pump oiled', 'who may do it?']
        >>> split_parts("How often is the oil changed?")
        ['How often is the oil changed?']
    """
    pieces = [
        part.strip()
        for sentence in _SENTENCE.split(question)
        for outer in _JOINED.split(sentence)
        for part in _CJK_JOINED.split(outer)
    ]
    asked = [
        piece
        for place, piece in enumerate(pieces)
        if len(piece) >= LEAST_CHARACTERS or _is_dense(piece) or (place == 0 and _names(piece))
    ]
    return asked[:MOST_PARTS] if len(asked) > 1 else [question]


def split_compared(question: str) -> list[str]:
    """The things that are compared, each with what is asked of them; empty where none is seen.

    Example:
        >>> split_compared("WAL vs rollback journal: where is the commit?")
        ['WAL : where is the commit?', 'rollback journal: where is the commit?']
        >>> split_compared("What is the difference between a list and a tuple?")
        ['a list', 'a tuple']
        >>> split_compared("price of the ferry, men vs women")
        ['price of the ferry, men', 'price of the ferry, women']
    """
    if found := _BETWEEN.search(question):
        tail = found["other"].rstrip("?？. ")
        return [found["one"], tail]
    sides = _VERSUS.split(question, maxsplit=1)
    if len(sides) == 2:
        one, other = sides
        _, mark, asked = other.partition(":")
        if mark:
            return [f"{one} : {asked.strip()}", other]
        about, mark, _ = one.rpartition(":") if ":" in one else one.rpartition(",")
        return [one, f"{about}{mark} {other}" if mark else other]
    return []


def _names(piece: str) -> bool:
    """Whether a short piece asks by itself: it begins as a question and names what it is about.

    After another piece it rather points back: "which ones?"
    """
    begins = re.match(rf"{_ASKS}\b", piece, re.IGNORECASE)
    return bool(begins and words.extract_content(piece[begins.end() :]))


def _is_dense(piece: str) -> bool:
    """Whether a piece is in a script that says much with few characters."""
    return sum(char > "\u2e80" for char in piece) >= 4
