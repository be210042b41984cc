"""Whether words are a source's own."""

import re

_WORD = re.compile(r"[^\W_]+")
_LABEL = re.compile(r"\s*\*\*[^*\n]+:\*\*\s")
TAG = re.compile(
    r"</?(?:a|abbr|article|aside|b|big|blockquote|br|center|cite|code|dd|del|details|div|dl|dt|em"
    r"|figcaption|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|main|mark|nav|ol|p|picture"
    r"|pre|q|s|samp|section|small|source|span|strike|strong|sub|summary|sup|table|tbody|td|tfoot"
    r"|th|thead|tr|tt|u|ul|var)(?:\s[^<>\n]*)?/?>",
    re.IGNORECASE,
)
"""Of HTML; an address or a placeholder in angle brackets is none."""
FOOTNOTE = re.compile(r"(?<=[.,;:)”])\s\[\d{1,3}\](?!\w)")
"""The source's own notes look like citations of an answer."""
_TARGET = re.compile(r"\]\([^()\s]*\)")


def is_quotation(text: str, *quotes: str) -> bool:
    r"""Whether a text is, word for word, a part of a quote.

    Marks, line breaks, the targets of links and a label in bold before the text do not count.

    Example:
        >>> is_quotation("**Pump:** Use *grade 46*.", "Use grade\n46. Never 32.")
        True
        >>> is_quotation("Use grade 32.", "Use grade\n46. Never 32.")
        False
    """
    said = _join_words(_LABEL.sub("", text, count=1))
    return bool(said.strip()) and any(said in _join_words(quote) for quote in quotes)


def _join_words(text: str) -> str:
    bare = FOOTNOTE.sub("", TAG.sub("", _TARGET.sub("]", text)))
    return f" {' '.join(_WORD.findall(bare))} "
