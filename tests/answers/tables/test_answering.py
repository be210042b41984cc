# ruff: noqa: RUF001 - it asks in other languages
"""Questions of several languages to tables, answered from documents."""

import pytest

from genwright.answers.answerer import Answerer
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.workspace import create_workspace, open_workspace

CITIES = """\
City,Country,Population,Area km2
Lindholm,Norway,"182,400",96.5
Aurvik,Norway,"74,210",310.2
Castelar,Spain,"1,204,300",411.0
Montseny,Spain,"98,750",58.4
Brennfeld,Germany,"655,120",203.7
"""
PLANS = """\
# Tarife

| Tarif | Preis | Speicher | Telefonsupport |
|---|---|---|---|
| Basis | 9,90 € | 50 GB | nein |
| Team | 29,90 € | 500 GB | ja |
| Pro | 59,90 € | 2000 GB | ja |
| Konzern | 199,00 € | 10000 GB | ja |
"""
STAFF = """\
Nombre;Departamento;Salario
Lucía Ramos;Ventas;2.450 €
Bruno Ortega;Compras;2.100 €
Ana Vidal;Ventas;2.800 €
Pablo Núñez;Informática;3.150 €
"""
GOODS = "产品,类别,价格（元）\n海风一号,打印机,1299\n海风二号,打印机,1899\n云图平板,平板电脑,2499\n"


@pytest.fixture(scope="module")
def answerer(tmp_path_factory, models_dir):
    if not (models_dir / "multilingual-e5-small").is_dir():
        pytest.skip("multilingual-e5-small is not in the folder of models")
    settings = {"models_dir": models_dir, "embedding": {"model": "multilingual-e5-small"}}
    folder = create_workspace(tmp_path_factory.mktemp("tables") / "workspace")
    workspace = open_workspace(folder, settings)
    with Runtime(workspace) as runtime:
        for name, text in (("cities.csv", CITIES), ("tarife.md", PLANS), ("empleados.csv", STAFF),
                           ("goods.csv", GOODS)):  # fmt: skip
            DocumentIngester(runtime).add_bytes(text.encode(), name)
        yield Answerer(runtime, extractive=True)
    workspace.close()


@pytest.mark.parametrize(
    ("question", "value", "cited"),
    [
        (
            "Which city has the most inhabitants?",
            "“Population” (5 rows): **1,204,300**",
            "Castelar",
        ),
        ("How many cities are in Spain?", "(Country = Spain): **2**", "Montseny"),
        ("What is the total population of all cities in Norway?", "**256,610**", "Aurvik"),
        ("Welcher Tarif hat den größten Speicher?", "**10000 GB**", "Konzern"),
        ("Wie viele Tarife haben Telefonsupport?", "(Telefonsupport = ja): **3**", "Pro"),
        ("¿Cuál es la suma de los salarios de Ventas?", "**5.250 €**", "Ana Vidal"),
        ("哪个产品的价格最高？", "**2499**", "云图平板"),
    ],
)
def test_a_value_is_computed_and_cites_its_rows_where_they_stand(answerer, question, value, cited):
    answer = answerer.ask(question)
    told, rows = answer.sentences
    assert told.remark and value in told.text
    assert cited in rows.text and not rows.remark
    quotes = [each for sentence in answer.sentences for each in sentence.citations]
    assert any(cited in each.quote for each in quotes)
    hits = {hit.document: hit for hit in answer.hits}
    for each in quotes:
        hit = hits[each.document]
        inside = hit.start <= each.start and each.end <= hit.end
        assert inside and hit.text[each.start - hit.start : each.end - hit.start] == each.quote


def test_a_cell_is_looked_up_with_the_row_it_stands_in_and_its_headers(answerer):
    [rows] = answerer.ask("Was kostet der Tarif Team?").sentences
    assert rows.text.splitlines() == [
        "| Tarif | Preis | Speicher | Telefonsupport |",
        "|---|---|---|---|",
        "| Team | 29,90 € | 500 GB | ja |",
    ]


@pytest.mark.parametrize(
    "question",
    [
        "average population of the Norwegian cities",  # no cell has this name
        "Which city comes after Aurvik?",
        "Why does Castelar have the most inhabitants?",
        "Which cities are not in Spain?",
    ],
)
def test_what_no_program_answers_is_answered_in_another_way(answerer, question):
    assert not any(each.remark for each in answerer.ask(question).sentences)
