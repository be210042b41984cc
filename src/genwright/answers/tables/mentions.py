# ruff: noqa: RUF001 - signs of yes and no in many scripts
"""Which cells and headers of a table a question names, by their words.

Words are equal, or one is the other with another ending; a script without spaces is compared by
character. Nothing is translated here: columns are also found by meaning, see ``programs``.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from genwright.answers.tables.grid import Table
from genwright.grounding import words

_DENSE = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_DENSE}]|(?:[^\W_{_DENSE}]|(?<=\d)[.,](?=\d))+")
YES = frozenset("yes y true x ✓ ✔ ✅ ● ja sí si oui sim да evet tak 是 有 はい ○ 예 نعم".split())
NO = frozenset(
    "no n false ✗ ✘ ❌ ○ nein non não nee нет hayır nie 否 无 いいえ × 아니요 لا".split()
)
LONG = 5
"""Letters from which on a word may have another ending."""
ENDING = 3
PARTIAL = 4
"""Letters that a word has at least which names a cell of several words."""
RARE = 0.34
"""Share of the rows that have it, at most."""
LEAST_QUALITY = 0.2
"""Of a mention: one word of a long remark does not name the row that it stands in."""
SMALL = 1000
"""A smaller number is in many columns by chance: it names a cell only beside its header."""


@dataclass(frozen=True)
class Token:
    """A word of a question."""

    text: str
    """In lower case."""
    start: int
    end: int
    is_name: bool
    """Whether it is written as a name or number is."""


@dataclass(frozen=True)
class Mention:
    """What a question names of a table."""

    column: int
    rows: frozenset[int]
    """That have it."""
    start: int
    """First of the question's tokens that name it."""
    end: int
    text: str
    """What the cells say."""
    quality: float
    """1 where the whole cell is named in its own words."""

    @property
    def length(self) -> int:
        """How many tokens name it."""
        return self.end - self.start


def split_question_tokens(text: str) -> list[Token]:
    """The words of a text, each character of a script without spaces as one."""
    text = unicodedata.normalize("NFKC", text)
    found = []
    for match in _TOKEN.finditer(text):
        word = match[0].replace(",", "") if match[0][0].isdigit() else match[0]
        begins = not text[: match.start()].rstrip(" \"'“„«(").rstrip("¿¡").rstrip(" .!?:")
        is_name = word[0].isdigit() or (word[0].isupper() and not begins)
        found.append(Token(word.lower().removesuffix("."), match.start(), match.end(), is_name))
    return found


def compare_words(one: str, other: str) -> float:
    """1 for the same word, .9 for the same with another ending, else 0.

    Example:
        >>> compare_words("models", "model"), compare_words("pump", "pumice")
        (0.9, 0.0)
    """
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=len)
    if short[:1].isdigit() or len(short) < LONG - 1 or len(long) - len(short) > ENDING:
        return 0.0
    if long.startswith(short) or (
        len(short) >= LONG and long[: len(short) - 1] == short[:-1] and len(long) > LONG
    ):
        return 0.9
    return 0.0


def find_mentions(table: Table, question: Sequence[Token]) -> list[Mention]:
    """Cells that a question names, the longest ones; one for each value of each column."""
    said = defaultdict(list)
    for place, token in enumerate(question):
        said[token.text[:PARTIAL]].append(place)
    head = {t.text for header in table.headers for t in split_question_tokens(header)}
    found: list[Mention] = []
    for column in range(len(table.headers)):
        values: dict[str, set[int]] = defaultdict(set)
        for row, text in enumerate(table.list_texts(column)):
            if text:
                values[text].add(row)
        partial: dict[tuple[int, int], tuple[set[int], float, str]] = {}
        for text, rows in values.items():
            tokens = [each.text for each in split_question_tokens(text)]
            if not tokens or not any(token[:PARTIAL] in said for token in tokens):
                continue
            for start, end, quality in _match(tokens, question, said):
                if end - start < len(tokens):
                    key = (start, end)
                    known, best, name = partial.get(key, (set(), 0.0, text))
                    partial[key] = (known | rows, max(best, quality), name)
                elif _is_telling(question[start:end]) and _may_be_number(
                    question[start:end], table.headers[column], question
                ):
                    found.append(Mention(column, frozenset(rows), start, end, text, quality))
        for (start, end), (rows, quality, text) in partial.items():
            said_here = question[start:end]
            is_rare = len(rows) <= max(1, RARE * len(table.rows))
            if is_rare and _may_be_part(said_here) and not {t.text for t in said_here} & head:
                found.append(Mention(column, frozenset(rows), start, end, text, 0.5 * quality))
    return _keep_longest([each for each in _merge(found) if each.quality >= LEAST_QUALITY])


def _match(
    tokens: Sequence[str], question: Sequence[Token], said: dict[str, list[int]]
) -> list[tuple[int, int, float]]:
    """Where the question says a cell's words, or some of them in a row: start, end, quality."""
    found = []
    for place, token in enumerate(tokens):
        for start in said.get(token[:PARTIAL], ()):
            quality, length = 1.0, 0
            while place + length < len(tokens) and start + length < len(question):
                same = compare_words(tokens[place + length], question[start + length].text)
                if not same:
                    break
                quality, length = min(quality, same), length + 1
            if length and (place == 0 or length < len(tokens)):
                share = length / len(tokens)
                found.append((start, start + length, quality * (share if share < 1 else 1.0)))
    return found


def _is_telling(tokens: Sequence[Token]) -> bool:
    """Whether words can name a cell, and do not only hold a sentence together."""
    text = "".join(token.text for token in tokens)
    dense = any("\u3040" <= char <= "\ud7af" for char in text)
    if dense:
        return len(text) > 1
    bare = words.extract_content(" ".join(token.text for token in tokens))
    return bool(bare) and (len(text) > 2 or tokens[0].is_name)


def _may_be_part(tokens: Sequence[Token]) -> bool:
    text = "".join(token.text for token in tokens)
    dense = any("\u3040" <= char <= "\ud7af" for char in text)
    long = len(text) >= (2 if dense else PARTIAL)
    return long and (_is_telling(tokens) if dense else any(t.is_name for t in tokens)
                     or len(tokens) > 1) and bool(_is_telling(tokens))  # fmt: skip


def _may_be_number(tokens: Sequence[Token], header: str, question: Sequence[Token]) -> bool:
    """Whether words name a cell for sure, or are a small number whose header is named, too."""
    text = "".join(token.text for token in tokens)
    small = bool(re.fullmatch(r"[\d.]+", text)) and float(text.strip(".") or 0) < SMALL
    return not small or bool(cover_header(header, question))


def _merge(found: Sequence[Mention]) -> list[Mention]:
    """One mention for each column and place, of the best quality there."""
    best: dict[tuple[int, int, int], Mention] = {}
    for each in found:
        key = (each.column, each.start, each.end)
        known = best.get(key)
        if known is None or known.quality < each.quality:
            best[key] = each
        elif known.quality == each.quality:
            best[key] = Mention(
                *key[:1], known.rows | each.rows, *key[1:], known.text, known.quality
            )
    return list(best.values())


def _keep_longest(found: Sequence[Mention]) -> list[Mention]:
    return [
        each
        for each in found
        if not any(
            other.length > each.length and other.start <= each.start and each.end <= other.end
            for other in found
        )
    ]


def find_flags(table: Table, question: Sequence[Token]) -> list[Mention]:
    """Columns of yes and no whose header a question names: their rows that say yes."""
    found = []
    for column, header in enumerate(table.headers):
        texts = [text.lower().strip() for text in table.list_texts(column)]
        filled = [text for text in texts if text]
        if not filled or not all(text in YES or text in NO for text in filled):
            continue
        places = cover_header(header, question)
        if places and any(text in YES for text in filled):
            rows = frozenset(row for row, text in enumerate(texts) if text in YES)
            label = next(text for text in table.list_texts(column) if text.lower().strip() in YES)
            found.append(Mention(column, rows, min(places), max(places) + 1, label, 1.0))
    return found


def cover_header(header: str, question: Sequence[Token]) -> set[int]:
    """Places of the question's tokens that are words of a header, or two characters in a row.

    Example:
        >>> sorted(cover_header("价格", split_question_tokens("哪个价格最高")))
        [2, 3]
    """
    own = [each.text for each in split_question_tokens(header)]
    covered = {
        place
        for place, token in enumerate(question)
        if _is_telling([token]) and any(compare_words(token.text, word) for word in own)
    }
    pairs = {pair for pair in pairwise(own) if min(pair) >= "\u3040"}
    for place, (one, other) in enumerate(pairwise(question)):
        if (one.text, other.text) in pairs:
            covered |= {place, place + 1}
    return covered
