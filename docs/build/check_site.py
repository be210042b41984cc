"""Look over the built site: every link leads somewhere, and nothing is loaded from elsewhere.

Example: python docs/build/check_site.py site
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "embed": "src"}
"""Tags by which a page loads something at once, with the attribute that says what."""
PASSIVE = {"canonical", "next", "prev", "author", "edit", "alternate"}
"""Kinds of <link> that a browser does not load."""
IN_CSS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:)?//[^"')\s]+)""")


@dataclass
class Seen(HTMLParser):
    """What a page loads, where it links to, and which anchors it has."""

    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort what a tag refers to."""
        values = {key: value for key, value in attrs if value}
        self.anchors |= {values[key] for key in ("id", "name") if key in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        loaded = values.get(LOADS.get(tag, ""))
        if tag == "link" and not PASSIVE & set(values.get("rel", "").split()):
            loaded = values.get("href")
        if loaded:
            self.loads.append(loaded)
        if "mermaid" in values.get("class", "").split():  # the theme fetches a program for it
            self.loads.append("https://unpkg.com/mermaid")
        if values.get("data-md-component") == "source":  # the theme asks it for numbers
            self.loads.append("https://api.github.com")


def problems(site: Path) -> Iterator[str]:
    """Every link that leads nowhere and everything that is loaded from elsewhere."""
    for path in sorted(site.rglob("*.html")):
        page, seen = path.relative_to(site), _seen(path)
        for url in seen.loads:
            if not url.startswith("data:"):
                yield from (f"{page}: {fault}" for fault in _fault(path, url, site, load=True))
        if page.name != "404.html":  # served for any address, so its links are absolute
            for url in seen.links:
                yield from (f"{page}: {fault}" for fault in _fault(path, url, site, load=False))
    for path in sorted(site.rglob("*.css")):
        for url in IN_CSS.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads {url}"


@cache
def _seen(path: Path) -> Seen:
    seen = Seen()
    seen.feed(path.read_text(encoding="utf-8"))
    return seen


def _fault(page: Path, url: str, site: Path, *, load: bool) -> Iterator[str]:
    """What is wrong with one address of a page, if anything is."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        if load:
            yield f"loads {url}"
        return
    name = unquote(parts.path)
    target = (site / name.lstrip("/") if name.startswith("/") else page.parent / name).resolve()
    target = page if not name else target / "index.html" if target.is_dir() else target
    if not target.is_file():
        yield f"{url} leads nowhere"
    elif parts.fragment and target.suffix == ".html":
        anchor = unquote(parts.fragment)
        if anchor not in _seen(target).anchors and anchor != "__toc":
            yield f"{url} has no such anchor"


def main(site: Path) -> int:
    """Print what is wrong, and how much was looked at."""
    found = list(dict.fromkeys(problems(site)))
    for each in found:
        print(each)
    pages = [_seen(path) for path in site.rglob("*.html")]
    links = sum(len(page.links) for page in pages)
    print(f"{len(pages)} pages, {links} links, {len(found)} problems")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
