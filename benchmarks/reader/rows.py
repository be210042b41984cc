# ruff: noqa: RUF001 - question marks of other scripts
"""Rows that the reader learns from: questions with passages, claims with sources.

Each row has ``input_ids``, ``labels`` (answers, supports) and ``word_labels``; see
``genwright.training.cross_encoder``. What is read is in the test data's own README; nothing of the
wild set, of ``clapnq``, ``mtrag``, ``nomiracl`` or of a ``dev`` file is.
"""

import gzip
import itertools
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genwright.documents import split_sentences
from genwright.training.cross_encoder import IGNORED

READER_ROWS = {
    "faq-multi": 2600,
    "medquad-en": 1200,
    "selqa-en": 1800,
    "doc2dial-en": 1300,
    "covid-qa-en": 800,
    "qed-en": 900,
    "tatqa-en": 900,
    "fetaqa-en": 500,
    "wikitablequestions-en": 700,
    "afriqa-en-fr": 900,
    "tydiqa-goldp-multi": 1000,
    "faquad-pt": 250,
    "norquad-no": 350,
    "jaquad-ja": 350,
    "jsquad-ja": 300,
    "cmrc2018-zh": 400,
    "drcd-zh-hant": 200,
    "pquad-fa": 250,
    "heq-he": 250,
    "iapp-wiki-qa-th": 100,
}
"""How many rows of each file: breadth of kinds and languages before size."""

MOST_TOKENS, QUESTION_TOKENS = 208, 64
YES_NO = 1600
"""Questions for yes or no."""
HELD_BACK = 25
"""One row in so many is for validation."""
ANSWERED = 0.55
"""Share of each file's rows that are to be answered by their passage; of a file with more, some get
another passage, which does not."""
NEIGHBORS = 40
"""Passages among which the one with most words of a question is taken as near miss."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Pairs:
    """Encodes two texts as one row.

    Args:
        tokenizer: Of the encoder, with ``<s>``, ``</s>``.
    """

    tokenizer: Any

    def encode(self, first: str, second: str) -> tuple[list[int], list[tuple[int, int]], int]:
        """Token ids, the offsets of the second text's tokens, and where these begin."""
        one = self.tokenizer.encode(first, add_special_tokens=False).ids[:QUESTION_TOKENS]
        two = self.tokenizer.encode(second, add_special_tokens=False)
        room = MOST_TOKENS - len(one) - 4
        start = len(one) + 3
        ids = [0, *one, 2, 2, *two.ids[:room], 2]
        return ids, list(two.offsets[:room]), start

    def reader_row(
        self, question: str, title: str, text: str, spans: Sequence[tuple[int, int]]
    ) -> Row:
        """A row of a question and a passage; ``spans`` are what answers, in characters."""
        head = f"{title}\n" if title else ""
        ids, offsets, start = self.encode(f"query: {question}", head + text)
        marks = [
            IGNORED
            if end <= len(head)
            else float(any(begin < e + len(head) and s + len(head) < end for s, e in spans))
            for begin, end in offsets
        ]
        words = [IGNORED] * start + marks + [IGNORED]
        seen = 1.0 in marks
        if spans and not seen:
            raise ValueError("the answer was cut off")
        return {
            "input_ids": ids,
            "first_end": start - 2,
            "second_start": start,
            "labels": [float(bool(spans)), IGNORED],
            "word_labels": words,
        }

    def support_row(self, claim: str, source: str, supported: bool) -> Row:
        """A row of a claim and a source."""
        ids, _, start = self.encode(f"claim: {claim}", source)
        return {
            "input_ids": ids,
            "first_end": start - 2,
            "second_start": start,
            "labels": [IGNORED, float(supported)],
            "word_labels": [IGNORED] * len(ids),
        }


def read_gz(path: Path) -> list[Row]:
    """The rows of a compressed JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def widen(passage: str, answers: Sequence[Row]) -> list[tuple[int, int]]:
    """The sentences, or lines of a table, that hold the answers."""
    spans = [(a["start"], a["start"] + len(a["text"])) for a in answers]
    return [
        (s, e) for s, e in units(passage) if any(s < last and first < e for first, last in spans)
    ]


def units(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, and lines of what is laid out in lines: start and end of each."""
    for start, end in split_sentences(text):
        place = start
        for line in text[start:end].splitlines(keepends=True):
            if line.strip():
                yield place, place + len(line.rstrip())
            place += len(line)


def window(
    draw: random.Random, passage: str, spans: Sequence[tuple[int, int]], most: int
) -> tuple[str, list[tuple[int, int]]]:
    """A part of a long passage, of whole units, that holds the first answer somewhere."""
    if len(passage) <= most:
        return passage, list(spans)
    first = spans[0][0] if spans else draw.randrange(len(passage))
    starts = [s for s, _ in units(passage) if first - 0.6 * most <= s <= first] or [first]
    at = draw.choice(starts)
    end = min(len(passage), at + most)
    kept = [(max(s, at) - at, min(e, end) - at) for s, e in spans if s < end and at < e]
    return passage[at:end], kept


def as_typed(draw: random.Random, question: str) -> str:
    """Now and then as people type: no capitals, no question mark, a slip, key words alone."""
    if draw.random() < 0.25:
        question = question.lower().rstrip("?？ ")
    if draw.random() < 0.06 and len(question) > 12:
        at = draw.randrange(2, len(question) - 2)
        question = question[:at] + question[at + 1] + question[at] + question[at + 2 :]
    if draw.random() < 0.04:
        question = re.sub(
            r"^(what|how|who|when|where|why|which)\b\W*((is|are|was|were|do|does|did|can)\b)?\W*",
            "",
            question,
            flags=re.I,
        )
    return question


def reader_rows(
    folder: Path, pairs: Pairs, seed: int, share: float = 1.0
) -> tuple[list[Row], list[Row]]:
    """Rows for training and validation, shuffled."""
    draw = random.Random(seed)
    train: list[Row] = []
    held: list[Row] = []
    for name, most in READER_ROWS.items():
        rows = read_gz(folder / f"{name}.jsonl.gz")
        titles: dict[str, list[Row]] = {}
        for row in rows:
            titles.setdefault(row["title"] or row["passage"][:80], []).append(row)
        draw.shuffle(rows)
        answered = sum(bool(row["answers"]) for row in rows) / len(rows)
        swapped = max(0.0, 1 - ANSWERED / answered)
        for place, row in enumerate(rows[: int(most * share)]):
            try:
                made = _one(draw, pairs, row, rows, titles, swapped)
            except ValueError:
                continue
            (held if place % HELD_BACK == 0 else train).append(made | {"set": name})
    for place, made in enumerate(_yes_no_rows(draw, folder.parents[1], pairs, int(YES_NO * share))):
        (held if place % HELD_BACK == 0 else train).append(made | {"set": "yes-no"})
    draw.shuffle(train)
    return train, held


_AUXILIARY = re.compile(
    r"^(?P<one>[^,.]{2,60}?) (?P<aux>is|was|are|were|has|have|had|can|will|did|does) "
    r"(?P<rest>.+?)[ .]*$"
)


_PAST = re.compile(r"^(?P<one>[^,.]{2,60}?) (?P<verb>[a-z]{3,})ed (?P<rest>.+?)[ .]*$")


def _yes_no_rows(draw: random.Random, data: Path, pairs: Pairs, most: int) -> Iterator[Row]:
    """Questions for yes or no, made of claims: a source that refutes one answers it as well."""
    rows = read_gz(data / "17-groundedness" / "vitaminc" / "train.jsonl.gz")
    for row in draw.sample(rows, most):
        judged = "SUPPORTS" in row["kind"] or "REFUTES" in row["kind"]
        others = [each["source"] for each in draw.sample(rows, 4) if each["page"] != row["page"]]
        place = draw.randrange(len(others) + 1)
        parts = [*others[:place], row["source"], *others[place:]]
        start = sum(len(part) + 1 for part in parts[:place])
        spans = [(start, start + len(row["source"]))] if judged else []
        question = as_typed(draw, ask_whether(draw, row["claim"]))
        try:
            title = row["page"] if draw.random() < 0.4 else ""
            yield pairs.reader_row(question, title, " ".join(parts)[:780], spans)
        except ValueError:
            continue


def ask_whether(draw: random.Random, claim: str) -> str:
    """A claim as a question for yes or no."""
    bare = claim.strip(" .")
    if (found := _PAST.match(bare)) and draw.random() < 0.7:
        return f"Did {found['one']} {found['verb']} {found['rest']}?"
    if (found := _AUXILIARY.match(bare)) and draw.random() < 0.7:
        return f"{found['aux'].capitalize()} {found['one']} {found['rest']}?"
    return draw.choice(("Is it true that {}?", "{}, right?", "{}?", "Is it so that {}?")).format(
        bare
    )


def _one(
    draw: random.Random,
    pairs: Pairs,
    row: Row,
    rows: Sequence[Row],
    titles: dict[str, list[Row]],
    swapped: float,
) -> Row:
    question = as_typed(draw, _asked(row))
    passage, title = row["passage"], row["title"]
    spans = widen(passage, row["answers"])
    if spans and draw.random() < swapped:
        near = [r for r in titles[title or passage[:80]] if r["passage"] != passage]
        if near and draw.random() < 0.5:
            other = draw.choice(near)
        else:
            others = [r for r in draw.sample(list(rows), NEIGHBORS) if r["passage"] != passage]
            other = max(others, key=lambda r: _overlap(question, r["passage"]))
        told = {a["text"].lower() for a in row["answers"]}
        if not any(each in other["passage"].lower() for each in told):
            passage, title, spans = other["passage"], other["title"], []
    dense = row["language"][:2] in ("ja", "zh", "th")
    text, spans = window(
        draw, passage, spans, draw.choice((300, 380) if dense else (500, 650, 780))
    )
    return pairs.reader_row(question, title if draw.random() < 0.6 else "", text, spans)


def _overlap(question: str, passage: str) -> float:
    """How many pieces of four characters of a question a passage has."""
    low, text = question.lower(), passage.lower()
    return sum(low[at : at + 4] in text for at in range(len(low) - 3))


def _asked(row: Row) -> str:
    """The question; a turn of a dialogue goes with what was asked before."""
    said = [turn["text"] for turn in row.get("history") or () if turn["role"] == "user"]
    return " ".join([*said[-1:], row["question"]]) if said else str(row["question"])


def support_rows(
    data: Path, pairs: Pairs, seed: int, share: float = 1.0
) -> tuple[list[Row], list[Row]]:
    """Rows of claims for training and validation, shuffled."""
    draw = random.Random(seed + 1)
    ground = data / "17-groundedness"
    train: list[Row] = []
    held: list[Row] = []
    plain = [("vitaminc", 9000), ("scone-nli", 2000)]
    for name, most in plain:
        rows = read_gz(ground / name / "train.jsonl.gz")
        draw.shuffle(rows)
        for place, row in enumerate(rows[: int(most * share)]):
            made = pairs.support_row(row["claim"], row["source"], row["label"] == "supported")
            (held if place % HELD_BACK == 0 else train).append(made | {"set": name})
    for place, (claim, source, label) in enumerate(make_claims(draw, data, int(5500 * share))):
        made = pairs.support_row(claim, source, label)
        (held if place % HELD_BACK == 0 else train).append(made | {"set": "made"})
    draw.shuffle(train)
    return train, held


def make_claims(draw: random.Random, data: Path, most: int) -> Iterator[tuple[str, str, bool]]:
    """Claims made from questions and their answers, from sentences, and from written answers."""
    folder = data / "16-rag-answers" / "reader-training"
    files = (
        "tydiqa-goldp-multi",
        "qed-en",
        "jsquad-ja",
        "cmrc2018-zh",
        "norquad-no",
        "afriqa-en-fr",
        "heq-he",
        "faquad-pt",
        "covid-qa-en",
        "pquad-fa",
        "selqa-en",
        "doc2dial-en",
        "medquad-en",
    )
    each = most // (len(files) + 3)
    for name in files:
        rows = [row for row in read_gz(folder / f"{name}.jsonl.gz") if row["answers"]]
        draw.shuffle(rows)
        for row in rows[:each]:
            yield from _claim_of(draw, row, rows)
    rows = [row for row in read_gz(folder / "fetaqa-en.jsonl.gz") if row.get("free_answer")]
    draw.shuffle(rows)
    for row in rows[: 3 * each]:
        source = f"{row['title']}\n{row['passage'][:700]}"
        cells = {a["text"] for a in row["answers"]}
        if not all(cell in source for cell in cells):
            continue
        claim, right = row["free_answer"], draw.random() < 0.5
        if not right:
            claim = _falsify(draw, claim, row["passage"]) or draw.choice(rows)["free_answer"]
        yield claim, source, right


def _claim_of(
    draw: random.Random, row: Row, rows: Sequence[Row]
) -> Iterator[tuple[str, str, bool]]:
    spans = widen(row["passage"], row["answers"])
    text, spans = window(draw, row["passage"], spans, draw.choice((250, 450, 650)))
    if not spans:
        return
    said = row["answers"][0]["text"]
    kind = draw.random()
    if kind < 0.4 and len(said) < 80:  # question and answer, as a claim
        right = draw.random() < 0.5
        if not right:
            said = _other_answer(draw, text, said, rows)
        yield f"{row['question']} {said}", text, right
        return
    start, end = spans[0]
    sentence = text[start:end]
    if kind < 0.65:  # the sentence itself, whole or shortened
        yield _shorten(draw, sentence), text, True
    elif changed := _falsify(draw, sentence, text):
        yield changed, text, False
    else:
        other = draw.choice(rows)
        outer = widen(other["passage"], other["answers"])
        if outer and other["passage"] != row["passage"]:
            yield other["passage"][slice(*outer[0])], text, False


def _other_answer(draw: random.Random, text: str, said: str, rows: Sequence[Row]) -> str:
    """Another number, name or stretch of the same passage, else the answer to another question."""
    numbers = [n for n in re.findall(r"\d[\d.,]*\d|\d", text) if n not in said]
    names = [
        n for n in re.findall(r"\b[A-Z]\w+(?: [A-Z]\w+)*", text) if n not in said and said not in n
    ]
    if re.search(r"\d", said) and numbers:
        return draw.choice(numbers)
    if said[:1].isupper() and names and draw.random() < 0.7:
        return draw.choice(names)
    return str(draw.choice(draw.choice(rows)["answers"])["text"])[:80]


def _shorten(draw: random.Random, sentence: str) -> str:
    """Sometimes without its last clause or what stands in brackets: still said."""
    if draw.random() < 0.5:
        sentence = re.sub(r"\s*\([^)]*\)", "", sentence)
    parts = re.split(r"(?<=\w), (?=and |but |which |who )", sentence)
    return parts[0] if len(parts) > 1 and len(parts[0]) > 30 and draw.random() < 0.6 else sentence


_NEGATED = (
    (
        r"\b(is|are|was|were|can|will|has|have|had|does|do|did|should|may|must|could|would)\b"
        r"(?! not| no)",
        r"\1 not",
    ),
    (r"\b(is|are|was|were|can|will|does|do|did|should|must) not\b", r"\1"),
    (r"\bist\b", "ist nicht"),
    (r"\best\b", "n'est pas"),
    (r"\bes\b", "no es"),
)


def _falsify(draw: random.Random, sentence: str, text: str) -> str | None:
    """The sentence with a number, a name or its negation changed; None where nothing can be."""
    ways = ["number", "name", "negation", "turned"]
    draw.shuffle(ways)
    for way in ways:
        if way == "turned" and (turned := _turn_round(draw, sentence)):
            return turned
        if way == "number" and (found := re.findall(r"\d[\d.,]*\d|\d", sentence)):
            old = draw.choice(found)
            others = [n for n in re.findall(r"\d[\d.,]*\d|\d", text) if n != old]
            new = draw.choice(others) if others and draw.random() < 0.6 else _nudge(draw, old)
            if new != old:
                return sentence.replace(old, new, 1)
        if way == "name" and (found := re.findall(r"\b[A-Z]\w{2,}", sentence[1:])):
            old = draw.choice(found)
            others = [
                n for n in re.findall(r"\b[A-Z]\w{2,}", text) if n != old and n not in sentence
            ]
            if others:
                return sentence.replace(old, draw.choice(others), 1)
        if way == "negation":
            for pattern, new in _NEGATED:
                if re.search(pattern, sentence):
                    return re.sub(pattern, new, sentence, count=1)
    return None


def _turn_round(draw: random.Random, sentence: str) -> str | None:
    """Two names of the sentence in each other's place, where a verb stands between them."""
    names = list(re.finditer(r"\b[A-Z]\w{2,}(?: [A-Z]\w+)*", sentence[1:]))
    pairs = [
        (one, two)
        for one, two in itertools.pairwise(names)
        if one[0] != two[0]
        and re.search(
            r" \w+(ed|es|is|as|an|on|s) ", between := sentence[1 + one.end() : 1 + two.start()]
        )
        and not re.search(r",|\b(and|or)\b", between)
    ]
    if not pairs:
        return None
    one, two = draw.choice(pairs)
    first, between = sentence[: 1 + one.start()], sentence[1 + one.end() : 1 + two.start()]
    return first + two[0] + between + one[0] + sentence[1 + two.end() :]


def _nudge(draw: random.Random, number: str) -> str:
    digits = [i for i, c in enumerate(number) if c.isdigit()]
    at = draw.choice(digits)
    return number[:at] + str((int(number[at]) + draw.randint(1, 8)) % 10) + number[at + 1 :]
