"""The most telling sentences of a text, in its order: a summary without a model.

Sentences are chosen by how near they are to the whole (centroid, Radev et al. 2004,
doi:10.1016/j.ipm.2003.10.006), by where they stand, and by how little they repeat of what was
chosen (maximal marginal relevance, Carbonell, Goldstein 1998, doi:10.1145/290941.291025).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genwright.documents import split_sentences
from genwright.embeddings import Embedder
from genwright.retrieval import Hit

_LAID_OUT = re.compile(r"</?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>|([=*~^-])\1{4,}")
"""Tags, and lines that underline a heading."""
_FIELD = re.compile(r"[-\s]*[a-z][\w-]*: ")
"""A line of what a file says of itself."""
MOST_SENTENCES = 240
"""Sentences that are embedded; of a longer text, those that begin its passages."""
SHORTEST, LONGEST = 40, 360
"""Characters of a sentence that may be shown."""
BEGINNING = 0.06
"""What the first sentence of a section is ahead by."""
VARIETY = 0.45
"""How much likeness to what was chosen counts against a sentence."""

COVERED = 0.2
"""What counts against a sentence of a section that has one already."""
ASKED = 0.7
"""How much nearness to what was asked counts beside nearness to the whole."""


@dataclass(frozen=True)
class TellingSentence:
    """A sentence of a document."""

    hit: Hit
    start: int
    """First character in the document's text."""
    end: int
    text: str
    opens: bool
    """Whether it begins a section."""


def list_sentences(passages: Sequence[Hit]) -> list[TellingSentence]:
    """What of the passages can stand in a summary: sentences, no headings, links, tables, code."""
    told: list[TellingSentence] = []
    seen: set[str] = set()
    section = None
    for hit in passages:
        fenced = False
        for start, end in split_sentences(hit.text):
            text = hit.text[start:end]
            if text.count("```") % 2:
                fenced = not fenced
            if fenced or not _is_prose(text) or text in seen or _goes_on(hit.text[:start], text):
                continue
            seen.add(text)
            opens = hit.section != section
            section = hit.section
            told.append(TellingSentence(hit, hit.start + start, hit.start + end, text, opens))
    return told


def _goes_on(before: str, text: str) -> bool:
    """Whether a sentence is the rest of one that something else broke off."""
    said = before.rstrip(" \n*_`\"')]»”")
    return text[0].islower() and bool(said) and said[-1] not in ".!?:;…|"


def _is_prose(text: str) -> bool:
    bare = text.strip()
    dense = sum(char > "\u2e80" for char in bare)
    letters = sum(map(str.isalpha, bare))
    return bool(
        (SHORTEST <= len(bare) <= LONGEST or (12 <= dense <= 200))
        and letters >= 0.6 * len(bare)
        and bare.count("](") <= 1
        and not bare.startswith(("#", "|", "```", ">", "[", "--"))
        and (dense or bare.endswith(tuple(".!?:;)\"'")))
        and not _FIELD.match(bare)
        and not _LAID_OUT.search(bare)
    )


def choose_telling(
    sentences: Sequence[TellingSentence],
    embedder: Embedder,
    characters: int,
    question: str = "",
    most: int = 8,
) -> list[TellingSentence]:
    """The sentences that tell most, in the order given.

    Args:
        sentences: To choose from.
        embedder: Gives them meaning.
        characters: Most of them together.
        question: What the summary is for; empty for the whole.
        most: Most sentences.
    """
    if len(sentences) > MOST_SENTENCES:
        step = len(sentences) / MOST_SENTENCES
        sentences = [sentences[int(place * step)] for place in range(MOST_SENTENCES)]
    if not sentences:
        return []
    vectors = embedder.embed([each.text for each in sentences])
    centroid = vectors.mean(axis=0)
    worth = vectors @ (centroid / (np.linalg.norm(centroid) or 1.0))
    if question:
        worth = worth + ASKED * (vectors @ embedder.embed_queries([question])[0])
    worth = worth + BEGINNING * np.array([each.opens for each in sentences])
    spread = float(worth.max() - worth.min()) or 1.0
    worth = (worth - worth.min()) / spread
    chosen: list[int] = []
    left = characters
    likeness = np.zeros(len(sentences))
    sections = [each.hit.section for each in sentences]
    while len(chosen) < most:
        told = {sections[place] for place in chosen}
        gain = worth - VARIETY * likeness - COVERED * np.array([each in told for each in sections])
        fits = np.array([len(each.text) <= left for each in sentences])
        fits[chosen] = False
        if not fits.any():
            break
        place = int(np.argmax(np.where(fits, gain, -np.inf)))
        chosen.append(place)
        left -= len(sentences[place].text)
        alike = vectors @ vectors[place]
        likeness = np.maximum(likeness, (alike - alike.min()) / (float(np.ptp(alike)) or 1.0))
    return [sentences[place] for place in sorted(chosen)]
