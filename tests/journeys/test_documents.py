"""From an empty folder to hits and back, with the embedded models and no network."""

import os
import subprocess
from pathlib import Path

LISTED = {
    "id", "source", "title", "format", "pages", "passages", "characters", "sha256", "added_at",
    "owner", "restricted",
}  # fmt: skip
HIT = {
    "document", "source", "passage", "text", "start", "end", "page", "section", "score", "scores",
}  # fmt: skip


def test_documents_go_in_are_found_are_checked_and_go_out(genwright, documents: Path):
    assert str(genwright.workspace) in genwright("init", genwright.workspace).stdout
    added = genwright.json("add", documents)
    assert {key: added[key] for key in ("added", "updated", "unchanged", "removed")} == {
        "added": 3, "updated": 0, "unchanged": 0, "removed": 0,
    }  # fmt: skip
    assert added["skipped"] == [] and added["passages"] >= 3 and added["seconds"] > 0

    rows = genwright.json("list")
    assert [set(row) for row in rows] == [LISTED] * 3
    assert {Path(row["source"]).name for row in rows} == {"pump.md", "boiler.txt", "staff.csv"}
    assert sum(row["passages"] for row in rows) == added["passages"]

    [best, *_] = genwright.json("search", "When do I have to replace the lubricant?")
    assert set(best) == HIT
    assert "400 hours" in best["text"] and set(best["scores"]) == {"keyword", "vector"}

    status = genwright.json("status")
    assert (status["documents"], status["passages"]) == (3, added["passages"])
    pulled = {each["name"] for each in status["models"]}
    assert status["without_vector"] == 0
    assert {"multilingual-e5-small", "smollm2-135m-instruct"} <= pulled

    findings = genwright.json("doctor")
    assert {each["level"] for each in findings} <= {"ok", "note"}

    assert genwright.json("remove", documents / "pump.md")["removed"] == [best["source"]]
    hits = genwright.json("search", "When do I have to replace the lubricant?")
    assert best["source"] not in {hit["source"] for hit in hits}
    assert genwright.json("remove", documents)["removed"]
    assert genwright.json("list") == []
    genwright("doctor")


def test_every_hit_is_the_span_of_the_text_that_show_prints(genwright, documents: Path):
    genwright("add", documents)
    for mode in ("keyword", "vector", "hybrid"):
        hits = genwright.json("search", "oil valve room", "--mode", mode, "-k", 20)
        assert hits
        for hit in hits:
            text = genwright("show", hit["document"], "--text").stdout
            assert text[hit["start"] : hit["end"]] == hit["text"]
        scores = [hit["score"] for hit in hits]
        assert scores == sorted(scores, reverse=True)


def test_adding_again_skips_what_is_there_and_replaces_what_has_changed(plain, documents: Path):
    plain("add", documents)
    assert plain.json("add", documents)["unchanged"] == 3

    (documents / "boiler.txt").write_text("The boiler was sold to the Zorbax company.\n")
    again = plain.json("add", documents)

    assert (again["added"], again["updated"], again["unchanged"]) == (0, 1, 2)
    assert plain.json("search", "Zorbax", "--mode", "keyword")
    assert plain.json("search", "bar", "--mode", "keyword") == []
    assert len(plain.json("list")) == 3


def test_a_document_comes_from_standard_input_under_its_name(plain):
    plain("add", "-", "--name", "note.md", stdin=b"# Keys\n\nThe keys hang in the Quellhaus.\n")
    [row] = plain.json("list")
    assert (row["source"], row["format"], row["title"]) == ("note.md", "markdown", "Keys")
    assert (
        plain("show", "note.md", "--text").stdout == "# Keys\n\nThe keys hang in the Quellhaus.\n"
    )


def test_collections_and_filters_narrow_a_search(plain, documents: Path):
    plain("add", documents / "pump.md", "--collection", "machines")
    plain("add", documents / "boiler.txt", "--collection", "halls")

    found = plain.json("search", "oil valve boiler pump", "--collection", "halls")
    assert {Path(hit["source"]).name for hit in found} == {"boiler.txt"}
    found = plain.json("search", "oil valve boiler pump", "--filter", "format=markdown")
    assert {Path(hit["source"]).name for hit in found} == {"pump.md"}
    rows = plain.json("collections")
    assert [(row["name"], row["documents"]) for row in rows] == [("halls", 1), ("machines", 1)]
    assert len(plain.json("list", "--collection", "halls")) == 1


def test_a_folder_is_followed(plain, documents: Path):
    plain("sync", documents)
    (documents / "pump.md").unlink()
    (documents / "valve.txt").write_text("The valve is made by Ostrava Works.")

    report = plain.json("sync", documents)

    assert (report["added"], report["removed"], report["unchanged"]) == (1, 1, 2)
    names = {Path(row["source"]).name for row in plain.json("list")}
    assert names == {"boiler.txt", "staff.csv", "valve.txt"}


def test_two_processes_may_add_the_same_folder_at_once(plain, tmp_path: Path, started):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.txt").write_text(f"Machine {number} stands in hall {number % 7}.")

    for process in [plain.start("add", folder) for _ in range(2)]:
        started(process)

    rows = plain.json("list")
    assert len(rows) == len({row["source"] for row in rows}) == 60
    assert plain.json("status")["passages"] == 60
    plain("doctor")


def test_the_index_is_rebuilt_from_the_store_and_for_another_embedder(plain, documents: Path):
    plain("add", documents)
    for file in (plain.workspace / "indexes").rglob("*.faiss"):
        file.write_bytes(b"not an index")
    plain("search", "oil")
    report = plain.json("reindex")
    assert report["embedded"] == 0 and report["vectors"] == report["passages"]
    plain("doctor")


def test_file_names_may_be_anything_a_disk_can_hold(plain, tmp_path: Path):
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [b"\xff.txt", "北京.txt".encode(), b"two\nlines.txt", b"-w.txt", b"a\x1b[2Jb.txt"]
    for number, name in enumerate(names):
        with open(os.fsencode(folder) + b"/" + name, "w") as file:
            file.write(f"Machine number{number}.")
    with open(os.fsencode(folder) + b"/\xfe.png", "wb") as file:
        file.write(b"\x89PNG" + bytes(40))

    report = plain.json("sync", folder, status=4)

    assert (report["added"], len(report["skipped"])) == (5, 1)
    assert plain.json("sync", folder, status=4)["unchanged"] == 5
    assert "\x1b" not in plain("list").stdout and plain("list").stdout.count("\n") == 6
    for number, name in enumerate(names):
        path = os.fsdecode(os.fsencode(folder) + b"/" + name)
        assert plain("show", path, "--text").stdout == f"Machine number{number}."
    assert len(plain.json("remove", folder)["removed"]) == 5


def test_a_flag_wins_over_the_environment_and_that_over_the_file(plain, documents: Path):
    plain("add", documents)
    settings = plain.workspace / "genwright.toml"
    settings.write_text("[retrieval]\ntop_k = 1\n")
    assert len(plain.json("search", "oil valve room")) == 1
    plain.environment["GENWRIGHT_RETRIEVAL__TOP_K"] = "2"
    assert len(plain.json("search", "oil valve room")) == 2
    assert len(plain.json("search", "oil valve room", "--set", "retrieval.top_k=3")) == 3


def test_the_workspace_above_the_current_folder_is_the_one(plain, documents: Path):
    plain("add", documents)
    below = plain.workspace / "runs"
    environment = {key: each for key, each in plain.env().items() if key != "GENWRIGHT_WORKSPACE"}
    done = subprocess.run(
        plain.arguments("list"), cwd=below, env=environment, capture_output=True, check=True
    )
    assert b"pump.md" in done.stdout
