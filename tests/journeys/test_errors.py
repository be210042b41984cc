"""What goes wrong gives one line, a remedy and the exit status of its kind."""

import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest


def one_line(done) -> str:
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["nonsense"], 2),
        (["add"], 2),
        (["search"], 2),
        (["search", "x", "-k", "0"], 2),
        (["search", "x", "--mode", "guess"], 2),
        (["search", "x", "--filter", "format"], 2),
        (["--set", "retrieval.top_k=0", "list"], 2),
        (["--set", "retrieval.speed=9", "list"], 2),
        (["--set", "nothing", "list"], 2),
        (["add", "no/such/folder"], 3),
        (["sync", "no/such/folder"], 3),
        (["show", "nothing"], 3),
        (["show", "99999999999999999999"], 3),
        (["remove", "nothing"], 3),
        (["search", "x", "--collection", "nothing"], 3),
        (["list", "--collection", "nothing"], 3),
        (["trace", "last"], 3),
        (["trace", "%"], 3),
        (["list", "-w", "no/such/workspace"], 3),
    ],
)
def test_a_slip_gives_one_line_and_its_exit_status(plain, arguments, status):
    assert one_line(plain(*arguments, status=status))


def test_refused_files_are_named_with_the_reason_and_the_others_go_in(plain, documents: Path):
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    os.mkfifo(documents / "pipe.txt")

    done = plain("add", documents, status=4)

    assert len(plain.json("list")) == 3
    assert "broken.pdf" in done.stderr and "pipe.txt" in done.stderr
    report = plain.json("add", documents, status=4)
    assert {Path(each["path"]).name for each in report["skipped"]} == {"broken.pdf", "pipe.txt"}
    assert all(each["reason"] for each in report["skipped"])


def test_an_empty_folder_is_refused_by_sync_while_documents_came_from_it(plain, documents: Path):
    plain("sync", documents)
    for file in documents.iterdir():
        file.unlink()

    assert "mount" in one_line(plain("sync", documents, status=4))
    assert len(plain.json("list")) == 3
    plain("remove", documents)
    assert plain.json("sync", documents)["removed"] == 0


def test_a_name_that_fits_nothing_removes_nothing(plain, documents: Path):
    plain("add", documents)
    one_line(plain("remove", documents / "pump.md", "nothing", status=3))
    assert len(plain.json("list")) == 3


def test_a_model_that_is_not_there_is_named_with_the_command_that_gets_it(plain):
    done = plain("--set", "embedding.model=all-minilm-l7", "search", "x", status=3)
    assert "all-minilm" in one_line(done)


def test_a_damaged_store_is_told_in_one_line(plain, documents: Path):
    plain("add", documents)
    (plain.workspace / "genwright.db").write_bytes(b"this is not a database" * 400)
    assert "damaged" in one_line(plain("list", status=5))


def test_doctor_finds_what_is_wrong_and_says_how_to_mend_it(plain, documents: Path):
    plain("add", documents)
    plain("search", "oil")
    with sqlite3.connect(plain.workspace / "genwright.db") as store:
        store.execute("DELETE FROM vector WHERE passage_id = 1")
        store.execute("DELETE FROM passage_fts_docsize WHERE id = 2")
        store.execute("UPDATE passage SET text = 'other words' WHERE id = 3")

    wrong = [each for each in plain.json("doctor", status=4) if each["level"] == "wrong"]

    assert {each["check"] for each in wrong} == {"documents", "keyword index", "vectors"}
    assert all(each["mend"] for each in wrong)
    plain("reindex")
    wrong = [each for each in plain.json("doctor", status=4) if each["level"] == "wrong"]
    assert {each["check"] for each in wrong} == {"documents"}
    plain("remove", *(each["says"].split()[0] for each in wrong))
    plain("doctor")


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(plain, documents: Path):
    plain("add", documents)
    process = plain.start("show", documents / "pump.md", "--text")
    assert process.stdout and process.stderr
    process.stdout.close()
    errors = process.stderr.read()
    assert (process.wait(60), errors) == (0, "")
    process.stderr.close()


def test_ctrl_c_tells_what_is_safely_in_and_the_next_run_goes_on(plain, tmp_path: Path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(400):
        text = "\n\n".join(
            f"## Part {part}\n\nMachine {number} has part {part}." for part in range(40)
        )
        (folder / f"{number:03}.md").write_text(text)
    process = plain.start("add", folder)
    assert process.stderr
    first = process.stderr.readline()
    time.sleep(0.2)  # into the work on some later file, whichever it is
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)

    assert process.returncode == 130
    assert first.startswith("added ") and "were committed" in rest.splitlines()[-1]
    assert "Traceback" not in rest
    told = [line.split()[1] for line in (first + rest).splitlines() if line.startswith("added ")]
    there = {row["source"] for row in plain.json("list")}
    assert set(told) <= there and len(there) < 400
    assert plain.json("add", folder)["unchanged"] == len(there)


def test_a_first_use_without_models_or_network_says_what_was_tried(plain, documents: Path):
    plain.environment.clear()
    done = plain("add", documents, status=5)
    first, last = done.stderr.splitlines()
    assert "pulling multilingual-e5-small" in first
    assert last.startswith("error: ") and "package" in last
