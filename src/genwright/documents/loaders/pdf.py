"""PDF, page by page, by pdfium; pages without text by OCR where that is possible."""

import re
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import make_refusal
from genwright.documents.draft import Draft
from genwright.documents.encoding import clean
from genwright.documents.loaders.text import split_paragraphs
from genwright.documents.sandbox.ocr import is_ocr_available, read_page
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage

_HEADING_RATIO = 1.15  # of the size most of the document is set in
_HEADING_CHARACTERS = 150
_GAP_RATIO = 1.45  # of the usual distance between two lines
_HYPHEN = re.compile("[\ufffe\x02](?=[A-ZÀ-ÖØ-Þ])")
_METADATA = ("Title", "Author", "Subject", "Keywords", "CreationDate")


class Line(NamedTuple):
    """A printed line: its text, the size of its letters and where it stands, in points."""

    text: str
    size: float
    bottom: float
    left: float


@loaders.register("pdf")
class PdfLoader:
    """Text in the order of the content stream, which is the reading order of most producers.

    Lines become paragraphs by their distance, headings by the size of their letters. Tables stay
    lines of text, one row each.
    """

    suffixes = (".pdf",)
    media_types = ("application/pdf",)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a PDF."""
        draft = Draft(limits)
        document = _open(data, name)
        if len(document) > limits.max_pages:
            raise UnreadableDocument(
                f"Expected at most {limits.max_pages} pages in {name}, got {len(document)}: "
                "split it, or raise documents.max_pages."
            )
        draft.metadata = _read_metadata(document)
        pages = [_read_lines(document, i) for i in range(len(document))]
        body = _estimate_body_size(pages)
        blank = []
        for number, lines in enumerate(pages, 1):
            draft.begin_page(number)
            if lines:
                _add_lines(draft, lines, body)
            elif not _add_by_ocr(draft, document, number):
                blank.append(number)
        _judge_blank(draft, blank, len(pages), name)
        return draft.build_extract(
            name, "pdf", title=_filter_title(draft.metadata.get("title", ""))
        )


def _open(data: bytes, name: str) -> "PdfDocument":
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise make_refusal(error, name) from error


def _read_metadata(document: "PdfDocument") -> dict[str, str]:
    found = {key.lower(): clean(document.get_metadata_value(key)).strip() for key in _METADATA}
    return {key: value for key, value in found.items() if value}


def _filter_title(title: str) -> str:
    """Producers fill the title with file names and their own; those are worse than a heading."""
    poor = title.lower().startswith(("microsoft word", "(anonymous)", "untitled", "powerpoint"))
    return "" if poor or title.lower().endswith((".doc", ".docx", ".tex", ".indd")) else title


def _read_lines(document: "PdfDocument", index: int) -> list[Line]:
    """The lines of a page in reading order; none for a page that cannot be parsed."""
    import pypdfium2

    try:
        page = document[index]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        return []
    try:
        return list(_measure_lines(text_page))
    finally:
        text_page.close()
        page.close()


def _measure_lines(text_page: "PdfTextPage") -> Iterator[Line]:
    from pypdfium2 import raw

    text: str = text_page.get_text_range()
    position = 0
    for part in text.split("\n"):
        line = part.rstrip("\r")
        inked = position + len(line) - len(line.lstrip())
        if line.strip() and inked < text_page.count_chars():
            left, bottom, _, _ = text_page.get_charbox(inked, loose=True)
            size = raw.FPDFText_GetFontSize(text_page, inked)
            yield Line(
                _join_hyphens(line), _measure_visible_size(text_page, inked, size), bottom, left
            )
        position += len(part) + 1


def _measure_visible_size(text_page: "PdfTextPage", index: int, nominal: float) -> float:
    """Height of the letter's box: a font of size 1 may be scaled up by the page's matrix."""
    _, bottom, _, top = text_page.get_charbox(index, loose=True)
    return float(top - bottom) or float(nominal)


def _join_hyphens(line: str) -> str:
    """Join words at the hyphens pdfium marks at line ends; before a capital the hyphen is real."""
    return clean(_HYPHEN.sub("-", line).replace("\u00ad", "")).strip()


def _estimate_body_size(pages: list[list[Line]]) -> float:
    sizes = [
        line.size for lines in pages for line in lines for _ in range(1 + len(line.text) // 40)
    ]
    return median(sizes) if sizes else 0.0


def _add_lines(draft: Draft, lines: list[Line], body: float) -> None:
    """Add a page: lines gather into paragraphs, large ones become headings."""
    gaps = [a.bottom - b.bottom for a, b in pairwise(lines)]
    usual = median([gap for gap in gaps if gap > 0] or [body])
    group: list[Line] = []
    for line in lines:
        if group and _is_paragraph_end(group[-1], line, usual, body):
            _add_group(draft, group, body)
            group = []
        group.append(line)
    _add_group(draft, group, body)


def _is_paragraph_end(above: Line, line: Line, usual: float, body: float) -> bool:
    """Whether a paragraph ends between two lines."""
    gap = above.bottom - line.bottom
    differs = abs(line.size - above.size) > 0.12 * max(line.size, above.size)
    large = max(line.size, above.size) > body * _HEADING_RATIO
    return gap > usual * _GAP_RATIO or gap < -usual or (differs and large)


def _add_group(draft: Draft, group: list[Line], body: float) -> None:
    text = "\n".join(line.text for line in group)
    ratio = group[0].size / body if body else 1.0
    letters = sum(char.isalpha() for char in text)
    if ratio > _HEADING_RATIO and len(text) <= _HEADING_CHARACTERS and letters * 2 > len(text):
        draft.add("heading", text, level=1 if ratio > 1.6 else 2 if ratio > 1.3 else 3)
    else:
        draft.add("paragraph", text)


def _add_by_ocr(draft: Draft, document: "PdfDocument", number: int) -> bool:
    if not draft.limits.ocr or not is_ocr_available():
        return False
    text = read_page(document, number - 1)
    draft.add_text(text, split_paragraphs(text))
    return bool(text)


def _judge_blank(draft: Draft, blank: list[int], pages: int, name: str) -> None:
    """Refuse a document without any text; name the pages without, where others have some."""
    if not blank:
        return
    way = (
        "OCR found none"
        if draft.limits.ocr and is_ocr_available()
        else "install tesseract-ocr and set documents.ocr to read pictures of text"
    )
    if len(blank) == pages:
        raise UnreadableDocument(
            f"Expected text in {name}, got {pages} page(s) of pictures or nothing: {way}."
        )
    shown = ", ".join(map(str, blank[:20])) + (" …" if len(blank) > 20 else "")
    draft.warnings.append(f"Pages without text: {shown} ({way}).")
