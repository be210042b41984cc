"""What holds for every loader, over files that other libraries made."""

import csv
import json
from email.message import EmailMessage
from io import BytesIO, StringIO
from itertools import pairwise

import pytest

from genwright.documents import Extract, Reader
from genwright.documents.encoding import clean
from genwright.documents.loaders import loaders
from genwright.settings import DocumentSettings

WORD = "Zauberflöte"
ROWS = [["Pump", "Oil"], ["P-7", WORD], ["P-8", "VG 46"]]


def _docx() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Pumps", 1)
    document.add_paragraph(f"The seal is called {WORD}.")
    table = document.add_table(rows=0, cols=2)
    for row in ROWS:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = value
    return _saved(document)


def _pptx() -> bytes:
    import pptx

    deck = pptx.Presentation()
    for title in ("Pumps", WORD):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"About {title}"
        slide.notes_slide.notes_text_frame.text = f"Say {title} slowly"
    return _saved(deck)


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    book.create_sheet("Second").append(["Only", "Header"])
    return _saved(book)


def _epub() -> bytes:
    from ebooklib import epub

    book = epub.EpubBook()
    book.set_identifier("pumps")
    book.set_title("Pumps")
    chapter = epub.EpubHtml(title="One", file_name="one.xhtml")
    chapter.content = f"<h1>One</h1><p>The seal is called {WORD}.</p>"
    book.add_item(chapter)
    book.spine = [chapter]
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    out = BytesIO()
    epub.write_epub(out, book)
    return out.getvalue()


def _saved(document: object) -> bytes:
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _pdf() -> bytes:
    """One page with one line of text, by hand: its content is the law of the format."""
    stream = b"BT /F 24 Tf 72 700 Td (Zauberfl\\366te pumps) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 6\n0000000000 65535 f \n"
    return out + head + table + b"trailer<</Size 6/Root 1 0 R>>startxref %d %%%%EOF" % len(out)


def _csv() -> bytes:
    out = StringIO()
    csv.writer(out, delimiter=";").writerows(ROWS)
    return out.getvalue().encode("utf-16")


def _email() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@example.com", "Pumps"
    message.set_content("The list is attached.")
    message.add_attachment(_xlsx(), maintype="application", subtype="x", filename="list.xlsx")
    return bytes(message)


def _notebook() -> bytes:
    cells = [
        {"cell_type": "markdown", "source": ["# Pumps\n", f"About {WORD}"]},
        {"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": ["2"]}}]},
    ]
    return json.dumps({"cells": cells, "nbformat": 4}).encode()


MARKUP = f"# Pumps\n\nThe seal is called {WORD}.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n- y\n"
FILES = {
    "code": ("pumps.py", f'"""Pumps."""\n\n\ndef seal():\n    return "{WORD}"\n'.encode()),
    "csv": ("pumps.csv", _csv),
    "docx": ("pumps.docx", _docx),
    "email": ("pumps.eml", _email),
    "epub": ("pumps.epub", _epub),
    "html": ("pumps.html", f"<h1>Pumps</h1><p>{WORD}</p><script>no()</script>".encode()),
    "json": ("pumps.json", json.dumps({"pumps": [{"seal": WORD}]}).encode()),
    "markdown": ("pumps.md", MARKUP.encode()),
    "notebook": ("pumps.ipynb", _notebook),
    "office": ("pumps.rst", f"Pumps\n=====\n\n{WORD}\n".encode()),
    "pdf": ("pumps.pdf", _pdf),
    "pptx": ("pumps.pptx", _pptx),
    "text": ("pumps.txt", f"Pumps\r\n\r\n{WORD}\r\n".encode()),
    "xlsx": ("pumps.xlsx", _xlsx),
    "xml": ("pumps.xml", f"<pumps><seal>{WORD}</seal></pumps>".encode()),
}


@pytest.fixture(scope="module")
def reader():
    with Reader(DocumentSettings()) as each:
        yield each


def file_of(name: str) -> tuple[str, bytes]:
    file, data = FILES[name]
    return file, data if isinstance(data, bytes) else data()


def check(extract: Extract) -> None:
    """The law of every extract."""
    assert extract.text.strip() and extract.title.strip()
    assert clean(extract.text) == extract.text
    extract.text.encode()  # no lone surrogate
    for spans in (extract.pages, extract.blocks):
        assert all(0 <= span.start <= span.end <= len(extract.text) for span in spans)
        assert all(left.end <= right.start for left, right in pairwise(spans))
    assert all(extract.text[block.start : block.end].strip() for block in extract.blocks)
    assert all((block.level > 0) == (block.kind == "heading") for block in extract.blocks)
    assert all(isinstance(v, str) for pair in extract.metadata.items() for v in pair)


def test_every_loader_has_a_file_here():
    assert set(FILES) == set(loaders.names())


@pytest.mark.parametrize("name", loaders.names())
def test_an_extract_is_clean_and_its_spans_are_in_order(name, reader):
    file, data = file_of(name)

    extract = reader.read_bytes(data, file)

    check(extract)
    assert extract.format == name
    assert WORD in extract.text


@pytest.mark.parametrize("name", loaders.names())
def test_reading_twice_gives_the_same(name, reader):
    file, data = file_of(name)

    assert reader.read_bytes(data, file) == reader.read_bytes(data, file)


@pytest.mark.parametrize("name", loaders.names())
def test_a_truncated_file_is_read_or_refused_and_nothing_else(name, reader):
    from genwright.errors import UnreadableDocument

    file, data = file_of(name)
    for share in (0.3, 0.6, 0.95):
        try:
            check(reader.read_bytes(data[: int(len(data) * share)], file))
        except UnreadableDocument as error:
            assert "xpected" in str(error) and "got" in str(error)


def test_tables_keep_the_header_with_each_row(reader):
    for name in ("xlsx", "csv"):
        file, data = file_of(name)
        assert f"Pump: P-7; Oil: {WORD}" in reader.read_bytes(data, file).text


def test_word_tables_and_headings_are_blocks(reader):
    extract = reader.read_bytes(_docx(), "pumps.docx")

    assert [block.kind for block in extract.blocks] == ["heading", "paragraph", "table"]


def test_slides_and_sheets_and_pdf_pages_are_numbered(reader):
    slides = reader.read_bytes(_pptx(), "pumps.pptx")
    sheets = reader.read_bytes(_xlsx(), "pumps.xlsx")

    assert [page.number for page in slides.pages] == [1, 2]
    assert WORD in slides.text[slides.pages[1].start : slides.pages[1].end]
    assert [page.number for page in sheets.pages] == [1, 2]
    assert [page.number for page in reader.read_bytes(_pdf(), "p.pdf").pages] == [1]


def test_notes_of_slides_are_kept(reader):
    assert "Say Pumps slowly" in reader.read_bytes(_pptx(), "pumps.pptx").text


def test_content_wins_over_the_suffix(reader):
    assert reader.read_bytes(_pdf(), "pumps.txt").format == "pdf"
    assert reader.read_bytes(_docx(), "pumps.xlsx").format == "docx"


def test_an_attachment_is_read_by_its_own_loader(reader):
    text = reader.read_bytes(_email(), "pumps.eml").text

    assert "## Attachment: list.xlsx" in text and f"Oil: {WORD}" in text


def test_scripts_of_a_page_are_left_out(reader):
    assert "no()" not in reader.read_bytes(*reversed(file_of("html"))).text
