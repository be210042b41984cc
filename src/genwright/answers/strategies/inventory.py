"""Questions about the collection itself, answered from the store in the asker's rights."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from genwright.answers.base import (
    AnswerSetup,
    Piece,
    Question,
    strategies,
    tell_of_documents,
    tell_remark,
)
from genwright.answers.understanding.intent import TRAINED_WITH
from genwright.answers.understanding.subject import names_subject
from genwright.grounding import words
from genwright.grounding.citations import Sentence, cite_opening
from genwright.languages import detect_language
from genwright.library.overview import DocumentEntry, list_entries
from genwright.library.search import find_passages

MOST_LISTED = 12
NEAR = 0.55
"""A document is about what was asked where its best passage scores so much of the best one's."""
SAMPLED = 200
"""Documents whose language is looked at."""

FORMATS = {
    "email": ("e-mail", r"e-?mails?|mails?|correos?|courriels?|邮件|メール|이메일|письм\w*"),
    "pdf": ("PDF", r"pdfs?"),
    "docx": ("Word document", r"word|docx|\.docs?"),
    "doc": ("Word document", r"word|\.docs?"),
    "xlsx": ("spreadsheet", r"spread ?sheets?|excel|workbooks?|xlsx?|tabellen\w*|表格"),
    "xls": ("spreadsheet", r"spread ?sheets?|excel|workbooks?|xlsx?"),
    "csv": ("CSV table", r"csvs?|tables?|tabellen?"),
    "pptx": ("presentation", r"presentations?|slides?|decks?|power ?points?|pptx?|folien|幻灯片"),
    "html": ("web page", r"html|web ?pages?|webseiten?"),
    "markdown": ("Markdown file", r"markdown|\.md"),
    "text": ("text file", r"text files?|txt|textdateien"),
    "office": ("text document", r"rtf|odt|rst"),
    "image": ("picture", r"images?|pictures?|photos?|bilder|fotos?"),
}
"""By format: what it is called, and how people ask for it."""

LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "nl": "Dutch", "pl": "Polish", "ru": "Russian", "uk": "Ukrainian",
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "ar": "Arabic", "he": "Hebrew",
    "tr": "Turkish", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "nb": "Norwegian",
    "fi": "Finnish", "cs": "Czech", "hu": "Hungarian", "ro": "Romanian", "el": "Greek",
    "hi": "Hindi", "th": "Thai", "vi": "Vietnamese", "id": "Indonesian", "fa": "Persian",
}  # fmt: skip

_THINGS = (
    r"(?:documents?|files?|pages?|papers?|articles?|reports?|e-?mails?|letters?|items?|uploads?"
    r"|dokumente?\w*|datei\w*|berichte?\w*|briefe?\w*|fichiers?|documentos?|archivos?|documenti?"
    r"|bestand\w*|документ\w*|файл\w*)"
)
_ADDED = (
    r"(?:added|uploaded|came|dated|hinzugefügt|hochgeladen|ajoutée?s?|añadid[oa]s?|aggiunt[oiae])"
)
_NEWEST = re.compile(
    r"\b(?:newest|latest|most recent|neueste\w*|jüngste\w*|plus récente?s?|más recientes?"
    r"|più recent[ei]|mais recentes?|nieuwste|najnowsz\w+|en yeni)\b|最新|最近"
    r"|\b(?:last|letzte[nrsm]?|derni(?:er|ère)s?|últim[oa]s?|ultim[oiae]|laatste|последн\w+)\W+"
    rf"(?:\w+\W+){{0,2}}{_THINGS}\b|{_ADDED}\W+(?:\w+\W+)?last\b|zuletzt|\blast\W+{_ADDED}",
    re.IGNORECASE,
)
"""What is last is the newest where it is a document, or was added: a last login is neither."""
_OLDEST = re.compile(
    r"\b(?:oldest|earliest|älteste\w*|früheste\w*|plus anciens?|plus anciennes?|más antigu[oa]s?"
    r"|più vecchi[oa]?|mais antig[oa]s?|oudste|najstarsz\w+|en eski)\b|最旧|最古"
    r"|\b(?:first|erste[nrsm]?|premi(?:er|ère)s?|primer[oa]?s?|prim[oiae]|eerste|перв\w+)\W+"
    rf"(?:\w+\W+){{0,2}}{_THINGS}\b|{_ADDED}\W+(?:\w+\W+)?first\b|zuerst|\bfirst\W+{_ADDED}",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"\b(languages?|sprachen?|langues?|idiomas?|lingue?|talen)\b|语言|言語", re.IGNORECASE
)
_ABOUT = re.compile(
    r"\b(?:about|on|regarding|concerning|covering|deals? with|mention\w*|discuss\w*|relat\w+ to|"
    r"über|zum thema|zu|behandel\w*|sur|sobre|acerca de|su|over)\b\s*(?P<subject>.+)",
    re.IGNORECASE,
)
_GENERIC = frozenset(
    """document documents doc docs file files page pages paper papers article articles text texts
    collection library folder archive item items thing things stuff content contents material here
    list title titles name names give show tell know find contain contains holding hold stored store
    number count total kind kinds type types format formats language languages newest latest oldest
    upload uploaded add added please dokument dokumente datei dateien seite seiten sammlung hier
    welche wieviele viele fichier fichiers documento documentos archivo archivos""".split()
)


@strategies.register("inventory")
class InventoryStrategy:
    """Says how many documents there are, of which kinds, and which of them are meant."""

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        number, entries = list_entries(self._setup.runtime, question.scope)
        yield from tell_of_documents(self._describe(question, number, entries) if entries else None)

    def _describe(
        self, question: Question, number: int, entries: Sequence[DocumentEntry]
    ) -> Iterator[Sentence]:
        """What there is, and then what was asked for in particular."""
        text = question.text
        kinds = find_formats(text, entries)
        by_age = bool(_NEWEST.search(text) or _OLDEST.search(text))
        if kinds:
            meant = [each for each in entries if each.format in kinds]
            yield tell_remark(f"{len(meant)} of the {number} documents: {_count_formats(meant)}.")
            if by_age:
                yield from _describe_ages(meant, bool(_NEWEST.search(text)))
            else:
                yield from _list_entries(meant)
            return
        plain = by_age or bool(_LANGUAGE.search(text))
        if not plain and (subject := self._find_subject(text)):
            found = self._find_about(question, subject, entries)
            if found:
                yield tell_remark(f"These of the {number} documents come closest to it:")
                yield from _list_entries(found)
                return
        there = "is 1 document" if number == 1 else f"are {number} documents"
        yield tell_remark(f"There {there}: {_count_formats(entries)}.")
        if _LANGUAGE.search(text):
            yield tell_remark(f"They are in {_count_languages(entries)}.")
        if by_age:
            yield from _describe_ages(entries, bool(_NEWEST.search(text)))
        elif not _LANGUAGE.search(text):
            yield from _list_entries(entries)

    def _find_subject(self, question: str) -> str:
        """What the documents are to be about; empty where any will do."""
        embedder = self._setup.runtime.models.embedder
        told = find_subject(question)
        if TRAINED_WITH not in embedder.name:
            return told
        if _find_told(question):
            return told
        return (told or question) if names_subject(embedder, question) else ""

    def _find_about(
        self, question: Question, subject: str, entries: Sequence[DocumentEntry]
    ) -> list[DocumentEntry]:
        """Documents whose passages come near to what was asked for, best first."""
        hits = find_passages(self._setup.runtime, subject, k=30, scope=question.scope)
        best: dict[int, float] = {}
        for hit in hits:
            best.setdefault(hit.document, hit.score)
        top = max(best.values(), default=0.0)
        stems = set(words.extract_content(subject))
        for each in entries:  # a title that has all the words is what was meant
            if each.id in best and stems <= set(words.extract_content(each.title)):
                best[each.id] += top
        near = sorted((id_ for id_ in best if best[id_] >= NEAR * top), key=lambda id_: -best[id_])
        by_id = {each.id: each for each in entries}
        return [by_id[id_] for id_ in near if id_ in by_id][:5]


def find_formats(question: str, entries: Sequence[DocumentEntry]) -> set[str]:
    """Formats of documents that a question asks for by their names, and that are there."""
    there = {each.format for each in entries}
    return {
        kind
        for kind, (_, names) in FORMATS.items()
        if kind in there and re.search(rf"(?<!\w)(?:{names})(?!\w)", question, re.IGNORECASE)
    }


def find_subject(question: str) -> str:
    """What the documents are to be about; empty where any will do.

    Example:
        >>> find_subject("do you have any papers about sleep? which ones")
        'sleep'
        >>> find_subject("How many documents are there?")
        ''
    """
    if told := _find_told(question):
        return told
    content = [w for w in words.split_tokens(question) if words.extract_content(w)]
    rest = [w for w in content if w.lower() not in _GENERIC]
    return " ".join(rest) if len(rest) >= 2 else ""


def _find_told(question: str) -> str:
    """What stands after a word that a subject follows; empty where none does."""
    if (found := _ABOUT.search(question)) and found["subject"]:
        told = re.split(r"[?.!]", found["subject"])[0].strip()
        content = [word for word in words.split_tokens(told) if words.extract_content(word)]
        if any(word.lower() not in _GENERIC for word in content):
            return told
    return ""


def _list_entries(entries: Sequence[DocumentEntry]) -> Iterator[Sentence]:
    for each in entries[:MOST_LISTED]:
        yield _make_item(each, f"- {each.name}")
    if len(entries) > MOST_LISTED:
        yield Sentence(f"… and {len(entries) - MOST_LISTED} more.", 1.0, remark=True, before="\n")


def _make_item(entry: DocumentEntry, text: str, before: str = "\n") -> Sentence:
    """A line about a document, cited by how it begins."""
    return Sentence(text, 1.0, (cite_opening(entry.opening),), before=before)


def _count_formats(entries: Sequence[DocumentEntry]) -> str:
    counts = Counter(
        FORMATS.get(each.format, (f"{each.format.upper()} file", ""))[0] for each in entries
    )
    return ", ".join(
        f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.most_common()
    )


def _count_languages(entries: Sequence[DocumentEntry]) -> str:
    known = frozenset(LANGUAGES)
    codes = Counter(detect_language(each.opening.text, known) for each in entries[:SAMPLED])
    return ", ".join(f"{LANGUAGES[code]} ({count})" for code, count in codes.most_common() if code)


def _describe_ages(entries: Sequence[DocumentEntry], newest: bool) -> Iterator[Sentence]:
    """The newest or oldest by the date that documents carry, else by when they were added."""
    dated = sorted((each for each in entries if each.dated), key=lambda each: each.dated)
    word = "newest" if newest else "oldest"
    if len(dated) * 2 >= len(entries):
        each = dated[-1 if newest else 0]
        yield _make_item(each, f"The {word} is {each.name}, dated {each.dated}.", " ")
        return
    each = sorted(entries, key=lambda each: each.added_at)[-1 if newest else 0]
    day = each.added_at.date().isoformat()
    yield _make_item(
        each, f"The one added {'last' if newest else 'first'} is {each.name} ({day}).", " "
    )
