"""Single settings are written into genwright.toml; what is wrong is not, and comments stay."""

import stat

import pytest

from genwright.errors import SettingsError
from genwright.settings import load_settings
from genwright.settings_file import write_settings

TEXT = "# ours\n[retrieval]\ntop_k = 5  # few\n"


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "genwright.toml"
    file.write_text(TEXT)
    file.chmod(0o600)
    return file


def test_a_value_is_set_beside_the_others_and_comments_stay(file):
    settings = write_settings(file, {"retention.traces_days": 7, "retrieval.top_k": 9})
    assert (settings.retention.traces_days, settings.retrieval.top_k) == (7, 9)
    assert load_settings(file) == settings
    assert "# ours" in file.read_text() and "# few" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_none_takes_a_value_out(file):
    assert write_settings(file, {"retrieval.top_k": None}).retrieval.top_k == 8


@pytest.mark.parametrize(
    "wrong", [{"retrieval.top_k": 0}, {"nothing.x": 1}, {"retention.traces_days": -1}]
)
def test_what_is_wrong_is_not_written(file, wrong):
    with pytest.raises(SettingsError):
        write_settings(file, {"retention.series_days": 3, **wrong})
    assert file.read_text() == TEXT
    assert [each.name for each in file.parent.iterdir()] == ["genwright.toml"]


def test_a_link_stays_a_link(file, tmp_path):
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    write_settings(link, {"retrieval.top_k": 3})
    assert link.is_symlink() and load_settings(file).retrieval.top_k == 3
