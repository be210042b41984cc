"""Spreadsheets: each row with the headers of its columns."""

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import convert, read_details
from genwright.documents.draft import Draft
from genwright.documents.formats import OLE, ZIP, detect_media_type
from genwright.documents.tables import add_rows
from genwright.settings import DocumentSettings

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@loaders.register("xlsx")
class XlsxLoader:
    """A sheet is a page under a heading; a row is a line, ``header: value; header: value``.

    Formulas are read as the values saved with them.
    """

    suffixes = (".xlsx", ".xlsm", ".xls")
    media_types = (_XLSX, "application/vnd.ms-excel", OLE)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read every sheet."""
        is_zip = detect_media_type(data) == ZIP
        _, result = convert(data, _XLSX if is_zip else self.media_types[1], name)
        names = list((result.metadata or {}).get("sheet_names") or [])
        draft = Draft(limits)
        draft.metadata = read_details(result)
        for table in result.tables or []:
            sheet = table.page_number
            draft.begin_page(sheet)
            draft.add("heading", names[sheet - 1] if sheet <= len(names) else f"{sheet}", level=2)
            add_rows(draft, table.cells)
        return draft.build_extract(
            name, "xlsx", title=draft.metadata.get("title", "") or _get_stem(name)
        )


def _get_stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
