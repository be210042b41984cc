import os
import socket

import pytest

from genwright.documents import DocumentFile, SkippedFile, walk
from genwright.errors import NotFound, UnreadableDocument
from genwright.settings import DocumentSettings

SETTINGS = DocumentSettings()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    (root / "b.md").write_text("# B")
    (root / "a.txt").write_text("a")
    (root / "sub" / "c.md").write_text("# C")
    return root


def found(paths, settings=SETTINGS):
    return [each.path.name for each in walk(paths, settings) if isinstance(each, DocumentFile)]


def skipped(paths, settings=SETTINGS):
    return {e.path.name: e.reason for e in walk(paths, settings) if isinstance(e, SkippedFile)}


def test_files_come_sorted_and_once(folder):
    assert found([folder, folder / "a.txt"]) == ["a.txt", "b.md", "c.md"]


def test_hidden_files_and_tool_folders_are_passed_over(folder):
    for name in (".git", "__pycache__", "node_modules"):
        (folder / name).mkdir()
        (folder / name / "x.md").write_text("x")
    (folder / ".hidden.md").write_text("x")

    assert found([folder]) == ["a.txt", "b.md", "c.md"]
    assert found([folder / ".hidden.md"]) == [".hidden.md"]


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "secret.md").write_text("secret")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "up").symlink_to(tmp_path)
    (folder / "in.md").symlink_to(folder / "b.md")

    assert set(skipped([folder])) == {"out.md", "up"}
    assert found([folder]) == ["a.txt", "b.md", "c.md"]


def test_fifos_sockets_and_devices_are_refused_without_waiting(folder):
    os.mkfifo(folder / "pipe.md")
    (folder / "zero.md").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "door.md"))
        assert set(skipped([folder])) == {"pipe.md", "zero.md", "door.md"}
    assert "a device" in skipped([folder / "zero.md"])["zero"]


def test_a_file_swapped_for_a_link_after_it_was_found_is_not_read(folder):
    each = next(e for e in walk([folder / "a.txt"], SETTINGS) if isinstance(e, DocumentFile))
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to("/etc/passwd")

    with pytest.raises(UnreadableDocument, match="symbolic link"):
        each.read()


def test_what_no_loader_reads_and_what_is_too_large_is_named(folder):
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "long.txt").write_text("x" * 1000)

    reasons = skipped([folder], DocumentSettings(max_file_bytes=500))

    assert set(reasons) == {"picture.png", "long.txt"}
    assert "max_file_bytes" in reasons["long.txt"]


def test_a_missing_path_is_an_error(tmp_path):
    with pytest.raises(NotFound):
        list(walk([tmp_path / "absent"], SETTINGS))
