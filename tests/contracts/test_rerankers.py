"""What every reranker promises, asked of each of them."""

from collections.abc import Iterator

import pytest
from tests.fixtures.tiny_gguf import make_bert

from genwright.engines import open_engine
from genwright.engines.scripted import ScriptedEngine
from genwright.retrieval.rerankers import Reranker, rerankers
from genwright.settings import EngineSettings

QUERY = "warm oil"
TEXTS = ["the moon", "oil, not warm", "", "warm oil", "the moon", "北京"]


def _cases() -> list[str]:
    """Every name; what needs an engine twice, with the scripted one and with llama.cpp."""
    return [*rerankers.names(), "llamacpp on a tiny GGUF"]


@pytest.fixture(scope="module", params=_cases())
def reranker(request, tmp_path_factory) -> Iterator[Reranker]:
    kind = rerankers.get(request.param.split()[0])
    if request.param == "llamacpp":
        yield kind(ScriptedEngine(context=32))
    elif request.param.startswith("llamacpp"):
        model = make_bert(tmp_path_factory.mktemp("models") / "rank.gguf", pooling="rank")
        with open_engine(model, EngineSettings(threads=1), kind="rerank") as engine:
            yield kind(engine)
    else:
        yield kind()


def test_a_reranker_keeps_the_protocol(reranker):
    assert isinstance(reranker, Reranker)


def test_there_is_one_finite_score_per_text(reranker):
    scores = reranker.rerank(QUERY, TEXTS)
    assert len(scores) == len(TEXTS)
    assert all(abs(score) < 1e6 for score in scores)


def test_no_texts_have_no_scores(reranker):
    assert reranker.rerank(QUERY, []) == []


def test_equal_texts_score_alike_wherever_they_stand(reranker):
    scores = reranker.rerank(QUERY, TEXTS)
    turned = reranker.rerank(QUERY, TEXTS[::-1])
    assert scores[0] == pytest.approx(scores[4], abs=1e-3)
    assert turned[::-1] == pytest.approx(scores, abs=1e-3)


def test_a_text_longer_than_it_reads_is_judged_by_its_beginning(reranker):
    beginning = "warm oil " * 500
    one, other = reranker.rerank(QUERY, [beginning + "moon", beginning + "earth"])
    assert one == pytest.approx(other, abs=1e-3)


def test_a_query_longer_than_it_reads_leaves_room_to_judge(reranker):
    scores = reranker.rerank("warm oil " * 500, ["the moon", "warm oil"])
    assert len(scores) == 2
