"""What came of a program over a table, said in a sentence, with the rows it came from."""

import re
from collections.abc import Sequence

from genwright.answers.tables.grid import Row, Table
from genwright.answers.tables.programs import Program, ReadTable
from genwright.grounding.citations import Citation, Sentence, cite
from genwright.languages import detect_language
from genwright.retrieval import Hit

MOST_CITED = 8
"""Places that a sentence cites; rows that follow one another are one."""
LONGEST_PLACE = 1500
"""Characters of one of them."""
MOST_SHOWN = 8
"""Rows that are quoted below a computed value."""

_OPERATORS = ("greatest", "least", "count", "sum", "mean", "difference")
PHRASES = {
    "en": ("Highest value of “{}”", "Lowest value of “{}”", "Number of rows", "Sum of “{}”",
           "Mean of “{}”", "Difference in “{}”", "{} row|{} rows", "above", "below",
           "the first of them are cited"),
    "de": ("Höchster Wert von „{}“", "Niedrigster Wert von „{}“", "Anzahl der Zeilen",
           "Summe von „{}“", "Mittelwert von „{}“", "Unterschied bei „{}“",
           "{} Zeile|{} Zeilen", "über", "unter", "zitiert sind die ersten"),
    "es": ("Valor más alto de «{}»", "Valor más bajo de «{}»", "Número de filas", "Suma de «{}»",
           "Media de «{}»", "Diferencia en «{}»", "{} fila|{} filas", "más de", "menos de",
           "se citan las primeras"),
    "fr": ("Valeur la plus élevée de « {} »", "Valeur la plus basse de « {} »",
           "Nombre de lignes", "Somme de « {} »", "Moyenne de « {} »", "Écart de « {} »",
           "{} ligne|{} lignes", "plus de", "moins de", "les premières sont citées"),
    "it": ("Valore più alto di «{}»", "Valore più basso di «{}»", "Numero di righe",
           "Somma di «{}»", "Media di «{}»", "Differenza in «{}»", "{} riga|{} righe", "oltre",
           "sotto", "sono citate le prime"),
    "pt": ("Maior valor de «{}»", "Menor valor de «{}»", "Número de linhas", "Soma de «{}»",
           "Média de «{}»", "Diferença em «{}»", "{} linha|{} linhas", "acima de", "abaixo de",
           "as primeiras estão citadas"),
    "nl": ("Hoogste waarde van “{}”", "Laagste waarde van “{}”", "Aantal rijen", "Som van “{}”",
           "Gemiddelde van “{}”", "Verschil in “{}”", "{} rij|{} rijen", "boven", "onder",
           "de eerste worden aangehaald"),
    "ru": ("Наибольшее значение «{}»", "Наименьшее значение «{}»", "Число строк", "Сумма «{}»",
           "Среднее «{}»", "Разница «{}»", "строк: {}|строк: {}", "больше", "меньше",
           "приведены первые"),
    "zh": ("“{}”的最大值", "“{}”的最小值", "行数", "“{}”的合计", "“{}”的平均值", "“{}”之差",
           "{} 行|{} 行", "高于", "低于", "仅引用前几行"),
    "ja": ("「{}」の最大値", "「{}」の最小値", "行数", "「{}」の合計", "「{}」の平均", "「{}」の差",
           "{} 行|{} 行", "超", "未満", "引用は最初の行のみ"),
}  # fmt: skip
"""By language: each operator, how many rows, above, below, and that not all are cited."""


def tell_result(
    program: Program, read: ReadTable, hit: Hit, question: str, probability: float
) -> list[Sentence]:
    """A sentence with a computed value, citing its rows, and the rows; of a look-up the rows.

    The first is the program's own words, a remark: no row says a sum. It cites what it is from.

    Args:
        program: What was carried out.
        read: Over which table.
        hit: All of the table as it stands in its document.
        question: In whose language the sentence is.
        probability: That the program is what was meant.
    """
    shown = [read.table.rows[row] for row in program.chosen[:MOST_SHOWN]]
    if program.operator == "lookup":
        return [quote_rows(read.table, shown, hit)]
    text, cited = _word(program, read, hit, question)
    told = [Sentence(text, round(probability, 4), cited, remark=True)]
    if len(program.chosen) <= MOST_SHOWN and shown:
        told.append(quote_rows(read.table, shown, hit))
    return told


def quote_rows(table: Table, rows: Sequence[Row], hit: Hit) -> Sentence:
    """Rows as they stand, below the lines that name their columns."""
    lines = [hit.text[row.start - hit.start : row.end - hit.start] for row in rows]
    text = "\n".join([*([table.head] if table.head else []), *lines])
    return Sentence(text, 1.0, cite_rows(rows, hit)[0], before="\n\n")


def cite_rows(rows: Sequence[Row], hit: Hit) -> tuple[tuple[Citation, ...], bool]:
    """Where rows stand, those that follow one another together; and whether these are all."""
    places: list[tuple[int, int]] = []
    for row in rows:
        start, last = places[-1] if places else (0, 0)
        between = hit.text[last - hit.start : row.start - hit.start] if places else ""
        if places and not between.strip() and row.end - start <= LONGEST_PLACE:
            places[-1] = (start, row.end)
        else:
            places.append((row.start, row.end))
    cited = tuple(cite(hit, start, end) for start, end in places[:MOST_CITED])
    return cited, len(places) <= MOST_CITED


def _word(
    program: Program, read: ReadTable, hit: Hit, question: str
) -> tuple[str, tuple[Citation, ...]]:
    words = PHRASES[detect_language(question, frozenset(PHRASES)) or "en"]
    phrase = words[_OPERATORS.index(program.operator)]
    header = read.table.headers[program.column] if program.column >= 0 else ""
    rows = [read.table.rows[row] for row in program.rows]
    extreme = program.operator in ("greatest", "least")
    cited, all_cited = cite_rows([read.table.rows[r] for r in program.chosen] if extreme else rows,
                                 hit)  # fmt: skip
    about = [_describe_filters(program, read)] if program.filters else []
    if program.limit:
        side = words[7] if program.limit.above else words[8]
        number = read.tokens[program.limit.place].text
        about.append(f"{read.table.headers[program.limit.column]} {side} {number}")
    if program.operator != "count":
        one, many = words[6].split("|")
        about.append((one if len(rows) == 1 else many).format(len(rows)))
    if not all_cited:
        about.append(words[9])
    details = f" ({'; '.join(about)})" if about else ""
    return f"{phrase.format(header)}{details}: **{_show_value(program, read)}**", cited


def _describe_filters(program: Program, read: ReadTable) -> str:
    by_column: dict[int, list[str]] = {}
    for each in program.filters:
        by_column.setdefault(each.column, []).append(each.text)
    return ", ".join(
        f"{read.table.headers[column]} = {' / '.join(dict.fromkeys(texts))}"
        for column, texts in by_column.items()
    )


def _show_value(program: Program, read: ReadTable) -> str:
    if program.operator == "count":
        return f"{program.value:.0f}"
    texts = [
        cell.text for row in program.rows if (cell := read.table.rows[row].cells[program.column])
    ]
    if program.operator in ("greatest", "least"):
        cell = read.table.rows[program.chosen[0]].cells[program.column]
        return cell.text if cell else ""
    values = read.columns[program.column]
    shown = format_number(program.value, texts, extra=2 if program.operator == "mean" else 0)
    if values.kind == "time":
        minutes, seconds = divmod(program.value, 60)
        shown = f"{int(minutes)}:{seconds:05.2f}".removesuffix(".00")
    shown = _add_unit(shown, values.unit, next((t for t in texts if values.unit in t.lower()), ""))
    if program.operator == "difference":
        return f"{shown} ({' / '.join(texts)})"
    return shown


def _add_unit(shown: str, unit: str, like: str) -> str:
    """A number with its unit on the side where a cell has it.

    Example:
        >>> _add_unit("5.250", "€", "2.450 €"), _add_unit("7", "$", "$3"), _add_unit("9", "%", "4%")
        ('5.250 €', '$7', '9%')
    """
    if not unit:
        return shown
    gap = " " if re.search(r"\d\s|\s\d", like.strip()) else ""
    before = not re.match(r"[\d.,(+-]", like.strip())
    return f"{unit}{gap}{shown}" if before else f"{shown}{gap}{unit}"


def format_number(value: float, like: Sequence[str], extra: int = 0) -> str:
    """A number in the form that others have: their decimals, separators and no more.

    Example:
        >>> format_number(2050.5, ["1.200,50", "850,00"]), format_number(1200, ["1,000", "200"])
        ('2.050,50', '1,200')
    """
    decimals = max((len(m[1]) for text in like if (m := re.search(r"\d[.,](\d{1,2})(?!\d)", text))),
                   default=0)  # fmt: skip
    comma = any(re.search(r"\d,\d{1,2}(?!\d)", text) for text in like)
    dots = any(re.search(r"\d\.\d{3}(?!\d)", text) for text in like) and (
        comma or not any(re.search(r"\d\.\d{1,2}(?!\d)", text) for text in like)
    )
    commas = any(re.search(r"\d,\d{3}(?!\d)", text) for text in like)
    shown = f"{value:,.{max(decimals, extra)}f}"
    if extra > decimals and "." in shown:
        shown = shown.rstrip("0").rstrip(".") if not decimals else shown
    if not (dots or commas):
        shown = shown.replace(",", "")
    if dots or comma:
        shown = shown.translate(str.maketrans(",.", ".,"))
    return shown
