"""The process that draws: ``python -I -m genwright.documents.sandbox.page_image SETTINGS PAGE``.

It takes a PDF on standard input and gives one page of it as a PNG on standard output; what went
wrong stands on standard error, with status 1. The bytes may be hostile, so it gives up rights
before it reads them, as the sandbox does. Lines of text that are given as further arguments are
marked where they are found on the page.
"""

import os
import sys
from io import BytesIO
from typing import TYPE_CHECKING

from genwright.documents.sandbox import confinement
from genwright.documents.sandbox.landlock import restrict_files
from genwright.settings import DocumentSettings

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage

WIDTH = 1100
"""Pixels."""
MOST_HEIGHT = 4 * WIDTH
MARK = (255, 214, 77)
"""Red, green and blue that marked text is multiplied with."""


def main() -> None:
    """Give up rights, then draw."""
    import pypdfium2
    from PIL import Image, ImageChops, ImageDraw  # noqa: F401 - imported while files can be opened

    confinement.die_with_parent()
    settings = DocumentSettings.model_validate_json(sys.argv[1])
    number, lines = int(sys.argv[2]), sys.argv[3:]
    pypdfium2.PdfDocument.new().close()  # loads the library
    Image.init()
    confinement.limit_resources(settings)
    confinement.limit_processor(settings.timeout_seconds)
    restrict_files(os.getcwd())
    confinement.forbid_calls()
    try:
        page = pypdfium2.PdfDocument(sys.stdin.buffer.read())[number - 1]
        sys.stdout.buffer.write(render_png(page, lines))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")


def render_png(page: "PdfPage", lines: list[str]) -> bytes:
    """A page as a PNG, with the lines that are found on it marked."""
    from PIL.Image import Quantize

    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), MOST_HEIGHT / max(height, 1))
    image = page.render(scale=scale).to_pil().convert("RGB")
    boxes = [
        (left * scale, (height - top) * scale, right * scale, (height - bottom) * scale)
        for left, bottom, right, top in _locate_lines(page, lines)
    ]
    written = BytesIO()
    # A page of text has few colours: a palette takes a third of the bytes. Median cut, which is
    # the default, would merge the few pixels of a short mark with the white around them.
    _mark_boxes(image, boxes).quantize(128, method=Quantize.FASTOCTREE).save(written, "png")
    return written.getvalue()


def _locate_lines(page: "PdfPage", lines: list[str]) -> list[tuple[float, float, float, float]]:
    """Left, bottom, right and top of every line, in points."""
    text = page.get_textpage()
    boxes = []
    for line in lines:
        place = text.search(line).get_next()
        if place is not None:
            index, length = place
            number = text.count_rects(index, length)
            boxes += [text.get_rect(each) for each in range(number)]
    return boxes


def _mark_boxes(image: "Image", boxes: list[tuple[float, float, float, float]]) -> "Image":
    from PIL import Image, ImageChops, ImageDraw

    layer = Image.new("RGB", image.size, "white")
    drawing = ImageDraw.Draw(layer)
    for left, top, right, bottom in boxes:
        drawing.rectangle((left - 2, top - 2, right + 2, bottom + 2), fill=MARK)
    return ImageChops.multiply(image, layer)


if __name__ == "__main__":
    main()
