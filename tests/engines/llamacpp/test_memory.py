"""Memory is estimated from the header and checked before a load."""

from pathlib import Path

import pytest
from tests.fixtures.tiny_gguf import CONTEXT, LAYERS, WIDTH, make_bert

from genwright.catalog.gguf_header import read_header
from genwright.engines.llamacpp import memory
from genwright.errors import EngineFailed


@pytest.fixture
def tiny(tmp_path) -> Path:
    return make_bert(tmp_path / "tiny.gguf")


def test_the_cache_holds_a_key_and_a_value_of_each_layer_and_token(tiny):
    need = memory.estimate(read_header(tiny), 1000, CONTEXT, slots=3, batch=8)
    assert need.cache == LAYERS * 2 * WIDTH * CONTEXT * 3 * memory.F16
    assert need.weights == 1000


def test_more_than_allowed_is_refused(tiny):
    need = memory.MemoryNeed(weights=300 * memory.MIB, cache=0, buffers=0)
    memory.check(tiny, need, limit=need.total)
    with pytest.raises(EngineFailed, match="weights 300"):
        memory.check(tiny, need, limit=need.total - 1)
