"""Programs over a table, carried out."""

from genwright.answers.tables.grid import find_tables
from genwright.answers.tables.mentions import split_question_tokens
from genwright.answers.tables.programs import ReadTable, list_programs

CITIES = """\
| City | Country | Population | Rank | Port |
|---|---|---|---|---|
| Lindholm | Norway | 182,400 | 2 | yes |
| Aurvik | Norway | 74,210 | 4 | yes |
| Castelar | Spain | 1,204,300 | 1 | no |
| Montseny | Spain | 98,750 | 3 | yes |
| Total |  | 1,559,660 |  |  |
"""


def run(question: str, operator: str, bound: str = "none", text: str = CITIES) -> list:
    read = ReadTable(find_tables(text)[0], split_question_tokens(question), question)
    found = [each for each in list_programs(read, bound) if each.operator == operator]
    most = max((len(each.filters) for each in found), default=0)
    return [each for each in found if len(each.filters) == most]


def test_the_greatest_is_found_without_the_row_of_totals_and_without_ranks():
    [best] = run("which has the most people", "greatest")
    assert (best.column, best.chosen, best.value) == (2, (2,), 1204300.0)


def test_rows_that_the_question_names_are_added_and_averaged():
    total = next(each for each in run("people of Norway in total", "sum") if each.column == 2)
    mean = next(each for each in run("mean of Norway", "mean") if each.column == 2)
    assert (total.value, total.rows) == (256610.0, (0, 1))
    assert mean.value == 128305.0


def test_a_column_of_yes_is_a_filter_by_its_header():
    assert [each.value for each in run("how many have a port", "count")] == [3.0]


def test_a_limit_counts_what_is_above_it_and_nothing_where_a_row_stands_on_it():
    above = [each for each in run("more than 90000", "count", "above") if each.limit.column == 2]
    assert above[0].value == 3.0  # Lindholm, Castelar, Montseny
    on = [each for each in run("over 98750", "count", "above") if each.limit]
    assert not any(each.limit.column == 2 for each in on)


def test_a_difference_is_of_two_named_rows():
    [gap] = run("Lindholm or Montseny, by how much", "difference")
    assert gap.value == 182400 - 98750


def test_mixed_units_and_unreadable_cells_are_not_computed_with():
    mixed = "| a | b |\n|---|---|\n| x | 2 kg |\n| y | 3 lb |\n| z | 4 lb |\n"
    assert run("which is most", "greatest", text=mixed) == []
    rows = "".join(f"| r{n} | {n * 7} |\n" for n in range(1, 9))
    unread = f"| a | b |\n|---|---|\n{rows}| s | see below |\n"
    assert run("all", "sum", text=unread) == []


def test_names_that_the_table_has_not_are_told():
    question = "average population of the Norwegian cities"
    read = ReadTable(find_tables(CITIES)[0], split_question_tokens(question), question)
    assert read.unknown_names == ["norwegian"]
