"""The real sets: what their sources say must come out, and what must be refused."""

import json

import pytest

from genwright.documents import DocumentFile, Reader, SkippedFile, walk
from genwright.documents.sandbox.ocr import is_ocr_available
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings

MUST_CONTAIN = {
    "markitdown/test.docx": [
        "314b0a30-5b04-470b-b9f7-eed2c2bec74a",
        "49e168b7-d2ae-407f-a055-2167576f39a1",
    ],
    "markitdown/test.xlsx": [
        "6ff4173b-42a5-4784-9b19-f49caff4d93d",
        "affc7dad-52dc-4b98-9b5d-51e65d8a8ad0",
    ],
    "markitdown/test.xls": [
        "6ff4173b-42a5-4784-9b19-f49caff4d93d",
        "affc7dad-52dc-4b98-9b5d-51e65d8a8ad0",
    ],
    "markitdown/test.pptx": [
        "2cdda5c8-e50e-4db4-b5f0-9722a649f455",
        "04191ea8-5c73-4215-a1d3-1cfb43aaaf12",
        "44bf7d06-5e7a-4a40-a2e1-a2e42ef28c8a",
        "1b92870d-e3b5-4e65-8153-919f4ff45592",
        "a3f6004b-6f4f-4ea8-bee3-3741f4dc385f",
    ],
}
ENCRYPTED = [
    "unstructured/password_protected.xlsx",
    "unstructured/pdf/password.pdf",
    "pikepdf/graph-encrypted.pdf",
    "pdf-sample-files/005-libreoffice-writer-password/libreoffice-writer-password.pdf",
]
SCANS = [
    "unstructured/pdf/loremipsum-flat.pdf",
    "markitdown/MEDRPT-2024-PAT-3847_medical_report_scan.pdf",
]
MAY_BE_REFUSED = {
    *(name.rsplit("/", 1)[-1] for name in [*ENCRYPTED, *SCANS]),
    "random.bin", "empty.txt", "empty.xlsx", "empty.eml", "fake-text-all-whitespace.txt",
    "imagemagick-CCITTFaxDecode.pdf", "imagemagick-lzw.pdf", "grayscale-image.pdf",
    "378014596.pdf", "cyclic-toc.pdf", "invalid_creationdate.pdf", "livecycle.pdf",
    "multiline_diffmap_font.pdf", "congress.pdf", "graph.pdf",  # pictures, or nothing, on a page
}  # fmt: skip


def read(reader, files, name):
    return reader.read_bytes((files / name).read_bytes(), name.rsplit("/", 1)[-1])


@pytest.mark.parametrize("name", MUST_CONTAIN)
def test_marked_strings_come_out(reader, files, name):
    text = read(reader, files, name).text

    assert [each for each in MUST_CONTAIN[name] if each not in text] == []


@pytest.mark.parametrize("name", ENCRYPTED)
def test_an_encrypted_file_is_refused_as_such(reader, files, name):
    with pytest.raises(UnreadableDocument, match="encrypted"):
        read(reader, files, name)


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_without_ocr_is_refused_with_the_way_out(files, name):
    with (
        Reader(DocumentSettings(ocr=False)) as plain,
        pytest.raises(UnreadableDocument, match=r"pictures.*tesseract"),
    ):
        read(plain, files, name)


def test_a_scan_is_read_by_ocr(reader, files):
    if not is_ocr_available():
        pytest.skip("no tesseract data: apt-get install tesseract-ocr")

    assert "Lorem ipsum dolor sit amet" in read(reader, files, SCANS[0]).text


def test_two_columns_come_in_reading_order(reader, files):
    text = read(reader, files, "pdf-sample-files/026-latex-multicolumn/multicolumn.pdf").text
    words = " ".join(text.split())

    assert "Nam arcu libero, nonummy eget, consectetuer id" in words
    assert "adipiscing vitae, felis. Curabitur dictum gravida mauris." in words


def test_page_counts_are_those_of_the_list(reader, files):
    folder = files / "pdf-sample-files"
    for row in json.loads((folder / "files.json").read_text())["data"]:
        path = folder / row["path"]
        if path.exists() and not row["encrypted"]:
            try:
                pages = reader.read_bytes(path.read_bytes(), path.name).pages
            except UnreadableDocument as error:
                assert "pictures" in str(error)
            else:
                assert len(pages) == row["pages"], row["path"]


def test_every_real_file_is_read_or_refused_for_a_reason(files):
    settings = DocumentSettings(ocr=False)
    refused = set()
    with Reader(settings) as plain:
        for each in walk([files], settings):
            if isinstance(each, SkippedFile):
                refused.add(each.path.name)
            elif isinstance(each, DocumentFile):
                try:
                    plain.read_bytes(each.read(), each.path.name)
                except UnreadableDocument as error:
                    assert "parser died" not in str(error)
                    refused.add(each.path.name)

    assert refused <= MAY_BE_REFUSED
