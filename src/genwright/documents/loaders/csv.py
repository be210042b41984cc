"""Tables as text: comma, semicolon, tab or bar between the cells."""

import csv
from io import StringIO
from pathlib import PurePath

from genwright.documents.base import Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.documents.tables import add_rows
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings


@loaders.register("csv")
class CsvLoader:
    """Each row is a line that names its columns; the separator is found from the content."""

    suffixes = (".csv", ".tsv", ".tab")
    media_types = ("text/csv", "text/tab-separated-values")

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a table in any encoding."""
        text, encoding = decode(data, name)
        draft = Draft(limits)
        draft.metadata["encoding"] = encoding
        csv.field_size_limit(limits.max_characters)
        rows = csv.reader(StringIO(text), delimiter=_detect_separator(text, name))
        try:
            add_rows(draft, rows)
        except csv.Error as error:
            raise UnreadableDocument(
                f"Expected rows of cells in {name}, got what cannot be parted ({error}): "
                "save it as CSV again, or rename it to .txt."
            ) from error
        return draft.build_extract(name, "csv")


def _detect_separator(text: str, name: str) -> str:
    """The separator that occurs most evenly in the first lines; a tab for ``.tsv``."""
    if PurePath(name).suffix.lower() in (".tsv", ".tab"):
        return "\t"
    lines = [line for line in text[:20_000].split("\n")[:50] if line.strip()]
    counts = {mark: [line.count(mark) for line in lines] for mark in ",;\t|"}
    return max(counts, key=lambda mark: (sum(n > 0 for n in counts[mark]), sum(counts[mark])))
