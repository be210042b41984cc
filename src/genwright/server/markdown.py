"""What a model wrote, as HTML that runs nothing and loads nothing.

Markdown is rendered by markdown-it-py with HTML switched off, then sanitised by nh3. Images become
links; a link names the host it leads to, so that nobody follows it by its words alone.

Example:
    >>> str(render_markdown("At *4 bar*, see ![](https://example.org/p.png).")).count("<img")
    0
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SCHEMES = frozenset({"http", "https", "mailto"})
TAGS = frozenset(
    """a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead
    tr ul""".split()
)
LONGEST = 50_000
"""Characters that are rendered; the rest follows as it is."""


def render_markdown(text: str) -> Markup:
    """A text as HTML; without line breaks it is a phrase, with them it may be paragraphs."""
    head, rest = text[:LONGEST], text[LONGEST:]
    block = is_block(head)
    tokens = _make_parser().parse(head) if block else _make_parser().parseInline(head)
    for token in tokens:
        if token.children:
            token.children = list(_tame_tokens(token.children))
    html = _make_parser().renderer.render(tokens, _make_parser().options, {})
    return Markup(_clean_html(html)) + rest


def is_block(text: str) -> bool:
    """Whether a text is rendered as paragraphs, lists and tables."""
    return "\n" in text.strip()


@lru_cache(maxsize=1)
def _make_parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _clean_html(html: str) -> str:
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href"}},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )


def _tame_tokens(tokens: Sequence["Token"]) -> Iterator["Token"]:
    """Inline tokens without images, and with links that say where they lead."""
    open_: list[str] = []
    for token in tokens:
        if token.type == "image":
            yield from _render_link(str(token.attrs.get("src", "")), token.content or "image")
        elif token.type == "link_open":
            open_.append(str(token.attrs.get("href", "")))
            if find_host(open_[-1]):
                yield token
        elif token.type == "link_close":
            host = find_host(open_.pop())
            if host:
                yield token
                yield _make_text_token(f" ({host})")
        elif token.markup == "__":  # a name of Python far more often than emphasis
            yield _make_text_token("__")
        else:
            yield token


def _render_link(address: str, words: str) -> Iterator["Token"]:
    from markdown_it.token import Token

    host = find_host(address)
    if not host:
        yield _make_text_token(words)
        return
    yield Token("link_open", "a", 1, attrs={"href": address})
    yield _make_text_token(words)
    yield Token("link_close", "a", -1)
    yield _make_text_token(f" ({host})")


def _make_text_token(words: str) -> "Token":
    from markdown_it.token import Token

    return Token("text", "", 0, content=words)


def find_host(address: str) -> str:
    """The host a link leads to, or whom it writes to; empty for one that is not shown as a link.

    Example:
        >>> find_host("https://a@example.org:8443/x"), find_host("mailto:ann@example.org")
        ('example.org', 'ann@example.org')
        >>> find_host("javascript:alert(1)"), find_host("/logout"), find_host("//example.org")
        ('', '', '')
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in SCHEMES:
        return ""
    return parts.path if parts.scheme == "mailto" else host or ""
