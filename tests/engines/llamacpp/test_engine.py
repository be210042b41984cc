"""What only the engine in a child process promises."""

import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.tiny_gguf import make_bert, make_lora
from tests.fixtures.waiting import wait_until

from genwright.catalog.gguf_header import read_header
from genwright.engines import ChatMessage, ChatRequest, Sampling, Tool, collect_chat
from genwright.engines.llamacpp.engine import LlamaCppEngine
from genwright.engines.llamacpp.memory import read_number
from genwright.errors import EngineFailed, Refused, UntrustedWeights, UsageError
from genwright.hardware import count_cores
from genwright.settings import EngineSettings

SETTINGS = EngineSettings(context=1024)
HELLO = (ChatMessage("user", "Say hello."),)


@pytest.fixture(scope="module")
def chat_model(models_dir: Path) -> Path:
    files = sorted((models_dir / "smollm2-135m-instruct").glob("*.gguf"))
    if not files:
        pytest.skip(f"no smollm2-135m-instruct in {models_dir}: run `make models`")
    return files[0]


@pytest.fixture(scope="module")
def engine(chat_model: Path) -> Iterator[LlamaCppEngine]:
    with LlamaCppEngine(chat_model, SETTINGS) as engine:
        yield engine


def test_threads_are_the_cores_there_are_unless_set(engine, tmp_path):
    assert engine.threads == count_cores()
    with LlamaCppEngine(
        make_bert(tmp_path / "tiny.gguf"), EngineSettings(threads=1), kind="embed"
    ) as one:
        assert one.threads == 1


def test_the_context_is_never_longer_than_the_model_was_trained_for(tmp_path):
    with LlamaCppEngine(make_bert(tmp_path / "tiny.gguf"), SETTINGS, kind="embed") as tiny:
        assert tiny.context == 128


def test_the_likeliest_continuation_scores_best(engine):
    prompt = "The capital of France is"
    deltas = engine.complete(prompt, Sampling(max_tokens=3))
    likeliest = "".join(delta.text for delta in deltas)

    best, other = engine.score(prompt, likeliest), engine.score(prompt, " a purple banana")

    assert sum(token.logprob for token in best) > sum(token.logprob for token in other)
    assert best[0].logprob == max(other.logprob for other in best[0].top)
    assert math.exp(best[0].logprob) <= 1


def test_scoring_needs_a_prompt(engine):
    with pytest.raises(UsageError, match="prompt"):
        engine.score("", "Paris")


def test_a_prefix_read_before_is_not_read_again(engine):
    told = ChatMessage("system", "You are a patient librarian who knows every book. " * 10)
    first, second = (
        collect_chat(
            engine, ChatRequest((told, ChatMessage("user", text)), Sampling(max_tokens=2))
        )[1]
        for text in ("Which book is red?", "Who wrote the longest one?")
    )
    assert second.cached_tokens > 90
    assert second.prompt_tokens - second.cached_tokens < 40
    assert first.prompt_tokens > 90


def test_the_speed_of_reading_is_known_from_the_start(engine):
    assert engine.measure_prefill_speed() > 0


def test_the_model_may_choose_between_a_tool_and_a_reply(engine):
    tool = Tool("weather", "Weather of a city.", {"type": "object", "properties": {}})
    request = ChatRequest(HELLO, Sampling(max_tokens=60), tools=(tool,))
    *_, last = engine.chat(request)
    assert last.tool_calls or last.text


def test_a_killed_child_fails_the_request_in_flight_and_serves_the_next(engine):
    stream = engine.chat(ChatRequest(HELLO, Sampling(max_tokens=900, temperature=1.0)))
    next(stream)
    before = engine.process.pid

    os.kill(before, signal.SIGKILL)
    with pytest.raises(EngineFailed, match="restarted"):
        list(stream)

    assert collect_chat(engine, ChatRequest(HELLO, Sampling(max_tokens=3)))[0]
    assert engine.process.pid not in (None, before)


def test_a_killed_parent_leaves_no_child(tmp_path):
    script = (
        "import sys, time; from pathlib import Path\n"
        "from genwright.engines import open_engine\n"
        "from genwright.settings import EngineSettings\n"
        "engine = open_engine(Path(sys.argv[1]), EngineSettings(), kind='embed')\n"
        "print(engine.process.pid, flush=True); time.sleep(600)\n"
    )
    model = make_bert(tmp_path / "tiny.gguf")
    command = [sys.executable, "-c", script, str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.kill()

    wait_until(lambda: gone(child), 10)


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie nobody has reaped yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_closed_engine_leaves_no_child_and_says_that_it_is_closed(tmp_path):
    engine = LlamaCppEngine(make_bert(tmp_path / "tiny.gguf"), SETTINGS, kind="embed")
    child = engine.process.pid
    engine.close()
    engine.close()
    wait_until(lambda: gone(child), 10)
    with pytest.raises(EngineFailed, match="closed"):
        engine.embed(["a"])


def test_a_model_that_does_not_fit_is_refused_with_figures_before_it_is_loaded(chat_model):
    with pytest.raises(EngineFailed, match=r"needs \d+ MiB.*engine.memory_bytes allows 200 MiB"):
        LlamaCppEngine(chat_model, EngineSettings(memory_bytes=200 * 2**20))


def test_embeddings_have_unit_length_and_do_not_depend_on_company(tmp_path):
    with LlamaCppEngine(make_bert(tmp_path / "tiny.gguf"), SETTINGS, kind="embed") as tiny:
        together = tiny.embed(["one text", "another", "one text"])
        alone = tiny.embed(["another"])
    assert together.shape == (3, 32)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(together[0], together[2], atol=1e-5)
    np.testing.assert_allclose(together[1], alone[0], atol=1e-4)


def test_a_cross_encoder_scores_each_text_by_itself(tmp_path):
    model = make_bert(tmp_path / "rank.gguf", pooling="rank")
    with LlamaCppEngine(model, SETTINGS, kind="rerank") as tiny:
        scores = tiny.rerank("abc", ["def", "something else", "def"])
        turned = tiny.rerank("abc", ["something else", "def"])
        with pytest.raises(Refused, match="'chat'"):
            tiny.chat(ChatRequest(HELLO))
    assert scores[0] == pytest.approx(scores[2], abs=1e-4)
    assert turned == pytest.approx([scores[1], scores[0]], abs=1e-4)
    assert scores[0] != pytest.approx(scores[1], abs=1e-4)


def test_an_adapter_acts_as_strongly_as_the_request_says(chat_model, engine, tmp_path):
    width = read_number(read_header(chat_model), "embedding_length")
    adapter = make_lora(tmp_path / "adapter.gguf", width)

    def first_token(model: LlamaCppEngine, *scales: float) -> float:
        request = ChatRequest(
            HELLO, Sampling(max_tokens=1), logprobs=1, adapters=tuple(enumerate(scales))
        )
        return next(model.chat(request)).logprobs[0].logprob

    with LlamaCppEngine(chat_model, SETTINGS, adapters=[adapter]) as adapted:
        off, on, unnamed = (
            first_token(adapted, 0.0),
            first_token(adapted, 1.0),
            first_token(adapted),
        )

    bare = first_token(engine)
    assert off == pytest.approx(bare, abs=0.05)  # 4-bit rounding
    assert unnamed == pytest.approx(bare, abs=0.05)
    assert abs(on - bare) > 0.05


def test_requests_share_the_slots(chat_model):
    with LlamaCppEngine(chat_model, SETTINGS, slots=2) as shared:
        first, second = (
            shared.chat(ChatRequest(HELLO, Sampling(max_tokens=20, temperature=1.0, seed=seed)))
            for seed in (1, 2)
        )
        started = next(first), next(second)  # with one slot the second would wait for the first
        assert all(delta.text for delta in started)
        first.close()
        assert list(second)[-1].usage.completion_tokens > 1


def test_a_model_file_cut_short_does_not_start_and_says_why(tmp_path):
    model = make_bert(tmp_path / "tiny.gguf")
    model.write_bytes(model.read_bytes()[:-5000])
    with pytest.raises((EngineFailed, UntrustedWeights)):
        LlamaCppEngine(model, SETTINGS, kind="embed")
