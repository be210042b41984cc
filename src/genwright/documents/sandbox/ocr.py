"""Text from pictures of pages, by tesseract."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from genwright.documents.encoding import clean
from genwright.documents.markdown_blocks import unescape
from genwright.environment import read_variable

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
_DOTS_PER_INCH = 200
_MAX_SIDE = 4000
"""Longest side of a rendered page, in pixels: a page may claim to be a kilometre wide."""


@cache
def is_ocr_available() -> bool:
    """Whether trained data of tesseract is installed (the engine is part of kreuzberg)."""
    return bool(_find_languages())


@cache
def _find_languages() -> tuple[str, ...]:
    own = read_variable("TESSDATA_PREFIX")
    for folder in map(Path, (own, *_FOLDERS) if own else _FOLDERS):
        found = sorted(file.stem for file in folder.glob("*.traineddata"))
        if found:
            os.environ.setdefault("TESSDATA_PREFIX", str(folder))
            return tuple(name for name in found if name not in ("osd", "equ"))
    return ()


def read_page(document: "PdfDocument", index: int) -> str:
    """Text of one page of a pdfium document, as clean text; nothing where none is found."""
    import kreuzberg

    languages = sorted(_find_languages(), key=lambda name: (name != "eng", name))[:4]
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        output_format="plain",
        ocr=kreuzberg.OcrConfig(backend="tesseract", language="+".join(languages)),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        image = _render_pixmap(document[index])
        found = kreuzberg.extract_bytes_sync(image, "image/x-portable-pixmap", config=config)
    except Exception:  # what cannot be rendered has no text: its page is named in a warning
        return ""
    return unescape(clean(found.content)).strip()


def _render_pixmap(page: "PdfPage") -> bytes:
    scale = min(_DOTS_PER_INCH / 72, _MAX_SIDE / max(1.0, *page.get_size()))
    pixels = page.render(scale=scale, rev_byteorder=True).to_numpy()[:, :, :3]  # (h, w, 3) RGB
    height, width = pixels.shape[:2]
    return b"P6 %d %d 255\n" % (width, height) + pixels.tobytes()
