"""Summaries without a model: of a document, of the collection, of what a search finds."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from genwright.answers.base import (
    EXTRACTIVE,
    AnswerSetup,
    Piece,
    Question,
    complete_answer,
    refuse,
    strategies,
    tell_of_documents,
    tell_remark,
)
from genwright.answers.findings import search_passages
from genwright.answers.quotes.excerpts import Excerpt
from genwright.answers.quotes.quoting import quote_excerpts, strip_links
from genwright.answers.quotes.summarizing import TellingSentence, choose_telling, list_sentences
from genwright.grounding import words
from genwright.grounding.citations import Answer, Sentence, cite, cite_opening
from genwright.library.overview import (
    DocumentEntry,
    list_entries,
    read_document_passages,
)
from genwright.retrieval import Hit

CHARACTERS = 1250
SHORT = 600
"""Characters of a document that is its own summary, where it has hardly a sentence."""
SEARCHED = 24
"""Passages that tell which document is meant."""
NAMED = 2.0
"""How much it counts that a question has the words of a document's name, beside what is found."""
SHOWN_DOCUMENTS = 6
OPENING = 8
"""Passages in which a document's first sentence is looked for."""
KEYWORDS = 12
_MARK = re.compile(r"^(?:[-*•>]\s+)+")


@strategies.register("summary")
class DocumentSummaryStrategy:
    """The gist of the document that is meant, or of what is found on a subject."""

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        hits = search_passages(self._setup, question, k=SEARCHED)
        base = Answer("", False, (), tuple(hits), EXTRACTIVE, "", 1.0)
        document = find_meant(question.text, hits)
        if document is None:
            yield refuse(base)
            return
        passages = read_document_passages(self._setup.runtime, document)
        title = tell_remark(f"**{passages[0].title}**")
        embedder = self._setup.runtime.models.embedder
        told = choose_telling(list_sentences(passages), embedder, CHARACTERS, question.text)
        if len(told) < 2 and sum(len(each.text) for each in passages) <= SHORT:
            whole = [Excerpt(each, each.start, each.end, each.text, 1.0) for each in passages]
            sentences = [title, *quote_excerpts(whole, label=False)]
            yield from sentences
            yield complete_answer(base, sentences)
            return
        if not told:
            yield refuse(base)
            return
        sentences = [title, *(_make_item(each) for each in told)]
        yield from sentences
        yield complete_answer(base, sentences)


def find_meant(question: str, hits: Sequence[Hit]) -> int | None:
    """The document that a question is about: by what is found in it, and by its name.

    None where nothing was found.
    """
    stems = set(words.extract_content(question)) | words.extract_numbers(question)
    weight: defaultdict[int, float] = defaultdict(float)
    names: dict[int, set[str]] = {}
    for rank, hit in enumerate(hits, start=1):
        weight[hit.document] += hit.score / rank
        named = f"{hit.title} {PurePath(hit.source).stem.replace('_', ' ').replace('-', ' ')}"
        names.setdefault(hit.document, set(words.extract_content(named)))
    for document, named_stems in names.items():
        weight[document] += NAMED * len(named_stems & stems) / max(len(named_stems), 1)
    return max(weight, key=lambda each: weight[each], default=None)


def _make_item(each: TellingSentence) -> Sentence:
    text = _MARK.sub("", " ".join(strip_links(each.text).split()))
    return Sentence(f"- {text}", 1.0, (cite(each.hit, each.start, each.end),), before="\n")


@strategies.register("overview")
class CollectionSummaryStrategy:
    """What the documents together are about: key words, and how the most typical ones begin."""

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        number, entries = list_entries(self._setup.runtime, question.scope)
        if number > 1 and find_named(question.text, entries):
            yield from DocumentSummaryStrategy(self._setup).stream(question)
            return
        yield from tell_of_documents(self._describe(number, entries) if entries else None)

    def _describe(self, number: int, entries: Sequence[DocumentEntry]) -> Iterator[Sentence]:
        if number == 1:
            yield from self._describe_one(entries[0])
            return
        terms = ", ".join(find_keywords(entries))
        about = f", mostly about: {terms}" if terms else ""
        yield tell_remark(f"There are {number} documents{about}.")
        for each in self._pick_typical(entries):
            title = f"- **{shorten(each.title or each.name, 80)}**"
            passages = read_document_passages(self._setup.runtime, each.id, OPENING)
            first = next(iter(list_sentences(passages)), None)
            if first is None:
                yield Sentence(title, 1.0, (cite_opening(each.opening),), before="\n")
                continue
            text = shorten(" ".join(strip_links(first.text).split()))
            cited = cite(first.hit, first.start, first.end)
            yield Sentence(f"{title}: {text}", 1.0, (cited,), before="\n")

    def _describe_one(self, entry: DocumentEntry) -> Iterator[Sentence]:
        passages = read_document_passages(self._setup.runtime, entry.id)
        embedder = self._setup.runtime.models.embedder
        yield tell_remark(f"{entry.name}:")
        for each in choose_telling(list_sentences(passages), embedder, CHARACTERS):
            yield _make_item(each)

    def _pick_typical(self, entries: Sequence[DocumentEntry]) -> list[DocumentEntry]:
        """Documents that together cover most of the others' subjects."""
        if len(entries) <= SHOWN_DOCUMENTS:
            return list(entries)
        openings = [
            TellingSentence(each.opening, 0, 0, f"{each.title}. {each.opening.text[:300]}", False)
            for each in entries
        ]
        embedder = self._setup.runtime.models.embedder
        chosen = choose_telling(openings, embedder, 10**9, most=SHOWN_DOCUMENTS)
        by_document = {each.opening.passage: each for each in entries}
        return [by_document[each.hit.passage] for each in chosen]


def find_named(question: str, entries: Sequence[DocumentEntry]) -> DocumentEntry | None:
    """The document whose whole title a question says, the longest where there are several."""
    said = set(words.extract_content(question))
    named = [(set(words.extract_content(each.title)), each) for each in entries]
    told = [(len(stems), each) for stems, each in named if len(stems) > 1 and stems <= said]
    return max(told, key=lambda pair: pair[0])[1] if told else None


def shorten(text: str, most: int = 140) -> str:
    """A text cut between words.

    Example:
        >>> shorten("one two three", 8)
        'one two …'
    """
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def find_keywords(entries: Sequence[DocumentEntry]) -> list[str]:
    """Words that most titles and openings share and that are in few others', as written."""
    counts: Counter[str] = Counter()
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for each in entries:
        seen = set()
        for word in words.split_tokens(f"{each.title} {each.opening.section}"):
            content = words.extract_content(word)
            if content and len(word) > 2 and not any(map(str.isdigit, word)):
                written[content[0]][word.lower()] += 1
                seen.add(content[0])
        counts.update(seen)
    most = 0.8 * len(entries)
    shared = [stem for stem, count in counts.most_common() if 1 < count <= max(most, 2)]
    return [written[stem].most_common(1)[0][0] for stem in shared[:KEYWORDS]]
