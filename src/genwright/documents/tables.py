"""Rows of spreadsheets as lines that can be understood alone."""

from collections.abc import Iterable, Sequence

from genwright.documents.draft import Draft


def add_rows(draft: Draft, rows: Iterable[Sequence[str]]) -> None:
    """Add rows as one table block, the first row that is not empty naming the columns.

    A passage may begin in the middle of a table, far below its header. Offsets must point into
    the text, so headers cannot be repeated later: they are written into each row here.

    Example:
        >>> from genwright.settings import DocumentSettings
        >>> draft = Draft(DocumentSettings())
        >>> add_rows(draft, [["Pump", "Oil"], ["P-7", "VG 46"]])
        >>> print(draft.build_extract("pumps.csv", "csv").text)
        Pump | Oil
        Pump: P-7; Oil: VG 46
    """
    headers: list[str] | None = None
    lines = []
    for cells in rows:
        values = [" ".join(str(cell).split()) for cell in cells]
        if not any(values):
            continue
        if headers is None:
            headers = values
            lines.append(" | ".join(value for value in values if value))
        else:
            lines.append(_format_row(headers, values))
    draft.add("table", "\n".join(lines))


def _format_row(headers: Sequence[str], values: Sequence[str]) -> str:
    """One row; a value whose column has no header stands alone."""
    named = [*headers, *[""] * (len(values) - len(headers))]
    pairs = zip(named, values, strict=False)
    return "; ".join(f"{head}: {value}" if head else value for head, value in pairs if value)
