# ruff: noqa: RUF001 - the quotation marks and stops of other scripts are its subject
"""Where sentences begin and end, by rules; for every script that marks its stops."""

import re
from itertools import pairwise

_OPENERS = "\"'“‘«(\\[¿¡*_"
_CLOSERS = "\"'”’»)\\]」』）*_"
_STOP = re.compile(
    rf"(?P<bound>[.!?…]+[{_CLOSERS}]*(?=\s|$))|(?P<free>[。！？｡．؟۔।॥።։။។]+[{_CLOSERS}]*)"
)
_ITEM = r"(?:[-*+•‣◦▪●]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|#{1,6})[ \t]+|\||>|```|~~~"
_BREAK = re.compile(rf"\n[ \t]*(?=\n)|\n(?=[ \t]*(?:{_ITEM}))")
_HARD_LINE = re.compile(r"[ \t]*(?:#{1,6} |\||```|~~~)")
_LIST_MARK = re.compile(r"[ \t]*(?:\(?\d{1,3}|\(?[a-zA-Z])[.)]")
_LEAD = re.compile(rf"[\s{_OPENERS}]*")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LAST = re.compile(r"[\w.&'’-]*\Z")
_FIELD = re.compile(r"[\w][\w.\[\]@/() -]{0,60}: \S")
_LOOK_BACK = 32
_SHORT_LINE = 30

_TITLES = frozenset(
    "dr mr mrs ms mx prof st gen col rev hon sen rep gov capt cpt lt sgt maj cmdr messrs mme mlle "
    "sra sta hr fr dipl ing vs cf viz approx e.g i.e eg ie z.b d.h u.a bzw vgl evtl ggf inkl sog "
    "mt ft pres supt p.ej resp incl excl".split()
)
_BEFORE_NUMBERS = frozenset(
    "no nos nr abs ziff fig figs vol vols pp p pg ch chap sec sect art arts eq eqs abb tab ed para "
    "ver app "
    "op n cap núm num ca c circa rev § s bd kap pt pts ref refs jan feb mar apr jun jul aug sep "
    "sept oct nov dec".split()
)
_AMBIGUOUS = frozenset(
    "etc inc ltd co corp jr sr al u.s u.k u.n e.u u.s.a a.m p.m d.c ph.d m.d b.a m.a b.c a.d bros "
    "dept est ave blvd rd usw jan feb mar apr jun jul aug sep sept oct nov dec gmbh plc llc".split()
)
_STARTERS = frozenset(
    "the a an this that these those it its he she they we you i his her their our my there here in "
    "on at by for from with to as if when while after before since although however but and or so "
    "then thus also what who why how where which no not yes one some many most all each every both "
    "during under over more such please see use do does is are was were can according later today "
    "der die das ein eine er sie es wir ich le la les un une il elle nous el los las una".split()
)
_MONTHS = frozenset(
    "januar februar märz april mai juni juli august september oktober november dezember "
    "jahrhundert jahrhunderts kapitel klasse".split()
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a text, in order; every character that is not blank is in one.

    A blank line, a list item, a heading or a table row ends a sentence; a single newline inside a
    wrapped paragraph does not. Cost is linear in the length.

    Example:
        >>> text = "Dr. No paid $3.50 in the U.S. in 1962. He left."
        >>> [text[start:end] for start, end in split_sentences(text)]
        ['Dr. No paid $3.50 in the U.S. in 1962.', 'He left.']
    """
    spans: list[tuple[int, int]] = []
    for start, end in _split_segments(text):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if stop.lastgroup == "free" or _is_sentence_end(text, start, end, stop):
                _add(spans, text, begin, stop.end())
                begin = stop.end()
        _add(spans, text, begin, end)
    return spans


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    blank = len(piece) - len(piece.lstrip())
    if blank < len(piece):
        spans.append((start + blank, start + len(piece.rstrip())))


def _split_segments(text: str) -> list[tuple[int, int]]:
    """Parts of a text that no sentence crosses."""
    cuts = [0, *(match.start() + 1 for match in _BREAK.finditer(text)), len(text)]
    segments = []
    for start, end in pairwise(cuts):
        begin = start
        newline = text.find("\n", start, end)
        while newline >= 0:
            line_start = text.rfind("\n", begin, newline) + 1 or begin
            if _is_line_end(text, max(begin, line_start), newline, end):
                segments.append((begin, newline))
                begin = newline + 1
            newline = text.find("\n", newline + 1, end)
        segments.append((begin, end))
    return segments


def _is_line_end(text: str, start: int, newline: int, end: int) -> bool:
    """Whether a single newline ends a sentence: after headings, rows, fields and short lines."""
    if _HARD_LINE.match(text, start, newline):
        return True
    if _FIELD.match(text, start, newline) and _FIELD.match(text, newline + 1, end):
        return True
    follows = text[newline + 1 : newline + 2]
    return newline - start < _SHORT_LINE and (follows.isupper() or follows.isdigit())


def _is_sentence_end(text: str, start: int, end: int, stop: re.Match[str]) -> bool:
    """Whether a stop that blank space follows ends the sentence."""
    lead = _LEAD.match(text, stop.end(), min(end, stop.end() + 64))
    after = lead.end() if lead else stop.end()
    if after >= end:
        return True
    following = text[after]
    mark = stop.group().rstrip("\"'”’»)]*_")
    if mark.endswith("?") and stop.end() == stop.start() + len(mark):
        return True
    if following.islower() or following in ",;:–—":
        return False
    return mark != "." or _is_full_stop_end(text, start, stop.start(), after)


def _is_full_stop_end(text: str, start: int, dot: int, after: int) -> bool:
    """Whether a single full stop ends a sentence, given where the next word begins."""
    found = _LAST.search(text[max(start, dot - _LOOK_BACK) : dot])
    last = found.group() if found else ""
    known = last.lower().lstrip("-'’").rsplit("-", 1)[-1]
    match = _WORD.match(text, after)
    following = match.group().lower() if match else ""
    if _LIST_MARK.fullmatch(text, start, dot + 1):
        return False
    if known in _TITLES and not (known in ("st", "mt", "ft") and following in _STARTERS):
        return False
    if known in _BEFORE_NUMBERS and text[after].isdigit():
        return False
    if known in _AMBIGUOUS or _is_initial(last):
        return following in _STARTERS
    return not (last.isdigit() and len(last) <= 2 and following in _MONTHS)


def _is_initial(word: str) -> bool:
    """A capital letter, or several with stops between: ``J``, ``J.R``, ``Ph.D`` is not."""
    return all(len(part) == 1 and part.isupper() for part in word.split(".")) and word != "I"
