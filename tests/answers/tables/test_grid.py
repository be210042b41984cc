"""Tables of a text: cells and their places."""

from genwright.answers.tables.grid import find_tables
from genwright.documents.draft import Draft
from genwright.documents.tables import add_rows
from genwright.settings import DocumentSettings

PIPES = """\
Parts of the pump.

| part | weight | note |
|:---|---:|---|
| **rotor** | 14 kg | see [plan](plan.html) |
| seal \\| ring |  | a |

No table: a | b.
"""


def spread(rows: list[list[str]]) -> str:
    draft = Draft(DocumentSettings())
    add_rows(draft, rows)
    return draft.build_extract("a.csv", "csv").text


def test_cells_of_a_pipe_table_say_where_they_stand():
    [table] = find_tables(PIPES)
    assert table.headers == ("part", "weight", "note")
    assert table.list_texts(0) == ["rotor", "seal | ring"]
    assert table.list_texts(1) == ["14 kg", ""]
    cell = table.rows[0].cells[2]
    assert cell is not None
    assert (cell.text, PIPES[cell.start : cell.end]) == ("see plan", "see [plan](plan.html)")
    assert PIPES[table.rows[1].start : table.rows[1].end] == "| seal \\| ring |  | a |"


def test_rows_of_a_spreadsheet_are_read_as_they_were_written():
    rows = [["Pump", "Oil", "Note"], ["P-7", "VG 46", "a; b: c"], ["P-8", "", "Oil"]]
    text = spread(rows)
    [table] = find_tables(f"# Sheet\n\n{text}\n\nEnd.")
    assert [table.list_texts(column) for column in range(3)] == [
        ["P-7", "P-8"],
        ["VG 46", ""],
        ["a; b: c", "Oil"],
    ]
    assert table.head == ""


def test_prose_and_code_with_bars_are_no_tables():
    assert find_tables("a | b\nand so on: nothing\n\nx || y\n---\n") == []
