"""Jupyter notebooks: prose, code and what it printed."""

import json
from typing import Any

from genwright.documents.base import Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import clean, decode
from genwright.documents.markdown_blocks import find_markdown_blocks
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings

_OUTPUT_CHARACTERS = 4000
"""Longest output kept of one cell; the rest is rarely worth finding."""


@loaders.register("notebook")
class NotebookLoader:
    """Markdown cells as they are, code cells as code, text outputs up to a length."""

    suffixes = (".ipynb",)
    media_types = ("text/x-ipynb+json", "application/x-ipynb+json")

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a notebook of format 3 or 4."""
        try:
            notebook = json.loads(decode(data, name)[0])
            sheets = notebook.get("worksheets") or [notebook]
            cells = [cell for sheet in sheets for cell in sheet["cells"]]
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise UnreadableDocument(
                f"Expected a Jupyter notebook in {name}, got something else ({error!r:.80}): "
                "save it again in Jupyter."
            ) from error
        draft = Draft(limits)
        for cell in cells:
            if isinstance(cell, dict):
                _add_cell(draft, cell)
        return draft.build_extract(name, "notebook", title=_read_title(notebook))


def _add_cell(draft: Draft, cell: dict[str, Any]) -> None:
    source = clean(_join_source(cell.get("source", cell.get("input", "")))).strip("\n")
    if cell.get("cell_type") == "code":
        draft.add("code", source)
        for output in cell.get("outputs") or []:
            draft.add("code", _read_output(output))
    elif cell.get("cell_type") == "heading":
        draft.add("heading", source, level=min(6, max(1, int(cell.get("level", 1)))))
    else:
        draft.add_text(source, find_markdown_blocks(source))


def _read_output(output: object) -> str:
    """The text of an output: what was printed, the plain form of a value, or an error."""
    if not isinstance(output, dict):
        return ""
    data = output.get("data")
    text = _join_source(output.get("text") or "")
    if isinstance(data, dict):
        text = _join_source(data.get("text/markdown") or data.get("text/plain") or "")
    if output.get("output_type") in ("error", "pyerr"):
        text = f"{output.get('ename', '')}: {output.get('evalue', '')}"
    return text[:_OUTPUT_CHARACTERS]


def _join_source(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _read_title(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    return str(metadata.get("title") or "") if isinstance(metadata, dict) else ""
