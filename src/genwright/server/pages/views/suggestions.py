"""Questions to begin with: made from the documents that are there, in their language.

Titles and headings give the questions, and a question is suggested only if the search finds the
document that it was made from, and, where a passage is to answer it, if the reader says that one
does. Everything is read in the rights of the one who visits.
"""

import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar

from genwright.answers.rarity import RarityTable
from genwright.languages import detect_language
from genwright.library.overview import DocumentEntry, list_entries, read_document_passages
from genwright.library.search import find_passages
from genwright.retrieval import EVERYWHERE, Scope
from genwright.runtime import Runtime


@dataclass(frozen=True)
class Wordings:
    """How one asks in a language."""

    inventory: str
    summary: str
    meaning: str


WORDINGS = {
    "en": Wordings("What documents are here?", "Summarize “{}”", "What is {}?"),
    "de": Wordings("Welche Dokumente gibt es hier?", "Fasse „{}“ zusammen", "Was ist {}?"),
    "fr": Wordings("Quels documents y a-t-il ici ?", "Résume « {} »", "Qu'est-ce que {} ?"),
    "es": Wordings("¿Qué documentos hay aquí?", "Resume «{}»", "¿Qué es {}?"),
}
"""By language; of documents in others it is asked in English."""

MOST_MEANINGS = 2
TRIED_SUMMARIES, TRIED_MEANINGS = 4, 6
"""Documents and headings that are tried, spread over all: a check of a heading reads passages."""
READ = 3
"""Passages that are read to check a question."""
LEAST_SURE = 0.6
"""Least probability that a passage answers what is suggested."""
LEAST_PASSAGES = 3
"""Of a document whose summary is suggested: a shorter one is read as fast."""
SAMPLED = 40
"""Documents whose language is looked at."""
KEPT = 256
"""Sets of suggestions, for so many kinds of visitors."""
_NAME = re.compile(r"[^\W\d_][\w+#.-]*(?: [\w+#.-]+){0,2}")
"""What can stand in "What is …?": one to three words, no sentence."""
_LONGEST_TITLE = 60

T = TypeVar("T")

_kept: OrderedDict[tuple[object, ...], tuple[str, ...]] = OrderedDict()
_making = threading.Lock()


def suggest_questions(runtime: Runtime, scope: Scope = EVERYWHERE) -> tuple[str, ...]:
    """At most four questions that are answered well; made once for the same visitor and documents.

    It takes seconds the first time, since each is tried.

    Args:
        runtime: In the visitor's rights.
        scope: Where the assistant looks that is to answer.
    """
    number, entries = list_entries(runtime, scope)
    if not entries:
        return ()
    newest = max((each.id, each.added_at) for each in entries)
    key = (str(runtime.workspace.root), runtime.principal, repr(scope), number, newest)
    with _making:  # one at a time: trying questions keeps the reader busy
        if key not in _kept:
            _kept[key] = tuple(_make_questions(runtime, scope, entries))
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return _kept[key]


def _make_questions(
    runtime: Runtime, scope: Scope, entries: Sequence[DocumentEntry]
) -> Iterator[str]:
    words = WORDINGS[find_language(entries)]
    yield from _take(_ask_meanings(runtime, scope, entries, words), MOST_MEANINGS)
    yield from _take(_ask_summaries(runtime, scope, entries, words), 1)
    yield words.inventory


def _take(questions: Iterator[str], most: int) -> Iterator[str]:
    yield from (question for question, _ in zip(questions, range(most), strict=False))


def find_language(entries: Sequence[DocumentEntry]) -> str:
    """The language that most documents are in, among those that questions are worded in."""
    codes = Counter(detect_language(each.opening.text) for each in _spread(entries, SAMPLED))
    code = codes.most_common(1)[0][0] if codes else ""
    return code if code in WORDINGS else "en"


def _ask_summaries(
    runtime: Runtime, scope: Scope, entries: Sequence[DocumentEntry], words: Wordings
) -> Iterator[str]:
    """Of documents that are long enough, and found by their titles."""
    titled = [each for each in entries if _is_title(each)]
    for each in _spread(titled, TRIED_SUMMARIES):
        hits = find_passages(runtime, each.title, k=1, scope=scope)
        long = len(read_document_passages(runtime, each.id, LEAST_PASSAGES)) == LEAST_PASSAGES
        if long and hits and hits[0].document == each.id:
            yield words.summary.format(each.title)


def _ask_meanings(
    runtime: Runtime, scope: Scope, entries: Sequence[DocumentEntry], words: Wordings
) -> Iterator[str]:
    """Of titles and headings that the document itself says the meaning of."""
    rarity = RarityTable(runtime.database, runtime.principal)
    for name, entry in _spread(list_names(entries), TRIED_MEANINGS):
        question = words.meaning.format(name)
        hits = find_passages(runtime, question, k=READ, scope=scope)
        read = runtime.models.reader.read(question, hits, rarity.look_up(question))
        best = max(read, key=lambda each: each.probability, default=None)
        if best and best.hit.document == entry.id and best.probability >= LEAST_SURE:
            yield question


def list_names(entries: Sequence[DocumentEntry]) -> list[tuple[str, DocumentEntry]]:
    """What documents are about by their titles and first headings, each name once."""
    found: dict[str, tuple[str, DocumentEntry]] = {}
    for entry in entries:
        for label in (entry.title, entry.opening.section.rpartition(" > ")[2]):
            name = " ".join(label.split()).strip('*_`"“”#: ')
            if _NAME.fullmatch(name) and _is_told(name, entry):
                found.setdefault(name.casefold(), (name, entry))
    return list(found.values())


def _is_told(name: str, entry: DocumentEntry) -> bool:
    """Whether a document speaks of a name, below its headings."""
    return name.casefold() in entry.opening.text.partition("\n")[2].casefold()


def _is_title(entry: DocumentEntry) -> bool:
    """Whether a title was written for people, and is not the name of the file."""
    title = entry.title.strip()
    letters = sum(map(str.isalpha, title))
    is_file = title in (PurePath(entry.source).name, PurePath(entry.source).stem)
    return not is_file and 3 <= len(title) <= _LONGEST_TITLE and 2 * letters > len(title)


def _spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly from the whole."""
    if len(items) <= most:
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]
