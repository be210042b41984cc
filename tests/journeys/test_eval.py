"""``genwright eval`` on small sets, in the forms that they are published in."""

import gzip
import json
import signal

import pytest
from tests.fixtures.waiting import wait_until

PARAGRAPHS = {
    "Pumps": [
        "The Velda pump needs grade 46 oil. Change the oil every 400 hours.",
        "A whistling noise means that air gets in. Tighten the intake flange then.",
    ],
    "Boilers": [
        "The boiler of hall 3 was built by Tomas Brenner in 1931.",
        "The safety valve of the boiler opens at 6 bar.",
    ],
}
QUESTIONS = {
    "The Velda pump needs grade 46 oil. Change the oil every 400 hours.": [
        ("Which oil does the Velda pump need?", "grade 46 oil"),
        ("What is the price of the Velda pump in Norway?", None),
    ],
    "The boiler of hall 3 was built by Tomas Brenner in 1931.": [
        ("Who built the boiler of hall 3?", "Tomas Brenner"),
    ],
    "The safety valve of the boiler opens at 6 bar.": [
        ("At which pressure does the safety valve of the boiler open?", "6 bar"),
    ],
}
MEASURES = {"ndcg@10", "recall@10", "recall@100", "mrr@10"}


@pytest.fixture
def beir(tmp_path):
    folder = tmp_path / "pumps"
    (folder / "qrels").mkdir(parents=True)
    texts = [text for each in PARAGRAPHS.values() for text in each]
    rows = [
        {"_id": f"doc-{number}", "title": "A title", "text": text}
        for number, text in enumerate([*texts, ""])  # the last is a title only
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    queries = [
        {"_id": "q1", "text": "oil of the Velda pump"},
        {"_id": "q2", "text": "who built the boiler?"},
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    header = "query-id\tcorpus-id\tscore\n"
    (folder / "qrels" / "test.tsv").write_text(f"{header}q1\tdoc-0\t1\nq2\tdoc-2\t1\n")
    return folder


@pytest.fixture
def squad(tmp_path):
    data = [
        {
            "title": title,
            "paragraphs": [{"context": text, "qas": list(rows(text))} for text in texts],
        }
        for title, texts in PARAGRAPHS.items()
    ]
    file = tmp_path / "questions.json"
    file.write_text(json.dumps({"version": "2.0", "data": data}))
    return file


def rows(text):
    for number, (question, answer) in enumerate(QUESTIONS.get(text, [])):
        answers = [{"text": answer, "answer_start": text.index(answer)}] if answer else []
        yield {
            "id": f"{text[:12]}-{number}",
            "question": question,
            "answers": answers,
            "is_impossible": not answers,
        }


def pack(file):
    file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()


def assert_triples(measures):
    for name, each in measures.items():
        assert set(each) == {"value", "low", "high"}, name
        if each["value"] is not None:
            assert each["low"] <= each["value"] <= each["high"], name


def test_retrieval_is_measured_in_three_modes_and_kept_as_a_run(plain, beir):
    made = plain.json("eval", "retrieval", "--beir", beir)
    assert list(made["results"]) == ["keyword", "vector", "hybrid"]
    assert list(made["differences"]) == ["hybrid - keyword", "hybrid - vector"]
    for measures in (*made["results"].values(), *made["differences"].values()):
        assert set(measures) == MEASURES
        assert_triples(measures)
    assert made["results"]["keyword"]["ndcg@10"]["value"] == 1
    data = made["data"]
    assert len(data["sha256"]) == 64
    assert (data["name"], data["split"]) == ("pumps", "test")
    assert (data["documents"], data["queries"]) == (5, 2)
    [run] = plain.json("eval", "runs")
    assert run["run"] == made["run"] and run["kind"] == "eval.retrieval"
    assert run["data"] == data and run["config"]["retrieval"]["candidates"]


def test_packed_files_give_the_same_result_from_documents_that_are_there(plain, beir):
    first = plain.json("eval", "retrieval", "--beir", beir)
    pack(beir / "corpus.jsonl")
    again = plain("eval", "retrieval", "--beir", beir, "--json")
    assert json.loads(again.stdout)["results"] == first["results"]
    [kept] = (plain.workspace / "runs" / "cache").iterdir()
    plain("--set", "documents.chunk_tokens=100", "eval", "retrieval", "--beir", beir)
    assert len(list(kept.parent.iterdir())) == 2  # stored otherwise, stored beside


def test_the_workspace_s_own_documents_are_left_alone(plain, beir, documents):
    plain("add", documents)
    before = plain.json("status")["documents"]
    made = plain.json("eval", "retrieval", "--beir", beir)
    assert made["data"]["documents"] == 5
    assert plain.json("status")["documents"] == before


def test_one_mode_a_weight_and_a_part_of_the_queries_can_be_asked_for(plain, beir):
    options = ("--mode", "hybrid", "--weight", "0", "--limit", "1", "--seed", "3")
    made = plain.json("eval", "retrieval", "--beir", beir, *options)
    assert list(made["results"]) == ["hybrid"] and made["differences"] == {}
    assert (made["data"]["queries"], made["data"]["of_queries"]) == (1, 2)
    [run] = plain.json("eval", "runs")
    assert run["config"]["retrieval"]["vector_weight"] == 0
    assert made["results"]["hybrid"]["ndcg@10"]["value"] == 1  # as by keyword alone


def test_answers_are_measured_with_the_embedded_models(genwright, squad):
    made = genwright.json("eval", "qa", "--squad", squad, "--extractive", "--leave-out", 2)
    assert made["data"]["documents"] == 4
    assert (made["data"]["questions"], made["data"]["unanswerable"]) == (4, 1)
    assert made["data"]["left_out"] == 2
    assert len(made["data"]["sha256"]) == 64
    results = made["results"]
    assert_triples(results)
    wanted = ("exact_match", "f1", "answer_recall", "answered", "supported", "refusal_accuracy")
    assert set(wanted) | {"citation_precision", "citation_recall"} <= set(results)
    assert results["span_recall@5"]["value"] == 1
    assert results["quotes_exact"]["value"] == 1
    assert results["supported"]["value"] == 1


def test_packed_questions_and_the_table_for_people(plain, squad, beir):
    pack(squad)
    file = squad.with_name(f"{squad.name}.gz")
    shown = plain("eval", "qa", "--squad", file, "--extractive", "--limit", 2).stdout
    assert "2 questions" in shown and "answer_recall" in shown
    table = plain("eval", "retrieval", "--beir", beir).stdout
    assert "ndcg@10" in table and "hybrid - vector" in table
    listed = plain("eval", "runs").stdout
    assert "questions.json.gz" in listed and "pumps" in listed


def test_what_is_not_there_is_said_in_one_line(plain, beir, tmp_path):
    missing = plain("eval", "retrieval", "--beir", beir, "--split", "dev", status=3)
    assert "test.tsv" in missing.stderr
    plain("eval", "qa", "--squad", tmp_path / "none.json", status=3)
    plain("eval", "qa", "--squad", beir / "corpus.jsonl", status=2)
    (beir / "qrels" / "empty.tsv").write_text("query-id\tcorpus-id\tscore\n")
    plain("eval", "retrieval", "--beir", beir, "--split", "empty", status=2)
    assert plain.json("eval", "runs") == []


def test_an_interrupted_evaluation_keeps_no_run_and_the_next_goes_on(plain, beir):
    texts = (f"Report {number} tells of pump {number % 7}." for number in range(3000))
    rows = [{"_id": str(number), "title": "", "text": text} for number, text in enumerate(texts)]
    with (beir / "corpus.jsonl").open("a") as file:
        file.write("\n" + "\n".join(map(json.dumps, rows)))
    process = plain.start("eval", "retrieval", "--beir", beir)
    cache = plain.workspace / "runs" / "cache"
    wait_until(lambda: list(cache.glob("*/genwright.db")))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err
    assert plain.json("eval", "runs") == []
    assert plain.json("eval", "retrieval", "--beir", beir)["data"]["documents"] == 3005
