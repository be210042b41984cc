"""Pages of PDF files are drawn by a process that can do no harm."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from genwright.settings import DocumentSettings

SETTINGS = DocumentSettings().model_dump_json()


def draw(data: bytes, page: str, *lines: str, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run the process as the server does."""
    command = [
        sys.executable,
        "-I",
        "-m",
        "genwright.documents.sandbox.page_image",
        SETTINGS,
        page,
        *lines,
    ]
    return subprocess.run(
        command, input=data, capture_output=True, cwd=folder, timeout=120, check=False
    )


@pytest.fixture
def repair(test_data: Path) -> bytes:
    """A real invoice of two pages."""
    return (test_data / "03-documents/markitdown/REPAIR-2022-INV-001_multipage.pdf").read_bytes()


def test_a_page_is_drawn_and_its_lines_are_marked(repair: bytes, tmp_path: Path):
    plain = draw(repair, "1", folder=tmp_path)
    marked = draw(repair, "1", "Policy # POL-2022-555", folder=tmp_path)

    assert (plain.returncode, marked.returncode) == (0, 0), plain.stderr
    before, after = (Image.open(BytesIO(each.stdout)).convert("RGB") for each in (plain, marked))
    assert before.size == after.size
    assert before.width == 1100
    yellow = sum(red > 220 and blue < 120 for red, _, blue in after.get_flattened_data())
    assert yellow > 500
    assert len(marked.stdout) < 400_000


def test_a_line_that_is_not_there_is_not_marked(repair: bytes, tmp_path: Path):
    plain = draw(repair, "1", folder=tmp_path)
    assert draw(repair, "1", "no such words", folder=tmp_path).stdout == plain.stdout


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\x00" * 1000, b"%PDF-1.4 <</Root 1 0 R>>"])
def test_what_is_no_pdf_is_refused(data: bytes, tmp_path: Path):
    done = draw(data, "1", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == b""


def test_a_page_that_is_not_there_is_refused(repair: bytes, tmp_path: Path):
    assert draw(repair, "99", folder=tmp_path).returncode == 1
