"""Pages of PDF documents as images, drawn in a process that can do no harm."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import BoundedSemaphore

from genwright.documents.discovery import open_regular
from genwright.errors import GenwrightError, NotFound, Unavailable
from genwright.library.files import find_original
from genwright.runtime import Runtime
from genwright.server.pages.views.documents import SourceView

AT_ONCE = BoundedSemaphore(2)
START_SECONDS = 20.0
"""Beside the limit on a document: to start Python."""
MOST_LINES, LONGEST_LINE, SHORTEST_LINE = 40, 60, 8


def render_page_image(runtime: Runtime, source: SourceView, page: int) -> bytes:
    """A page of a document as a PNG, with the source's span marked where it is found.

    Args:
        runtime: Whose rights.
        source: The document, as they may read it, and the span.
        page: Counted from 1.

    Raises:
        NotFound: The document is no PDF, its bytes are gone or changed, or it has no such page.
        Unavailable: It could not be drawn within its limits.
    """
    data = read_pdf(runtime, source)
    settings = runtime.settings.documents
    drawing = [sys.executable, "-I", "-m", "genwright.documents.sandbox.page_image"]
    with AT_ONCE, tempfile.TemporaryDirectory(prefix="genwright-") as folder:
        try:
            done = subprocess.run(
                [*drawing, settings.model_dump_json(), str(page), *_list_lines(source)],
                input=data,
                capture_output=True,
                cwd=folder,
                timeout=START_SECONDS + settings.timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"Page {page} took too long to draw: read its text.") from error
    if done.returncode != 0:
        raise NotFound(f"Page {page} of document {source.id} cannot be drawn: read its text.")
    return done.stdout


def read_pdf(runtime: Runtime, source: SourceView) -> bytes:
    """The PDF that a document was made of: as uploaded, or where it still is what it was.

    Raises:
        NotFound: It is no PDF, or its bytes are not there any more.
    """
    missing = NotFound(f"There is no PDF of document {source.id}.")
    if source.format != "pdf":
        raise missing
    uploaded = find_original(runtime, source.id)
    if uploaded is not None:
        return uploaded[1]
    path = Path(source.source)
    if not path.is_absolute():
        raise missing
    try:
        data = open_regular(path, runtime.settings.documents.max_file_bytes)
    except GenwrightError as error:
        raise missing from error
    # Equal bytes are what the reader has a right to; whatever else lies at that path is not.
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise missing
    return data


def _list_lines(source: SourceView) -> list[str]:
    """The beginning of each line of the span, as far as it can be looked for on a page."""
    marked = "".join(piece.text for piece in source.pieces if piece.marked)
    lines = [" ".join(line.split())[:LONGEST_LINE] for line in marked.splitlines()]
    long = [line.replace("\0", "") for line in lines if len(line) >= SHORTEST_LINE]
    return long[:MOST_LINES]
