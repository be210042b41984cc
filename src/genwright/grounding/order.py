"""Who did it to whom: whether a statement turns the names around the words they share.

"Ann succeeded Bob" and "Bob succeeded Ann" have the same words. Around each word that a claim and
its source share, the names or numbers next to it on both sides are looked up in the source: the
other way round is another statement, unless one of the two is in the passive.
"""

from collections.abc import Sequence

from genwright.grounding import words

_BY = frozenset("by von durch par por da door".split())
"""After a verb, the mark of the passive in seven European languages."""
LEAST_LETTERS = 3
"""Of a word that names can stand around."""
MOST_PLACES = 3
"""So many places of a shared word in the source are looked at."""


def measure_turned(claim: str, source: str) -> float:
    """Share of the shared words whose names stand the other way round, 0 to 1.

    Example:
        >>> measure_turned("Ann succeeded Bob.", "In 1950 Bob succeeded Ann.")
        1.0
        >>> measure_turned("Ann succeeded Bob.", "Bob was succeeded by Ann.")
        0.0
    """
    said, known = words.split_tokens(claim), words.split_tokens(source)
    stems = [words.stem(each) for each in said]
    places: dict[str, list[int]] = {}
    for place, each in enumerate(known):
        places.setdefault(words.stem(each), []).append(place)
    names = [n for n, each in enumerate(said) if _is_name(each) and stems[n] in places]
    found = []
    for middle, each in enumerate(said):
        left = [stems[n] for n in names if n < middle]
        right = [stems[n] for n in names if n > middle]
        if not (left and right and stems[middle] in places and _can_relate(each)):
            continue
        if left[-1] != right[0]:
            here = _is_passive(said, middle)
            found += _compare(places, (left[-1], stems[middle], right[0]), here, known)
    return sum(found) / len(found) if found else 0.0


def _compare(
    places: dict[str, list[int]], stems: tuple[str, str, str], passive: bool, known: Sequence[str]
) -> list[bool]:
    """Whether the source has left and right around the middle the other way; empty: neither way.

    Args:
        places: Of the stems of the source.
        stems: Left, middle and right, as the claim has them.
        passive: Whether the claim's middle is in the passive.
        known: The words of the source.
    """
    left, middle, right = (places[each] for each in stems)
    for place in middle[:MOST_PLACES]:
        same = min(left) < place < max(right)
        other = min(right) < place < max(left)
        if same or other:
            return [(not same) != (passive != _is_passive(known, place))]
    return []


def _is_name(word: str) -> bool:
    """Whether a word is a number, or written like a name."""
    return word[0].isdigit() or (word[0].isupper() and words.extract_content(word) != ())


def _can_relate(word: str) -> bool:
    """Whether names can stand around a word."""
    return not _is_name(word) and len(word) >= LEAST_LETTERS and words.extract_content(word) != ()


def _is_passive(said: Sequence[str], place: int) -> bool:
    return any(each.lower() in _BY for each in said[place + 1 : place + 3])
