"""Results are kept with the model, and no model is examined twice."""

from threading import Event

import pytest
from tests.fixtures.library import Listening

from genwright.errors import NotFound

NAME = "qwen2.5-1.5b-instruct"


@pytest.fixture
def opened(empty, tmp_path, monkeypatch):
    """Examinations of a runtime whose chat model says one thing, and its engine."""
    monkeypatch.setenv("GENWRIGHT_MODELS_DIR", str(tmp_path / "models"))

    def open_(reply: str = "No."):
        runtime = empty()
        engine = Listening([reply])
        runtime.models.engines[NAME, "chat"] = engine
        return runtime.models.examinations, engine

    return open_


def test_a_result_is_kept_and_not_asked_for_again(opened):
    held, engine = opened()
    first = held.require(NAME)
    asked = len(engine.requests)
    assert held.require(NAME) == first and len(engine.requests) == asked > 0
    again, other = opened()
    assert again.find(NAME) == first == again.store.find(NAME) and other.requests == []
    assert again.examine(NAME).shares == first.shares and other.requests


def test_stubs_are_able_and_the_embedded_model_comes_with_its_result(opened):
    held, _ = opened()
    assert held.find("scripted").able and held.find("obedient").able
    assert not held.find("smollm2-135m-instruct").able


def test_a_failed_one_counts_as_not_able_and_is_not_kept(opened):
    held, _ = opened("word " * 5000)
    gone = Event()
    gone.set()
    assert not held.require(NAME, gone).able
    assert held.find(NAME) is None


def test_a_model_that_is_not_here_is_not_found(opened):
    held, _ = opened()
    with pytest.raises(NotFound, match="genwright models pull"):
        held.require("qwen3-4b")
