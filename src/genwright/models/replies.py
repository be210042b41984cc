"""What a reply of a chat model says of itself: that it does not know."""

import re

_DECLINES = re.compile(
    r"\bi (do not|don't|cannot|can't) (know|answer|find|tell)\b|\bi('m| am) (not sure|unable)\b"
    r"|\bich weiß (es|das)? ?nicht\b|\bno (lo )?sé\b|\bje ne sais pas\b|\bnon (lo )?so\b"
    r"|\bnão sei\b|不知道|无法回答|わかりません|не знаю"
)
_OF_SOURCES = re.compile(
    r"\b(passages?|context|texts?|documents?|information|question|provided|sources?"
    r"|passagen?|textstellen|textes?|quellen|dokumente?|informationen|angaben"
    r"|pasajes?|textos?|documentos?|información|fuentes)\b|段落|文档|文中|资料"
)
_TELLS_NOT = re.compile(
    r"\b(not|no|cannot|nothing|\w+n't)\b.*\b(answer|mention|provid|contain|specif|stat|say|tell"
    r"|information|given)"
    r"|\b(nicht|keine?|nichts)\b|\bno (dice|mencion|indica|especific|contiene|hay|proporcion)"
    r"|\b(ne|n')\b.*\bpas\b|没有|未提"
)


def says_not_known(text: str) -> bool:
    """Whether a sentence only says that its writer, or what it read, does not tell.

    Example:
        >>> says_not_known("The passages do not mention the price.")
        True
        >>> says_not_known("The pump has no filter.")
        False
    """
    lower = text.lower().replace("\u2019", "'")
    return bool(_DECLINES.search(lower) or (_OF_SOURCES.search(lower) and _TELLS_NOT.search(lower)))
