"""Word boundaries for scripts written without spaces, so that FTS5's tokenizer finds words there.

Chinese and Japanese characters, Thai, Lao, Khmer and Burmese letters are set apart by spaces: each
becomes a token of the keyword index, and a query becomes phrases of two neighbours (which serve
retrieval about as well as dictionary words: Nie et al. 2000, doi:10.1145/355214.355235). Text
without any of them comes back as it is.
"""

import re

from genwright.languages import stem_words

_APART = re.compile(
    "([\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana, Han
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\U00020000-\U0003ffff])"
)


def segment(text: str) -> str:
    """Put spaces around every character of a script written without them.

    Example:
        >>> segment("北京 has 胡同")
        ' 北  京  has  胡  同 '
    """
    return _APART.sub(r" \1 ", text)


def split_terms(text: str, language: str) -> str:
    """What the keyword index is given of a text: its stems, apart where they stand together.

    Example:
        >>> split_terms("Die Häuser von 北京", "de")
        'die haus von  北  京 '
    """
    return segment(stem_words(text, language))
