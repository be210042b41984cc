# ruff: noqa: RUF001 - the sign between headings
"""Excerpts and evidence as sentences that cite themselves."""

import re
from collections.abc import Sequence

from genwright.answers.quotes.excerpts import Excerpt
from genwright.documents.quotations import FOOTNOTE, TAG
from genwright.grounding import words
from genwright.grounding.citations import Sentence, cite
from genwright.grounding.evidence import Evidence

LONGEST_LABEL = 80
"""Characters of a title or heading that is said before a quote."""
_CODE = re.compile(r"[0-9a-fA-F-]{16,}|[\W\d_]+")
"""Names that only a program reads."""
_PLAIN = ".,:;!?&/'\"()-–—’“”„«»_"
"""Signs that titles have."""
_QUOTED = re.compile(r"^\s*(?:>\s?)+")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\n]|\([^()\n]*\)){0,400}\)")
_UNDERLINE = re.compile(r"\s*([=*~^\"#-])\1{3,}\s*")
"""A line that only underlines a heading."""
_FENCED = re.compile(r"((?:^|(?<=\n))[ \t]*```.*?(?:\n[ \t]*```|\Z))", re.DOTALL)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def quote_evidence(evidence: Evidence) -> Sentence:
    """Evidence in its own words, on one line."""
    text = " ".join(evidence.text.split())
    return Sentence(text, 1.0, (cite(evidence.hit, evidence.start, evidence.end),))


def quote_excerpts(excerpts: Sequence[Excerpt], label: bool = True) -> list[Sentence]:
    """The words of the sources, each excerpt a paragraph; lists, tables and code as they stand.

    Args:
        excerpts: What is shown.
        label: Say where each stands, where its own words do not.
    """
    sentences = []
    named = ""
    for each in excerpts:
        place = _name_place(each) if label else ""
        mark = "\n" if each.is_block else " "
        text = lay_out(each) if place in ("", named) else f"{place}{mark}{lay_out(each)}"
        named = place or named
        cited = (cite(each.hit, each.start, each.end),)
        sentences.append(Sentence(text, 1.0, cited, before="\n\n"))
    return sentences


def _name_place(excerpt: Excerpt) -> str:
    """Title and last heading above an excerpt, as far as its words do not say them already."""
    title, _, heading = excerpt.hit.title, "", excerpt.hit.section.rpartition(" > ")[2]
    said = set(words.extract_content(excerpt.text))
    parts = [
        part
        for part in dict.fromkeys((title, heading))
        if _is_telling(part) and not set(words.extract_content(part)) <= said
    ]
    if not parts:
        return ""
    return f"**{' › '.join(parts)}:**"


def _is_telling(label: str) -> bool:
    """Whether a title or heading says something to a person, and not too much.

    A line of a formula or of running text, taken for a heading, does not.
    """
    if not label or len(label) > LONGEST_LABEL or _CODE.fullmatch(label):
        return False
    told = sum(char.isalnum() or char.isspace() or char in _PLAIN for char in label)
    return told >= 0.85 * len(label) and not label.endswith((".", ",", ";", ":", "-", "="))


def lay_out(excerpt: Excerpt) -> str:
    """The text as it reads: without marks of quotation and targets of links.

    The line breaks of wrapped prose mean nothing and are left out, those of lists, tables and code
    stay.
    """
    lines = [_QUOTED.sub("", line) for line in excerpt.text.splitlines()]
    lines = [line for line in lines if not _UNDERLINE.fullmatch(line)]
    if excerpt.is_block:
        text = "\n".join(lines)
    else:
        text = " ".join(" ".join(lines).split())
    parts = _FENCED.split(text)  # code, in every second place, keeps what it has
    text = "".join(
        part if place % 2 else FOOTNOTE.sub("", strip_links(TAG.sub("", part)))
        for place, part in enumerate(parts)
    )
    text = _BLANK_LINES.sub("\n\n", text).strip()
    return f"{excerpt.header}\n{text}" if excerpt.header else text


def strip_links(text: str) -> str:
    """A text with the words of its links and not their targets.

    Example:
        >>> strip_links("See [the manual](manual.html#oil).")
        'See the manual.'
    """
    return _LINK.sub(r"\1", text)
