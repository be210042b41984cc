"""Variables that are no settings: the documented ones, and no others."""

import pytest

from genwright.environment import find_offline_variable, read_variable


def test_a_variable_that_is_not_documented_is_not_read(monkeypatch):
    monkeypatch.setenv("UNDOCUMENTED", "1")
    with pytest.raises(KeyError):
        read_variable("UNDOCUMENTED")


def test_whichever_variable_forbids_the_network_is_named(monkeypatch):
    monkeypatch.setenv("GENWRIGHT_OFFLINE", "no")
    monkeypatch.setenv("HF_HUB_OFFLINE", "True ")
    assert find_offline_variable() == "HF_HUB_OFFLINE"
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert find_offline_variable() == ""
