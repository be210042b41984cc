"""Which workspace is used, and what making one does."""

from pathlib import Path

import pytest

from genwright.errors import NotFound, Refused, SettingsError
from genwright.settings import load_settings
from genwright.workspace import SETTINGS_FILE, create_workspace, locate_workspace, open_workspace


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Path:
    for name in ("GENWRIGHT_WORKSPACE", "GENWRIGHT_MODELS_DIR"):
        monkeypatch.delenv(name, raising=False)
    return create_workspace(tmp_path / "team")


def test_a_new_workspace_has_its_folders_and_settings_that_load(workspace):
    assert {each.name for each in workspace.iterdir()} == {
        SETTINGS_FILE,
        "models",
        "indexes",
        "prompts",
        "runs",
    }
    assert load_settings(workspace / SETTINGS_FILE) == load_settings()


def test_the_examples_in_its_settings_are_valid_once_uncommented(workspace):
    file = workspace / SETTINGS_FILE
    lines = [
        line.removeprefix("# ").split("  #")[0]
        for line in file.read_text().splitlines()
        if line.startswith(("# [", "# k", "# model", "# base_url"))
    ]
    file.write_text("\n".join(lines))
    assert load_settings(file).servers["ollama"].base_url


def test_making_one_again_changes_nothing(workspace):
    (workspace / SETTINGS_FILE).write_text('collection = "ours"\n')
    (workspace / "models" / "a").write_text("kept")
    assert create_workspace(workspace) == workspace
    assert load_settings(workspace / SETTINGS_FILE).collection == "ours"
    assert (workspace / "models" / "a").read_text() == "kept"


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="Name a folder you may write"):
        create_workspace(tmp_path / "file")


def test_the_nearest_above_is_used(workspace):
    deep = workspace / "docs" / "deep"
    deep.mkdir(parents=True)
    assert locate_workspace(start=deep) == workspace
    inner = create_workspace(workspace / "docs")
    assert locate_workspace(start=deep) == inner


def test_the_named_one_wins_over_the_variable_and_that_over_the_nearest(
    workspace, tmp_path, monkeypatch
):
    by_variable, named = (
        create_workspace(tmp_path / "variable"),
        create_workspace(tmp_path / "named"),
    )
    monkeypatch.setenv("GENWRIGHT_WORKSPACE", str(by_variable))
    assert locate_workspace(start=workspace) == by_variable
    assert locate_workspace(named, start=workspace) == named


def test_a_named_folder_that_is_no_workspace_says_how_to_make_it_one(workspace, tmp_path):
    with pytest.raises(NotFound, match=f"genwright init {tmp_path}"):
        locate_workspace(tmp_path)


def test_elsewhere_it_is_the_users_own(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    assert locate_workspace(start=outside) == tmp_path / "data" / "genwright"
    assert locate_workspace(start=outside) == tmp_path / "data" / "genwright"


def test_models_are_in_the_workspace_or_where_the_settings_say(workspace, tmp_path):
    def models(folder: str) -> Path:
        return open_workspace(workspace, {"models_dir": folder} if folder else None).models_dir

    assert models("") == workspace / "models"
    assert models(str(tmp_path / "shared")) == tmp_path / "shared"
    assert models("shared") == workspace / "shared"  # wherever the command runs
    assert models("~/shared") == Path.home() / "shared"


def test_a_wrong_setting_keeps_it_closed(workspace):
    (workspace / SETTINGS_FILE).write_text("colection = 'x'\n")
    with pytest.raises(SettingsError, match="colection"):
        open_workspace(workspace)


def test_the_store_is_made_when_it_is_first_used(workspace):
    opened = open_workspace(workspace)
    assert not (workspace / "genwright.db").exists()
    assert opened.database.read_schema_version()
    opened.close()
    assert (workspace / "genwright.db").exists()
