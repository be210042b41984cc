"""The supervisor, with children that do nothing but fail."""

import pytest

from genwright.engines.process import MAX_FAILURES, ChildProcess
from genwright.errors import EngineFailed


@pytest.fixture
def broken():
    child = ChildProcess("genwright.no_such_module", lambda _: b"\n", "The test child", 10)
    yield child
    child.close()


def test_a_child_that_cannot_start_tells_its_last_words(broken):
    with pytest.raises(EngineFailed, match="No module named"):
        broken.ensure()
    assert broken.pid is None


def test_restarts_are_bounded(broken):
    for _ in range(MAX_FAILURES):
        with pytest.raises(EngineFailed, match="could not start"):
            broken.ensure()
    with pytest.raises(EngineFailed, match="not restarted"):
        broken.ensure()


def test_only_the_owner_may_reach_the_socket(broken):
    assert broken.socket.parent.stat().st_mode & 0o077 == 0
