"""XML of no special kind, as readable lines of ``path: value``."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import make_refusal
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings

_MAX_DEPTH = 200
_ENCODING = re.compile(rb"""\s*<\?xml[^>]{0,80}encoding=["']([\w.:-]{2,40})""")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


@loaders.register("xml")
class XmlLoader:
    """Each text and attribute is a line with the path of its element.

    Entities that a document declares are refused: they are how a small file becomes a large
    one, or another file's content.
    """

    suffixes = (".xml", ".rss", ".atom", ".opml")
    media_types = ("text/xml", "application/xml")

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read XML in the encoding it declares."""
        declared = _ENCODING.match(data)
        text, _ = decode(data, name, declared.group(1).decode() if declared else "")
        if "<!ENTITY" in text:
            raise UnreadableDocument(
                f"Expected plain XML in {name}, got declared entities, which can hide a bomb: "
                "replace them by their text."
            )
        try:
            root = ElementTree.fromstring(_DECLARATION.sub("", text))
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise make_refusal(error, name) from error
        draft = Draft(limits)
        for child in [root] if len(root) == 0 else list(root):
            for record in _iter_records(child, _strip_namespace(root.tag)):
                draft.add("paragraph", "\n".join(record))
        return draft.build_extract(name, "xml", title=root.findtext(".//{*}title") or "")


def _iter_records(element: ElementTree.Element, path: str) -> Iterator[list[str]]:
    """An element with structured children is parted at them, so that records are blocks."""
    own = f"{path}/{_strip_namespace(element.tag)}"
    if any(len(child) for child in element):
        flat = [child for child in element if not len(child)]
        yield [line for child in flat for line in _iter_lines(child, own, 0)]
        for child in element:
            if len(child):
                yield list(_iter_lines(child, own, 0))
    else:
        yield list(_iter_lines(element, path, 0))


def _iter_lines(element: ElementTree.Element, path: str, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise UnreadableDocument(
            f"Expected XML at most {_MAX_DEPTH} elements deep, got a deeper one: "
            "it is not a document."
        )
    own = f"{path}/{_strip_namespace(element.tag)}"
    for key, value in element.attrib.items():
        yield f"{own}@{_strip_namespace(key)}: {value}"
    for text in (element.text, *(child.tail for child in element)):
        if text and text.strip():
            yield f"{own}: {' '.join(text.split())}"
    for child in element:
        yield from _iter_lines(child, own, depth + 1)


def _strip_namespace(tag: object) -> str:
    """A name without its namespace; comments have none."""
    return str(tag).rsplit("}", 1)[-1] if isinstance(tag, str) else ""
