"""Presentations, slide by slide."""

import re
import zipfile
from io import BytesIO
from posixpath import basename
from secrets import token_hex
from xml.etree import ElementTree

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import convert, read_details
from genwright.documents.draft import Draft
from genwright.documents.formats import OLE
from genwright.documents.markdown_blocks import find_markdown_blocks
from genwright.settings import DocumentSettings

_PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_SPACES = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
}
_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@loaders.register("pptx")
class PptxLoader:
    """Slides are pages; titles are headings; tables, notes, charts and picture texts are kept."""

    suffixes = (".pptx", ".pptm", ".ppsx")
    media_types = (_PPTX, OLE)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a presentation."""
        secret = token_hex(8)  # so that no document can contain the mark
        text, result = convert(data, _PPTX, name, mark=f"@@{secret} {{page_num}}@@")
        additions = _collect_additions(data)
        draft = Draft(limits)
        draft.metadata = read_details(result)
        pieces = re.split(f"@@{secret} (\\d+)@@", text)
        for number, piece in zip(map(int, pieces[1::2]), pieces[2::2], strict=True):
            draft.begin_page(number)
            slide = piece.replace("**", "").strip()
            draft.add_text(slide, find_markdown_blocks(slide))
            for addition in additions.get(number, ()):
                draft.add("paragraph", addition)
        return draft.build_extract(name, "pptx", title=draft.metadata.get("title", ""))


def _collect_additions(data: bytes) -> dict[int, list[str]]:
    """What kreuzberg leaves out, by slide number: charts and the speaker's notes."""
    archive = zipfile.ZipFile(BytesIO(data))
    found: dict[int, list[str]] = {}
    try:
        for number, slide in enumerate(_list_slides(archive), 1):
            folder, file = slide.rsplit("/", 1)
            targets = _read_relations(archive, f"{folder}/_rels/{file}.rels").values()
            for target in sorted(targets):  # charts before notes
                text = _read_addition(archive, target)
                if text:
                    found.setdefault(number, []).append(text)
    except (KeyError, ValueError, ElementTree.ParseError):
        return found  # what the slides themselves say is there without them
    return found


def _read_addition(archive: zipfile.ZipFile, target: str) -> str:
    if "/charts/chart" in target:
        member = f"ppt/charts/{basename(target)}"
        return _describe_chart(ElementTree.fromstring(archive.read(member)))
    if "/notesSlides/" in target:
        member = f"ppt/notesSlides/{basename(target)}"
        return _read_notes(ElementTree.fromstring(archive.read(member)))
    return ""


def _read_notes(notes: ElementTree.Element) -> str:
    """The notes without the slide's number and picture, which stand in shapes of their own."""
    lines = [
        _join_texts(paragraph, ".//a:t")
        for shape in notes.iterfind(".//p:sp", _SPACES)
        if shape.find(".//p:ph[@type='body']", _SPACES) is not None
        for paragraph in shape.iterfind(".//a:p", _SPACES)
    ]
    text = "\n".join(line for line in lines if line)
    return f"Notes: {text}" if text else ""


def _list_slides(archive: zipfile.ZipFile) -> list[str]:
    """Member names of the slides in the order they are shown."""
    relations = _read_relations(archive, "ppt/_rels/presentation.xml.rels")
    root = ElementTree.fromstring(archive.read("ppt/presentation.xml"))
    ids = [node.get(_RELATED, "") for node in root.iterfind(".//p:sldId", _SPACES)]
    return [f"ppt/slides/{basename(relations[each])}" for each in ids]


def _read_relations(archive: zipfile.ZipFile, member: str) -> dict[str, str]:
    if member not in archive.namelist():
        return {}
    root = ElementTree.fromstring(archive.read(member))
    return {node.get("Id", ""): node.get("Target", "") for node in root}


def _describe_chart(chart: ElementTree.Element) -> str:
    title = chart.find(".//c:title", _SPACES)
    lines = [f"Chart: {_join_texts(title, './/a:t')}" if title is not None else "Chart:"]
    for series in chart.iterfind(".//c:ser", _SPACES):
        names = [node.text or "" for node in series.iterfind(".//c:cat//c:v", _SPACES)]
        values = [node.text or "" for node in series.iterfind(".//c:val//c:v", _SPACES)]
        pairs = "; ".join(f"{name}: {value}" for name, value in zip(names, values, strict=False))
        lines.append(f"{_join_texts(series.find('c:tx', _SPACES), './/c:v')} = {pairs}")
    return "\n".join(lines)


def _join_texts(node: ElementTree.Element | None, path: str) -> str:
    found = node.iterfind(path, _SPACES) if node is not None else ()
    return "".join(each.text or "" for each in found).strip()
