"""Readers of evaluation sets: the real ones, gzipped ones, and broken ones."""

import gzip
import json
from pathlib import Path

import pytest

from genwright.errors import NotFound, UsageError
from genwright.evaluation.suites import read_beir, read_squad

CORPUS = [{"_id": "d1", "title": "Moon", "text": "Round."}, {"_id": 2, "text": "Line\u2028sep"}]
QUERIES = [{"_id": "q1", "text": "What is round?"}, {"_id": "q2", "text": "Never judged"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\t2\t0\n"
SQUAD = {
    "data": [
        {
            "title": "Moon",
            "paragraphs": [
                {
                    "context": "The moon is round.",
                    "qas": [
                        {
                            "id": "a",
                            "question": "What is round?",
                            "answers": [{"text": "The moon", "answer_start": 0}],
                        },
                        {
                            "id": "b",
                            "question": "Who?",
                            "is_impossible": True,
                            "answers": [],
                            "plausible_answers": [{"text": "moon", "answer_start": 4}],
                        },
                    ],
                }
            ],
        }
    ]
}


def lines(rows: list[object]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n"


@pytest.fixture
def beir(tmp_path) -> Path:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(lines(CORPUS))
    (tmp_path / "queries.jsonl").write_text(lines(QUERIES))
    (tmp_path / "qrels" / "test.tsv").write_text(QRELS)
    return tmp_path


@pytest.fixture
def squad(tmp_path) -> Path:
    file = tmp_path / "squad.json"
    file.write_text(json.dumps(SQUAD))
    return file


def zip_up(file: Path) -> None:
    file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()


def test_a_beir_folder_is_read(beir):
    read = read_beir(beir)
    assert read.corpus == {"d1": ("Moon", "Round."), "2": ("", "Line\u2028sep")}
    assert read.queries == {"q1": "What is round?"}
    assert read.qrels == {"q1": {"d1": 1, "2": 0}}
    assert len(read.sha256) == 64


def test_gzipped_files_are_read_the_same(beir):
    plain = read_beir(beir)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        zip_up(beir / name)
    packed = read_beir(beir)
    assert (packed.corpus, packed.queries, packed.qrels) == (
        plain.corpus,
        plain.queries,
        plain.qrels,
    )


@pytest.mark.parametrize("text", [QRELS[QRELS.index("\n") + 1 :], QRELS.replace("\nq1", "\n\nq1")])
def test_judgements_need_no_header_and_may_have_blank_lines(beir, text):
    (beir / "qrels" / "test.tsv").write_text(text)
    assert read_beir(beir).qrels == {"q1": {"d1": 1, "2": 0}}


def test_a_first_judgement_with_decimals_is_no_header(beir):
    (beir / "qrels" / "test.tsv").write_text("q1\td1\t0.5\nq1\t2\t1.0\n")
    assert read_beir(beir).qrels == {"q1": {"d1": 0.5, "2": 1}}


def test_a_split_that_is_not_there_lists_those_that_are(beir):
    with pytest.raises(NotFound, match=r"there: test\.tsv\. Name one by --split"):
        read_beir(beir, "dev")
    with pytest.raises(NotFound, match="there: none"):
        read_beir(beir / "nowhere")


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"_id": "d1", "text": "x"}\n{"_id": ', "line 2"),
        (b"[1, 2]\n", "expected a JSON object"),
        (b'{"text": "without an id"}\n', "_id"),
        (b'{"_id": "d1"}\n', "text"),
        (b"\xff\xfe\x00", "UTF-8"),
        (gzip.compress(b"x" * 9999, mtime=0)[:-20], "plain or gzipped"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 60, "plain or gzipped"),
    ],
)
def test_a_broken_file_is_named_with_what_was_expected(beir, name, content, said):
    (beir / name).write_bytes(content)
    with pytest.raises(UsageError, match=said) as caught:
        read_beir(beir)
    assert str(beir) in str(caught.value)


@pytest.mark.parametrize("line", ["q1 d1 1", "q1\t0\td1\t1", "q1\td1\tmuch"])
def test_a_broken_judgement_is_named_by_its_line(beir, line):
    (beir / "qrels" / "test.tsv").write_text(f"{QRELS}{line}\n")
    with pytest.raises(UsageError, match=r"line 4: expected query, document and relevance"):
        read_beir(beir)


@pytest.mark.parametrize("packed", [False, True])
def test_a_squad_file_is_read(squad, packed):
    if packed:
        zip_up(squad)
        squad = squad.with_name("squad.json.gz")
    read = read_squad(squad)
    first, second = read.questions
    [paragraph] = read.paragraphs
    assert paragraph.text[first.starts[0] :].startswith(first.answers[0])
    assert (first.is_answerable, second.is_answerable) == (True, False)
    assert second.answers == ()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"data": ["x"]}',
        '{"data": [{"title": "x"}]}',
        '{"data": [{"paragraphs": [{"context": "x"}]}]}',
        '{"data": [{"paragraphs": [{"qas": []}]}]}',
        '{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": 1, "question": "?"}]}]}]}',
        '{"data": 3}',
        '{"data": [{"paragraphs": [{"context": "x", "qas": [["id"]]}]}]}',
    ],
)
def test_what_is_not_squad_is_said_to_be_so(squad, content):
    squad.write_text(content)
    with pytest.raises(UsageError, match=r"should be SQuAD JSON"):
        read_squad(squad)


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="no file"):
        read_squad(tmp_path / "none.json")


def test_the_digest_changes_with_the_data(beir, squad):
    before = read_beir(beir).sha256
    (beir / "corpus.jsonl").write_text(lines(CORPUS[:1]))
    assert read_beir(beir).sha256 != before


def test_the_real_sets_are_read(test_data):
    scifact = read_beir(test_data / "01-retrieval" / "scifact")
    assert (len(scifact.corpus), len(scifact.queries)) == (5183, 300)
    assert sum(map(len, scifact.qrels.values())) == 339

    xquad = read_squad(test_data / "02-qa" / "xquad" / "xquad.en.json.gz")
    for question in xquad.questions:
        text = xquad.paragraphs[question.paragraph].text
        for answer, start in zip(question.answers, question.starts, strict=True):
            assert text[start : start + len(answer)] == answer
