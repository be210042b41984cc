"""Hostile files and hostile parsers: what the sandbox really holds."""

import os
import socket
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest

from genwright.documents import Reader
from genwright.errors import UnreadableDocument
from genwright.settings import MIB, DocumentSettings

HOSTILE = Path(__file__).parents[1] / "fixtures" / "hostile_loader.py"


@pytest.fixture(scope="module")
def hostile():
    """A reader with a parser that does what the file tells it to."""
    settings = DocumentSettings(timeout_seconds=2, memory_bytes=1024 * MIB, max_characters=MIB)
    with Reader(settings, loader_files=[HOSTILE]) as reader:
        yield reader


def refusal(reader, data, name):
    with pytest.raises(UnreadableDocument) as error:
        reader.read_bytes(data, name)
    return str(error.value)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("loop", "more than 2 s"),
        ("sleep", "more than 2 s"),
        ("allocate", "parser died"),
        ("abort", "parser died"),
        ("flood", "too many|too long|more than|fit together"),
        ("disorder", "out of order"),
        ("surrogates", "parser cannot read|UnicodeEncode|fit together"),
        ("recurse", "too deeply"),
    ],
)
def test_a_parser_that_misbehaves_costs_one_document(hostile, order, reason):
    import re

    assert re.search(reason, refusal(hostile, order.encode(), "x.hostile"))
    assert hostile.read_bytes(b"# fine", "after.md").title == "fine"


def test_a_parser_cannot_reach_the_network(hostile):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        order = f"connect {listener.getsockname()[1]}"
        text = hostile.read_bytes(order.encode(), "x.hostile").text

    assert hostile.confined, "this kernel has no seccomp: nothing else here keeps parsers offline"
    assert text == "PermissionError"


def test_a_parser_cannot_start_a_program_nor_touch_its_parent(hostile):
    assert hostile.read_bytes(b"execute", "x.hostile").text == "PermissionError"
    assert hostile.read_bytes(f"kill {os.getpid()}".encode(), "x.hostile").text == "PermissionError"


def test_a_parser_cannot_open_the_files_of_the_user(hostile, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("hush")
    hostile.read_bytes(b"print", "x.hostile")
    if not hostile.shut_in:
        pytest.skip("this kernel has no Landlock (Linux 5.13)")

    for order in (f"peek {secret}", f"scribble {secret}", f"peek /proc/{os.getpid()}/environ"):
        assert hostile.read_bytes(order.encode(), "x.hostile").text == "PermissionError"
    assert secret.read_text() == "hush"


def test_a_parser_cannot_write_large_files(hostile):
    assert "too large" in hostile.read_bytes(b"write", "x.hostile").text.lower()


def test_a_parser_sees_nothing_of_the_environment(hostile):
    os.environ["GENWRIGHT_TEST_SECRET"] = "hush"
    try:
        hostile.close()
        assert "hush" not in hostile.read_bytes(b"environment", "x.hostile").text
    finally:
        del os.environ["GENWRIGHT_TEST_SECRET"]


def test_a_parser_that_prints_does_not_garble_the_answer(hostile):
    assert hostile.read_bytes(b"print", "x.hostile").text == "printed"


def test_one_process_reads_many_files(reader):
    reader.read_bytes(b"# one", "a.md")
    first = reader.process_id
    reader.read_bytes(b"# two", "b.md")

    assert reader.process_id == first


def _zip(members, method=zipfile.ZIP_DEFLATED):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_a_zip_bomb_is_refused(reader):
    bomb = _zip({"word/document.xml": b"<a/>" + bytes(100 * MIB)})

    assert "archive with more bytes" in refusal(reader, bomb, "bomb.docx")


def test_a_member_that_lies_about_its_size_is_refused(reader):
    data = bytearray(_zip({"word/document.xml": b"x" * 5000}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 10)

    assert "not the one it claims" in refusal(reader, bytes(data), "liar.docx")


def test_members_that_overlap_are_refused(reader):
    data = bytearray(_zip({"xl/a": b"a" * 10, "xl/b": b"b" * 10}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 42 : place + 46] = struct.pack("<I", 5)

    assert "archive" in refusal(reader, bytes(data), "overlap.xlsx")


def test_entities_that_multiply_are_refused(reader):
    lines = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    xml = f'<!DOCTYPE x [<!ENTITY e0 "ha">{lines}]><x>&e9;</x>'

    assert "entities" in refusal(reader, xml.encode(), "laughs.xml")
    bomb = _zip({"word/document.xml": xml, "[Content_Types].xml": "<Types/>"})
    refusal(reader, bomb, "laughs.docx")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("deep.json", b"[" * 200_000 + b"]" * 200_000),
        ("deep.xml", b"<a>" * 100_000 + b"x" + b"</a>" * 100_000),
        ("count.pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages"
         b"/Count 99999999/Kids[]>>endobj\ntrailer<</Root 1 0 R>>"),
        ("half.docx", _zip({"word/document.xml": b"x" * 100})[:60]),
        ("noise.pdf", b"%PDF-1.7" + zlib.compress(b"x" * 1000) * 50),
        ("noise.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)),
        ("cells.ipynb", b'{"cells": [1, null]}'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # the bytes hold the time
)  # fmt: skip
def test_files_made_to_break_a_parser_are_refused_by_name(reader, name, data):
    message = refusal(reader, data, name)

    assert message.startswith("Expected") and "got" in message and "\n" not in message


def test_deep_html_and_long_lines_end_in_time(reader):
    for name, data in {
        "deep.html": b"<div>" * 50_000 + b"words",
        "stars.md": b"*" * 100_000 + b"[" * 50_000 + b"words",
        "quotes.md": b">" * 20_000 + b"words",
        "line.csv": b"a," * 500_000 + b"words",
    }.items():
        try:
            assert "words" in reader.read_bytes(data, name).text
        except UnreadableDocument as error:
            assert str(error).startswith("Expected")


@pytest.mark.parametrize("data", [b"", b"  \n\t \n", b"\xef\xbb\xbf"])
def test_a_file_without_text_is_refused(reader, data):
    assert "empty" in refusal(reader, data, "blank.txt")


def test_too_much_text_and_too_many_pages_are_refused(files):
    small = DocumentSettings(max_characters=1000, max_pages=2)
    with Reader(small) as reader:
        assert "max_characters" in refusal(reader, b"word " * 1000, "long.txt")
        book = files / "pdf-sample-files/009-pdflatex-geotopo/GeoTopo-komprimiert.pdf"
        assert "max_pages" in refusal(reader, book.read_bytes(), book.name)


def test_the_loader_in_the_documentation_works(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "documents.md").read_text()
    code = page.split("## Adding a loader")[1].split("```python\n")[1].split("```")[0]
    (tmp_path / "calendar_loader.py").write_text(code)
    event = b"BEGIN:VEVENT\r\nSUMMARY:Oil change\r\nLOCATION:Hall 3\r\nEND:VEVENT\r\n"

    with Reader(DocumentSettings(), loader_files=[tmp_path / "calendar_loader.py"]) as reader:
        extract = reader.read_bytes(event, "plan.ics")

    assert extract.title == "Oil change" and "Hall 3" in extract.text
