# ruff: noqa: RUF001 - punctuation of Chinese and Japanese is a part of its subject
"""A sentence as the statements it is made of, so that each can have a source of its own.

It is cut at semicolons, dashes and coordinating conjunctions; what a part lacks to be a statement,
its subject or what stands before a list, is carried along from the part before it. Finite verbs
are told by short lists for seven European languages; Chinese is cut at its commas, Japanese and
Korean take their topic along. Where the rules see no whole statements, the sentence stays one.
"""

import re
from collections.abc import Sequence

from genwright.grounding import words

MOST_PARTS = 4
"""A sentence of more parts stays one: reading each takes its time."""
LEAST_STEMS = 3
"""Content words without which a part says too little to be looked for."""
LONGEST_SUBJECT, SHORT_SUBJECT = 8, 4
"""Words; what is longer is no subject but a construction that the rules do not see. The shorter
bound is for two subjects of one verb."""
LEAST_VERB = 4
"""Letters that a word in -ed has more of."""

_AND = frozenset(
    "and but while whereas und aber sowie während et mais y pero e ma mentre en maar".split()
)
_BOUND = frozenset(
    """if unless whether between neither nor either respectively both wenn falls sofern ob zwischen
    weder entweder beziehungsweise si entre ni sia tra als tussen noch""".split()
)
"""With one of these a sentence says something about its parts together."""
_AUXILIARIES = frozenset(
    """is are was were has have had can could will would may might must should does do did
    ist sind war waren hat haben hatte hatten wird werden wurde wurden kann können konnte muss
    müssen soll sollen darf est sont était étaient ont avait fut furent sera peut
    eran fue fueron ha han está están puede è sono fu hanno può é são foi foram tem zijn heeft
    hebben werd kan moet""".split()
)
_PAST = frozenset(
    """became began went came wrote died lived moved remained led won lost held kept ran met stood
    fell grew knew saw took gave got told said thought rose fought left fled joined
    served""".split()
)
"""English past tenses that are no participles, or rarely."""
_PARTICIPLES = frozenset("built sold bought made found sent spent set put cut born known".split())
_PRESENT = frozenset(
    """contains includes makes takes gives holds opens closes runs stands lies shows says means uses
    needs allows offers provides supports requires consists belongs works begins ends comes goes
    covers produces serves""".split()
)
_FINITE = _AUXILIARIES | _PAST | _PARTICIPLES | _PRESENT
_PRONOUNS = frozenset(
    "it he she they this er sie es il elle ils elles ello ella ellos hij zij ze".split()
)
_SHAPES = (
    frozenset("in by for with from to of at on as into about during under over through".split()),
    frozenset(
        "the a an its his her their der die das den dem ein eine einen le la les un une".split()
    ),
)
_ADVERBS = frozenset("then also later thus therefore so dann auch später daher puis aussi".split())
"""Between a conjunction and a verb."""
_TOKEN = re.compile(r"[^\s]+")
_HELD = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|\([^)]*\)|\[[^\]]*\]|`[^`]*`")
_DENSE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_DENSE_CUT = re.compile(r"[，；]|、(?=[^、]{6,}$)")
_TOPIC = re.compile(r"^.{1,14}?[はが]|^.{1,10}?(?=[是在于由有为被曾位建始])")
_KOREAN_TOPIC = re.compile(r"^\S{1,12}[은는이가]\s")


def split_parts(sentence: str) -> list[str]:
    """The statements of a sentence; the sentence alone where it is one.

    Example:
        >>> split_parts("The pump was built by Ann Brenner and was sold to Velda in 1950.")
        ['The pump was built by Ann Brenner', 'The pump was sold to Velda in 1950']
    """
    bare = sentence.strip().rstrip(".!。！ ")
    if _DENSE.search(bare):
        parts = _split_dense(bare)
    elif {each.lower() for each in words.split_tokens(bare)} & _BOUND:
        parts = [bare]
    else:
        parts = _split_spaced(bare)
    whole = len(parts) == 1 or len(parts) > MOST_PARTS
    if whole or any(len(words.extract_content(each)) < LEAST_STEMS for each in parts):
        return [sentence]
    return parts


def _split_dense(text: str) -> list[str]:
    first, *rest = [each.strip() for each in _DENSE_CUT.split(text) if each.strip()]
    topic = _TOPIC.match(first)
    if not topic:
        return [text]
    return [first, *(each if _TOPIC.match(each) else topic[0] + each for each in rest)]


def _split_spaced(text: str) -> list[str]:
    """The last cut first: what stands before it may have more."""
    masked = _HELD.sub(lambda found: "x" * len(found[0]), text)
    tokens = [match.span() for match in _TOKEN.finditer(masked)]
    said = [masked[start:end] for start, end in tokens]
    for place in range(len(said) - 1, 0, -1):
        if not _is_cut(said, place):
            continue
        left = text[: tokens[place - 1][1]].rstrip(" ,;:–—-")
        behind = place + (said[place].lower() in _AND)
        while behind < len(said) - 1 and said[behind].lower().strip(",") in _ADVERBS:
            behind += 1
        if made := _part(left, text[tokens[behind][0] :]):
            first, second = made
            return [*_split_spaced(first), second]
    return [text]


def _is_cut(said: Sequence[str], place: int) -> bool:
    """Whether a sentence may be cut before a word."""
    if said[place].lower() in _AND:
        return place + 1 < len(said)
    return said[place - 1][-1] in ";—–" or said[place - 1] == "-"


def _part(left: str, right: str) -> tuple[str, str] | None:
    """Two statements out of what stands before and after a cut; None where there are none."""
    before, after = left.split(), right.split()
    if not before or not after:
        return None
    verb, other = _find_verb(before), _find_verb(after, opening=True)
    if verb is None:
        return _share_predicate(before, after, other)
    if other is None:
        start = _find_parallel(before, after, verb)
        return (left, " ".join([*before[:start], *after])) if start else None
    first = after[0].lower().strip(",")
    if other > 0 and first not in _PRONOUNS:
        return (left, right) if other <= LONGEST_SUBJECT and _begins_clause(first) else None
    if not 0 < verb <= LONGEST_SUBJECT or before[verb - 1].endswith(("'s", "’s")):
        return None
    kept = after[1:] if other > 0 else after  # a pronoun gives way to what it stands for
    finite = kept[0].lower() in _FINITE - _PARTICIPLES or first.endswith("s")
    helped = other == 0 and not finite and before[verb].lower() in _AUXILIARIES
    return left, " ".join([*before[: verb + helped], *kept])


def _share_predicate(
    before: Sequence[str], after: Sequence[str], verb: int | None
) -> tuple[str, str] | None:
    """Ann | Bob were born in Kiel: two subjects of what is said of the second."""
    if not verb or max(len(before), verb) > SHORT_SUBJECT:
        return None
    if any(each[-1] in ",;:" for each in after[:verb]):
        return None
    return " ".join([*before, *after[verb:]]), " ".join(after)


def _begins_clause(word: str) -> bool:
    """Whether a word can be the first of a subject."""
    return word not in _SHAPES[0] and not word.endswith("ing")


def _find_verb(said: Sequence[str], *, opening: bool = False) -> int | None:
    """Place of the first word that is surely a finite verb, or may be one.

    Args:
        said: The words of a part.
        opening: Whether a first word in -s is one before "the" or "into".
    """
    for place, each in enumerate(said):
        word = each.strip(",;:").lower()
        if word in _FINITE:
            return place
        follows = said[place + 1].lower() if place + 1 < len(said) else "in"
        if word == "a" and follows.endswith("é"):  # a été
            return place
        before_object = (
            follows in _SHAPES[1] or follows in ("through", "into") or follows[0].isdigit()
        )
        if opening and place == 0 and word.endswith("s") and each.islower() and before_object:
            return place
        regular = word.endswith("ed") and word.isalpha() and len(word) > LEAST_VERB
        # With a preposition behind it, and not at the beginning, it is a participle more often.
        if regular and each.islower() and (place == 0 or follows not in _SHAPES[0]):
            return place
    return None


def _find_parallel(before: Sequence[str], after: Sequence[str], verb: int) -> int | None:
    """Where, after the verb, something begins as the other does: with the same kind of word."""
    first = after[0]
    for place in range(len(before) - 1, verb, -1):
        if _look_alike(before[place], first):
            if first[0].isupper() and before[place - 1][0].isupper() and place > verb + 1:
                continue  # a name's second word
            return place
    return None


def _look_alike(one: str, other: str) -> bool:
    """Two prepositions, two articles, two capitals or two figures."""
    for kind in _SHAPES:
        if one.lower() in kind or other.lower() in kind:
            return one.lower() in kind and other.lower() in kind
    return (one[0].isupper() and other[0].isupper()) or (one[0].isdigit() and other[0].isdigit())
