"""Keys come from the environment or from a file that only its owner can read."""

import pytest

from genwright.engines.keyring import find_key
from genwright.errors import SettingsError


@pytest.fixture
def keyring(tmp_path):
    file = tmp_path / "keys.toml"
    file.write_text('SOME_SERVER_KEY = "from the file"\n')
    file.chmod(0o600)
    return file


def test_the_environment_comes_before_the_file(keyring, monkeypatch):
    assert find_key("SOME_SERVER_KEY", keyring) == "from the file"
    monkeypatch.setenv("SOME_SERVER_KEY", "from the environment")
    assert find_key("SOME_SERVER_KEY", keyring) == "from the environment"


def test_a_file_that_others_may_read_is_refused(keyring):
    keyring.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        find_key("SOME_SERVER_KEY", keyring)


def test_a_missing_key_says_both_places(keyring):
    with pytest.raises(SettingsError, match="environment variable OTHER_KEY"):
        find_key("OTHER_KEY", keyring)


def test_a_broken_file_is_named_and_its_keys_are_not(keyring):
    keyring.write_text('SOME_SERVER_KEY = "secret\n')
    with pytest.raises(SettingsError) as caught:
        find_key("SOME_SERVER_KEY", keyring)
    assert "not valid TOML" in str(caught.value)
    assert "secret" not in str(caught.value)
